"""The texts of steps: references of `vary` filled in, expressions and statements parsed, names bound, mistakes told."""

from detachsim.lang.expressions import Analysis, parse_expression
from detachsim.lang.kinds import find_lie
from detachsim.lang.nodes import Mapping, Node, Origin, Scalar, Sequence, YamlMistake, compose
from detachsim.lang.places import Places
from detachsim.lang.schema import FORMS
from detachsim.lang.statements import Part, Statement, names_bound_by, split
from detachsim.lang.syntax import (
    Expression,
    Mistake,
)
from detachsim.lang.traps import comment_hint, quote_hint
from detachsim.lang.values import is_missing
from detachsim.lang.vary import REFERENCE, replace
from detachsim.lang.words import UNBINDABLE, Fault, Word, Words
from detachsim.marks import Source
from detachsim.ops.vocabulary import Vocabulary


class Texts:
    """What each text of a file turned out to be, so that none is parsed twice."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.words = Words(vocabulary)
        self._analyses: dict[str, Analysis] = {}
        self._statements: dict[str, tuple[Statement | None, list[Fault]]] = {}

    def expression(self, text: str) -> Analysis:
        """Return the analysis of an expression's text."""
        analysis = self._analyses.get(text)
        if analysis is None:
            analysis = parse_expression(text, self.words.vocabulary.inplace_methods)
            self.words.named |= analysis.named
            for word, called in analysis.members:
                fault = self.words.check_path((word,), called)
                if fault is not None:
                    analysis.faults.append(fault)
            self._analyses[text] = analysis
        return analysis

    def statement(self, text: str) -> tuple[Statement | None, list[Fault]]:
        """Return the parts of a statement's text, and why it has none."""
        known = self._statements.get(text)
        if known is None:
            faults: list[Fault] = []
            known = self._statements[text] = (split(text, faults), faults)
        return known


class StepTexts:
    """What reading a step needs of its texts, and what it notes."""

    def __init__(
        self, source: Source, places: Places, texts: Texts, choices: dict[str, str], mistakes: list[Mistake]
    ) -> None:
        self.text = source.text
        self.places = places
        self.texts = texts
        self.words = texts.words
        self.choices = choices
        self.mistakes = mistakes
        self.bound: set[str] = set()
        self.unbound: list[tuple[int, str]] = []
        self.has_references = "${" in source.text

    # Mistakes

    def _refuse(self, node: Node, message: str, hint: str | None = None) -> None:
        self.mistakes.append(Mistake(self.places.of_node(node), message, hint))

    def _fault(self, scalar: Scalar, fault: Fault, offset: int = 0) -> None:
        span = self.places.of_text(scalar, fault.start + offset, max(fault.end, fault.start + 1) + offset)
        self.mistakes.append(Mistake(span, fault.message, fault.hint))

    # Nodes, with the references of `vary` replaced

    def _text_node(self, node: Scalar) -> Scalar:
        """Return a scalar whose text has the choices of this run in it."""
        if not self.has_references or node.origin is not None or "${" not in node.value:
            return node
        return replace(node, self.choices)

    def _refuse_unknown_references(self, node: Mapping) -> bool:
        """Refuse a step whose texts have references that `vary` says nothing about; what it binds counts as bound."""
        scalars = [scalar for scalar, _ in node.pairs]
        for _, value in node.pairs:
            if isinstance(value, Scalar):
                scalars.append(value)
            elif isinstance(value, Sequence):
                scalars.extend(item for item in value.items if isinstance(item, Scalar))
            else:
                scalars.extend(scalar for pair in value.pairs for scalar in pair if isinstance(scalar, Scalar))
        refused = False
        for scalar in scalars:
            for found in REFERENCE.finditer(scalar.value):
                if found[1] in self.choices or scalar.origin is not None:
                    continue
                hint = self.words.nearest(found[1], self.choices) if self.choices else "add `vary:` to the file"
                message = f"`{found[0]}` stands for nothing: `vary` has no `{found[1]}`"
                self._fault(scalar, Fault(found.start(), found.end(), message, hint))
                self.bound.update(names_bound_by(scalar.value.strip()))
                refused = True
        return refused

    def _value_node(self, node: Node) -> Node:
        """Return a node whose text, if it is one reference and no more, is read as YAML."""
        if not isinstance(node, Scalar):
            return node
        replaced = self._text_node(node)
        if replaced is node or not REFERENCE.fullmatch(node.value.strip()):
            return replaced
        try:
            root, mistakes = compose(Source("", replaced.value))
        except YamlMistake:
            return replaced
        if root is None or mistakes:
            return replaced
        _move(root, node)
        return root

    def _text(self, node: Node, key: str, what: str = "a text") -> Scalar | None:
        """Return the text that stands under ``key``, or ``None`` after refusing what is there instead."""
        if not isinstance(node, Scalar):
            shape = "list" if isinstance(node, Sequence) else "mapping"
            if node.flow:
                message = f"`{key}` takes {what}, and unquoted `{self.text[node.start]}` begins a {shape} in YAML"
                hint = quote_hint(self.text, node.start)
                if key == "tensor":
                    hint = f"give it a name: `tensor: NAME = {self.text[node.start : node.end]}`"
            else:
                message = f"`{key}` takes {what}, not a {shape}"
                hint = f"write a step for each: `- {FORMS[key]}`" if shape == "list" and key in FORMS else None
            self.mistakes.append(Mistake(self.places.span(node.start, node.start + 1), message, hint))
            return None
        if is_missing(node):
            if self.text.startswith("&", node.start):
                name = self.text[node.start : node.end]
                message = f"in YAML `{name}` names the value that follows it, and none follows"
                self._refuse(node, message, quote_hint(self.text, node.start))
                return None
            hint = f"for example `{FORMS[key]}`" if key in FORMS else f"write {what}, or leave `{key}` out"
            self._refuse(node, f"`{key}` has no value", hint)
            return None
        return self._text_node(node)

    # Expressions and statements

    def _bind(self, scalar: Scalar, word: Word, offset: int) -> None:
        name = word.text
        if name.startswith("_"):
            message = f"names with a leading underscore, like `{name}`, are not allowed"
            self._fault(scalar, Fault(word.start, word.end, message, "choose another name"), offset)
        elif name in UNBINDABLE:
            message = f"`{name}` can't get another meaning: the steps' own lines need it"
            self._fault(scalar, Fault(word.start, word.end, message, "choose another name"), offset)
            return
        self.bound.add(name)

    def _expression(self, scalar: Scalar, part: Part) -> Expression | None:
        """Return the checked expression of a part of a scalar's text, or ``None`` after refusing it."""
        text = part.text.strip()
        offset = part.offset + len(part.text) - len(part.text.lstrip())
        analysis = self.texts.expression(text)
        good = True
        for fault in analysis.faults:
            self._fault(scalar, self._with_trap(scalar, fault), offset)
            good = False
        bound, check = self.bound, self.words.check
        for use in analysis.uses:
            found = check(use, bound)
            if found is not None:
                if use.root.text not in bound:
                    self.unbound.append((len(self.mistakes), use.root.text))
                self._fault(scalar, found, offset)
                good = False
        if not good or analysis.tree is None:
            return None
        return Expression(text, analysis.tree, self.places.of_text(scalar, offset, offset + len(text)))

    def _with_trap(self, scalar: Scalar, fault: Fault) -> Fault:
        """Add the advice about YAML's own reading to a fault of an unquoted text."""
        unreadable = "Python can't" in fault.message or "missing" in fault.message
        if fault.hint is not None or not scalar.plain or not unreadable:
            return fault
        hint = comment_hint(self.text, scalar.end)
        if hint is None and scalar.flow and self.text[scalar.end : scalar.end + 1] in ",]}":
            hint = "inside `[…]` or `{…}` quote a text that holds a comma or a bracket"
        return Fault(fault.start, fault.end, fault.message, hint)

    def _statement(self, kind: str, scalar: Scalar) -> tuple[Statement | None, int]:
        """Return the parts of a kind's statement and the offset of its text in the scalar's value."""
        value = scalar.value
        text = value.strip()
        offset = len(value) - len(value.lstrip())
        statement, faults = self.texts.statement(text)
        if kind in ("op", "inplace"):
            self._check_kind(kind, scalar, text, offset, statement)
        if statement is None:
            for fault in faults:
                self._fault(scalar, self._with_trap(scalar, fault), offset)
            self.bound.update(names_bound_by(text))
            return None, offset
        return statement, offset

    def _check_kind(self, kind: str, scalar: Scalar, text: str, offset: int, statement: Statement | None) -> None:
        """Check that the kind is true of the text as it is written, before ``vary`` replaces anything."""
        if scalar.origin is None:
            if statement is None:
                return
            lie = find_lie(kind, text, statement, self.texts.expression(statement.value.text.strip()))
            if lie is not None:
                self._fault(scalar, lie, offset)
            return
        template = scalar.origin.template
        # A name of the same length stands in for each reference, so that the places stay right.
        written = REFERENCE.sub(lambda found: f"V_{found[1]}V", template.value)
        stripped = written.strip()
        known = self.texts.statement(stripped)[0]
        if known is None:
            return
        lie = find_lie(kind, stripped, known, self.texts.expression(known.value.text.strip()))
        if lie is not None:
            message, hint = lie.message, lie.hint or ""
            for name in self.choices:
                message = message.replace(f"V_{name}V", f"${{{name}}}")
                hint = hint.replace(f"V_{name}V", f"${{{name}}}")
            fault = Fault(lie.start, lie.end, message, hint or None)
            self._fault(template, fault, len(written) - len(written.lstrip()))

    def _named(self, kind: str, node: Node) -> tuple[str, Expression | None] | None:
        """Return the name and value of ``NAME = EXPR``."""
        scalar = self._text(node, kind)
        if scalar is None:
            return None
        statement, offset = self._statement(kind, scalar)
        if statement is None:
            return None
        if statement.form != "call" or not isinstance(statement.bound, str):
            text = scalar.value.strip()
            hint = f"for example `{FORMS[kind]}`"
            if statement.form == "call" and not statement.names:
                message = f"`{kind}` takes `NAME = …`, and here is no name"
                hint = f"give it one: `{kind}: NAME = {text}`"
            elif statement.form == "call":
                message = f"`{kind}` binds one name"
                for word in statement.names:
                    self.bound.add(word.text)
            else:
                message = f"`{kind}` takes `NAME = …`"
                hint = f"an edit is `inplace: {text}`"
            self._fault(scalar, Fault(0, len(text), message, hint), offset)
            return None
        value = self._expression(scalar, moved(statement.value, offset))
        self._bind(scalar, statement.names[0], offset)
        return statement.names[0].text, value

    def _expressions(self, node: Node, key: str) -> tuple[tuple[Expression, ...] | None, bool]:
        """Return the expressions of a text or list (``None`` if one is mistaken), and whether it is a list."""
        value = self._value_node(node)
        if not isinstance(value, Sequence):
            scalar = self._text(node, key, "an expression or a list of them")
            found = self._whole(scalar) if scalar is not None else None
            return (None if found is None else (found,)), False
        if not value.items and key != "inputs":  # without inputs there is an error of PyTorch's own
            self._refuse(node, f"`{key}` has an empty list", "write at least one expression")
            return None, True
        expressions: list[Expression] = []
        good = True
        for item in value.items:
            expression = None
            if isinstance(item, Scalar) and not is_missing(item):
                expression = self._whole(self._text_node(item))
            else:
                self._refuse(item, f"each item of `{key}` is an expression's text", self._item_hint(item))
            if expression is None:
                good = False
            else:
                expressions.append(expression)
        return (tuple(expressions) if good else None), True

    def _item_hint(self, item: Node) -> str | None:
        if isinstance(item, Scalar):
            return "write the expression, or leave the item out"
        return 'quote an item that holds a bracket or a comma: `["[a, b]", c]`'

    def _whole(self, scalar: Scalar) -> Expression | None:
        """Return the expression that a scalar's whole text is."""
        text = scalar.value.strip()
        analysis = self.texts.expression(text)
        if analysis.tree is None and text:
            statement = self.texts.statement(text)[0]
            if statement is not None and (statement.form != "call" or statement.names):
                offset = len(scalar.value) - len(scalar.value.lstrip())
                message = "this is an assignment, and an expression is wanted here"
                self._fault(
                    scalar, Fault(0, len(text), message, "assign in a step of its own: `op: NAME = EXPR`"), offset
                )
                return None
        return self._expression(scalar, Part(scalar.value, 0))


def moved(part: Part, offset: int) -> Part:
    return part if offset == 0 else Part(part.text, part.offset + offset)


def _move(root: Node, template: Scalar) -> None:
    """Give every node that was read from a replacement the place of the reference."""
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        node.start, node.end = template.start, template.end
        if isinstance(node, Scalar):
            node.origin = Origin(template, ((0, len(node.value), 0, len(template.value)),))
        elif isinstance(node, Sequence):
            pending.extend(node.items)
        else:
            for key, value in node.pairs:
                pending.extend((key, value))
