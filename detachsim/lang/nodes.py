"""YAML as a tree of nodes that know their place, composed without recursion and with bounds.

The only module that imports ``yaml``. libyaml is used where PyYAML has it.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from detachsim.lang.syntax import Mistake
from detachsim.lang.traps import DEEPEST_NESTING, explain_yaml_error, quote_hint
from detachsim.marks import Source, Span

MOST_NODES = 4_000_000
MOST_ALIASED_NODES = 100_000


class Scalar:
    """A text. ``plain`` says that it is written without quotes; ``flow`` that it stands inside ``[…]`` or ``{…}``.

    ``start`` and ``end`` are offsets into the file's text. ``origin`` maps offsets of a text that was
    not written as it stands (see ``places``), ``None`` for one that was.
    """

    __slots__ = ("end", "flow", "origin", "plain", "size", "start", "value")

    def __init__(self, value: str, start: int, end: int, plain: bool, flow: bool) -> None:
        self.value = value
        self.start = start
        self.end = end
        self.plain = plain
        self.flow = flow
        self.size = 1
        self.origin: Origin | None = None


class Sequence:
    """A list of nodes; ``flow`` says that it is written as ``[…]``."""

    __slots__ = ("closed", "end", "flow", "items", "size", "start")

    def __init__(self, start: int, end: int, flow: bool) -> None:
        self.start = start
        self.end = end
        self.flow = flow
        self.items: list[Node] = []
        self.size = 1
        self.closed = False


class Mapping:
    """Pairs of nodes in the order of the file; ``flow`` says that it is written as ``{…}``."""

    __slots__ = ("closed", "end", "flow", "pairs", "size", "start")

    def __init__(self, start: int, end: int, flow: bool) -> None:
        self.start = start
        self.end = end
        self.flow = flow
        self.pairs: list[tuple[Scalar, Node]] = []
        self.size = 1
        self.closed = False


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the characters of a scalar come from: runs of (offset, length, offset in ``template``, its length)."""

    template: Scalar
    runs: tuple[tuple[int, int, int, int], ...]


class YamlMistake(Exception):
    """The text is no YAML, or YAML that a scenario does not use; composing stops there."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


def compose(source: Source) -> tuple[Node | None, list[Mistake]]:
    """Return the root node (``None`` for no document) and the mistakes that did not stop the composing."""
    return _Composer(source).compose()


class _PythonParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's own parser, for an installation without libyaml."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


def _new_parser(text: str) -> Any:
    return yaml.cyaml.CParser(text) if yaml.__with_libyaml__ else _PythonParser(text)  # type: ignore[attr-defined]  # the stubs leave it out


class _Composer:
    """One pass over the parser's events, with the open collections on a list of its own."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.mistakes: list[Mistake] = []
        self.anchors: dict[str, Node] = {}
        self.open: list[Sequence | Mapping] = []
        self.keys: list[Scalar | None] = []
        self.seen: list[set[str]] = []
        self.root: Node | None = None
        self.nodes = 0
        self.aliased = 0

    def compose(self) -> tuple[Node | None, list[Mistake]]:
        try:
            self._walk()
        except yaml.YAMLError as error:
            raise YamlMistake(explain_yaml_error(self.source, *_where(error, self.text))) from None
        return self.root, self.mistakes

    def _walk(self) -> None:
        parser = _new_parser(self.text)
        get_event = parser.get_event
        documents = 0
        while True:
            event = get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                start, end = event.start_mark.index, event.end_mark.index
                if event.tag is not None and event.tag != "!":
                    self._refuse_tag(event)
                plain = event.style is None or event.style == ""
                flow = bool(self.open) and self.open[-1].flow
                scalar = Scalar(event.value, start, end, plain, flow)
                if event.anchor is not None:
                    self.anchors[event.anchor] = scalar
                if not plain and event.style == '"':
                    self._check_characters(scalar)
                self._add(scalar)
            elif kind is yaml.SequenceEndEvent or kind is yaml.MappingEndEvent:
                node = self.open.pop()
                self.keys.pop()
                self.seen.pop()
                node.closed = True
                node.end = event.end_mark.index
                if self.open:
                    self.open[-1].size += node.size
            elif kind is yaml.SequenceStartEvent:
                self._begin(Sequence(event.start_mark.index, event.end_mark.index, bool(event.flow_style)), event)
            elif kind is yaml.MappingStartEvent:
                self._begin(Mapping(event.start_mark.index, event.end_mark.index, bool(event.flow_style)), event)
            elif kind is yaml.AliasEvent:
                self._add_alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._stop(event, "a second YAML document begins here", "a file holds one scenario: use two files")
            elif kind is yaml.StreamEndEvent or event is None:
                return

    def _begin(self, node: "Sequence | Mapping", event: Any) -> None:
        if event.tag is not None and event.tag != "!":
            self._refuse_tag(event)
        if len(self.open) >= DEEPEST_NESTING:
            self._stop(event, f"this is nested more than {DEEPEST_NESTING} levels deep", None)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self._add(node)
        self.open.append(node)
        self.keys.append(None)
        self.seen.append(set())

    def _add(self, node: Node) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise YamlMistake(self._mistake(node.start, node.start + 1, "the file holds too many values"))
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            if isinstance(node, Scalar):
                parent.size += 1
            return
        key = self.keys[-1]
        if key is not None:
            parent.pairs.append((key, node))
            self.keys[-1] = None
            if isinstance(node, Scalar):
                parent.size += 2
            return
        if not isinstance(node, Scalar):
            hint = quote_hint(self.text, node.start)
            raise YamlMistake(self._mistake(node.start, node.start + 1, "a list or mapping can't be a key", hint))
        if node.value == "<<" and node.plain:
            self.mistakes.append(
                self._mistake(node.start, node.end, "`<<` (a merge key) is not used in scenarios", "write the keys out")
            )
        if node.value in self.seen[-1]:
            self.mistakes.append(
                self._mistake(node.start, node.end, f"the key `{node.value}` stands twice in this mapping", "keep one")
            )
        self.seen[-1].add(node.value)
        self.keys[-1] = node

    def _add_alias(self, event: Any) -> None:
        hint = quote_hint(self.text, event.start_mark.index)
        name = event.anchor
        node = self.anchors.get(name)
        if node is None:
            self._stop(event, f"`*{name}` is an alias in YAML, and no `&{name}` stands before it", hint)
        elif not isinstance(node, Scalar) and not node.closed:
            self._stop(event, f"`*{name}` stands inside what it names", "write the part out")
        else:
            self.aliased += node.size
            if self.aliased > MOST_ALIASED_NODES:
                message = f"the aliases of this file stand for more than {MOST_ALIASED_NODES} values"
                self._stop(event, message, "write less with `&` and `*`")
            if not isinstance(node, Scalar) and self._depth(node) + len(self.open) > DEEPEST_NESTING:
                self._stop(event, f"this is nested more than {DEEPEST_NESTING} levels deep", None)
            self._add(node)
            if self.open and not isinstance(node, Scalar):
                self.open[-1].size += node.size

    def _depth(self, node: Node) -> int:
        deepest, level = 0, [node]
        while level:
            deepest += 1
            inner: list[Node] = []
            for each in level:
                if isinstance(each, Sequence):
                    inner.extend(each.items)
                elif isinstance(each, Mapping):
                    inner.extend(value for _, value in each.pairs)
            level = inner
        return deepest

    def _refuse_tag(self, event: Any) -> None:
        tag = str(event.tag)
        shown = "!!" + tag.removeprefix("tag:yaml.org,2002:") if tag.startswith("tag:yaml.org") else tag
        hint = quote_hint(self.text, event.start_mark.index)
        self._stop(event, f"`{shown}` is a tag in YAML; scenarios have no tags", hint)

    def _check_characters(self, scalar: Scalar) -> None:
        if any("\ud800" <= character <= "\udfff" for character in scalar.value):
            raise YamlMistake(self._mistake(scalar.start, scalar.end, "half of a surrogate pair is no character"))

    def _stop(self, event: Any, message: str, hint: str | None) -> None:
        start, end = event.start_mark.index, max(event.end_mark.index, event.start_mark.index + 1)
        raise YamlMistake(self._mistake(start, end, message, hint))

    def _mistake(self, start: int, end: int, message: str, hint: str | None = None) -> Mistake:
        return Mistake(span_between(self.text, start, end), message, hint)


def span_between(text: str, start: int, end: int) -> Span:
    """Return the span of ``text[start:end]``, cut at the end of the first line."""
    start = min(start, len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    if line_end < 0:
        line_end = len(text)
    column = start - line_start + 1
    stop = min(max(end, start + 1), max(line_end, start + 1))
    return Span(text.count("\n", 0, start) + 1, column, stop - line_start + 1)


def _where(error: yaml.YAMLError, text: str) -> tuple[str, str, int, int]:
    """Return the problem, its context, and the offsets of both."""
    if isinstance(error, yaml.MarkedYAMLError):
        problem = _index(error.problem_mark, len(text))
        context = _index(error.context_mark, problem)
        return error.problem or "", error.context or "", problem, context
    position = getattr(error, "position", 0)
    return str(getattr(error, "reason", error)), "reader", position, position


def _index(mark: Any, default: int) -> int:
    return int(mark.index) if mark is not None else default
