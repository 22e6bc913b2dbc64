"""The steps of a scenario: each kind's value and options, checked against the names bound so far.

A mistaken step is left out of the result, but the names that it would bind count as bound, so that one mistake
does not bring about others further down.
"""

import re
from typing import cast

from detachsim.lang.kinds import find_lie
from detachsim.lang.nodes import Mapping, Node, Scalar, Sequence
from detachsim.lang.plain_steps import PlainStepReader, is_name
from detachsim.lang.schema import COMMON_OPTIONS, FORMS, INSTEAD, KINDS, OPTIONS, STEP_KEYS, kind_of_option
from detachsim.lang.step_options import Common
from detachsim.lang.syntax import (
    BLOCK_MODES,
    AnyStep,
    BlockMode,
    BlockStep,
    DetachStep,
    Mistake,
    PrintStep,
    RepeatStep,
    SayStep,
)
from detachsim.lang.traps import quote_hint
from detachsim.lang.values import is_missing, resolve
from detachsim.lang.vary import replace
from detachsim.lang.words import UNBINDABLE

MOST_REPEATS = 1_000_000


class StepReader(PlainStepReader):
    """Reads the steps of one run."""

    def read(self, node: Node) -> tuple[AnyStep, ...]:
        """Return the steps of the file."""
        steps = self.read_steps(node, "steps")
        for number, name in self.unbound:
            if name in self.bound:
                mistake = self.mistakes[number]
                hint = f"a step further down binds `{name}`: move it up"
                self.mistakes[number] = Mistake(mistake.span, mistake.message, hint)
        return steps

    # Lists of steps

    def read_steps(self, node: Node, owner: str) -> tuple[AnyStep, ...]:
        """Return the steps of a list; ``owner`` is the key that the list stands under."""
        node = self._value_node(node)
        if not isinstance(node, Sequence):
            hint = f"write `{owner}:` and below it, indented, one `- kind: …` a line"
            if isinstance(node, Mapping):
                hint = "begin each step with `- `"
                first = node.pairs[0][0].value if node.pairs else ""
                if first == "steps":
                    hint = f"the list of steps stands right under `{owner}:`, without `steps:`"
                elif first.startswith("-"):
                    hint = f"YAML wants a space after the dash: `- {first[1:].lstrip()}: …`"
            self._refuse(node, f"`{owner}` takes a list of steps", hint)
            return ()
        if not node.items:
            self._refuse(node, f"`{owner}` has no steps", "it needs at least one `- kind: …`")
            return ()
        steps: list[AnyStep] = []
        for index, item in enumerate(node.items, 1):
            step = self._read_step(item, index)
            if step is not None:
                steps.append(step)
        return tuple(steps)

    def _read_step(self, node: Node, index: int) -> AnyStep | None:
        if isinstance(node, Scalar):
            node = self._value_node(node)
        if not isinstance(node, Mapping):
            self._refuse_non_step(node)
            return None
        if self.has_references and self._refuse_unknown_references(node):
            return None
        kind: str | None = None
        kind_key: Scalar | None = None
        value: Node | None = None
        options: list[tuple[Scalar, Node]] | None = None
        for key, item in node.pairs:
            if key.value in OPTIONS:
                if kind is None:
                    kind, kind_key, value = key.value, key, item
                    continue
                if key.value != kind:
                    message = f"a step has one kind: this one is `{kind}` already"
                    self._refuse(key, message, f"begin a new step: `- {key.value}: …`")
            elif options is None:
                options = [(key, item)]
            else:
                options.append((key, item))
        if kind is None or kind_key is None or value is None:
            self._refuse_kindless(node)
            return None
        if isinstance(value, Scalar) and kind not in BLOCK_MODES and not is_missing(value):
            span = self.places.of_text(value, 0, len(value.value))
        elif isinstance(value, Sequence) and kind not in BLOCK_MODES:
            span = self.places.of_node(value)
        else:
            span = self.places.of_node(kind_key)
        common = Common(index, span)
        if options is not None and kind in BLOCK_MODES and isinstance(value, Scalar) and is_missing(value):
            # The body is read where it was put, so that the names that it binds are known further down.
            value = next((item for option, item in options if option.value == "steps"), value)
        own = self._read_options(kind, options, common) if options is not None else {}
        return self._read_kind(kind, kind_key, value, own, common)

    def _refuse_non_step(self, node: Node) -> None:
        hint: str | None
        if not isinstance(node, Scalar):
            hint = quote_hint(self.text, node.start) if node.flow else "begin each step with one `- `"
            span = self.places.span(node.start, node.start + 1)
            self.mistakes.append(Mistake(span, "a step is a mapping, such as `op: y = a * 2`, not a list", hint))
            return
        text = node.value.strip()
        head, colon, rest = text.replace("：", ":").partition(":")
        if is_missing(node) or not text:
            self._refuse(node, "this step is empty", "write `- kind: …`")
            return
        if text in KINDS:
            hint = f"write `- {FORMS.get(text, text + ':')}`"
        elif colon and head.strip() in STEP_KEYS:
            hint = f"YAML wants `: `, a colon and a space: `- {head.strip()}: {rest.strip()}`"
        elif text.split()[0] in KINDS:
            first, _, tail = text.partition(" ")
            hint = f"YAML wants `: `, a colon and a space: `- {first}: {tail.strip()}`"
        elif (assigned := re.match(r"(\w+)\s*=\s*(\S.*)", text)) and assigned[1] in KINDS:
            hint = f"YAML wants `: `, a colon and a space: `- {assigned[1]}: {assigned[2]}`"
        elif (mode := _mode_in(text)) is not None:
            hint = f"write `- {mode}:`, with its steps below"
        elif "print(" in text:
            hint = "write `- print: EXPR`, or `- say: text`"
        else:
            statement = self.texts.statement(text)[0]
            lie = find_lie("op", text, statement, self.texts.expression(statement.value.text)) if statement else None
            hint = lie.hint if lie else f"write `- op: {text}`" if statement else "write `- kind: …`"
        self._refuse(node, "a step is a mapping with one kind, such as `op: y = a * 2`", hint)

    def _refuse_kindless(self, node: Mapping) -> None:
        if any(key.value == "<<" and key.plain for key, _ in node.pairs):
            return  # a merge key is refused as such
        kinds = ", ".join(KINDS)
        for key, _ in node.pairs:
            if key.value not in STEP_KEYS:
                hint = INSTEAD.get(key.value) or self.words.nearest(key.value, KINDS) or f"the kinds are {kinds}"
                if (mode := _mode_in(key.value)) is not None:
                    hint = f"write `- {mode}:`, with its steps below"
                self._refuse(key, f"`{key.value}` is no kind of step", hint)
                return
        if not node.pairs:
            span = self.places.span(node.start, node.start + 1)
            self.mistakes.append(Mistake(span, "this step has no kind", f"the kinds are {kinds}"))
            return
        key = node.pairs[0][0]
        hint = f"the kinds are {kinds}"
        if key.value in COMMON_OPTIONS or kind_of_option(key.value):
            hint = f"`{key.value}` is an option: it stands under a step's kind, without a `- ` of its own"
        self._refuse(key, "this step has no kind", hint)

    # Kinds

    def _read_kind(self, kind: str, key: Scalar, value: Node, own: dict[str, Node], common: Common) -> AnyStep | None:
        match kind:
            case "tensor":
                return self._read_tensor(value, own, common)
            case "op":
                return self._read_op(value, common)
            case "detach":
                named = self._named(kind, value)
                if named is None or named[1] is None:
                    return None
                return DetachStep(*common.fields, named[0], named[1])
            case "inplace":
                return self._read_inplace(value, common)
            case "backward":
                return self._read_backward(value, own, common)
            case "print":
                expressions, _ = self._expressions(value, kind)
                if expressions is None:
                    self._hint_say(value)
                    return None
                return PrintStep(*common.fields, expressions)
            case "say":
                text = self._reader_text(value, kind)
                if text is None:
                    return None
                return SayStep(*common.fields, text)
            case "repeat":
                return self._read_repeat(key, value, own, common)
            case "del":
                return self._read_del(value, common)
            case "expect":
                return self._read_expect(value, own, common)
            case _:
                steps = self.read_steps(value, kind)
                mode = cast(BlockMode, kind)
                return BlockStep(*common.fields, mode, steps)

    def _read_repeat(self, key: Scalar, node: Node, own: dict[str, Node], common: Common) -> AnyStep | None:
        value = self._value_node(node)
        count = resolve(value) if isinstance(value, Scalar) else None
        good = isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_REPEATS
        if isinstance(node, Sequence):
            hint = "write `- repeat: 3`, and the list under `steps:`"
            self._refuse(key, "`repeat` takes a count; its steps stand under `steps:`", hint)
        elif not good:
            message = f"`repeat` takes a count, an integer from 0 to {MOST_REPEATS}"
            self._refuse(node, message, "for example `repeat: 3`")
        variable = self._read_variable(own["as"]) if "as" in own else None
        body = own.get("steps", node if isinstance(node, Sequence) else None)
        if body is None:
            self._refuse(key, "`repeat` has no `steps`", "write `steps:` under it, and the list of steps below that")
            return None
        if variable is not None:
            self.bound.add(variable)
        self._bind_ahead(body)
        steps = self.read_steps(body, "steps")
        if not good or not isinstance(count, int):
            return None
        return RepeatStep(*common.fields, count, variable, steps)

    def _read_variable(self, node: Node) -> str | None:
        scalar = self._text(node, "as", "a name")
        if scalar is None:
            return None
        name = scalar.value.strip()
        if not is_name(name) or (name.startswith("_") and name != "_") or name in UNBINDABLE:
            self._refuse(node, f"`{name}` can't be the name of the index", "for example `as: i`")
            return None
        return name

    def _bind_ahead(self, node: Node) -> None:
        """Count the names of a loop's body as bound: from its second round on they are."""
        pending = [node]
        while pending:
            current = pending.pop()
            if isinstance(current, Sequence):
                pending.extend(current.items)
            elif isinstance(current, Mapping):
                for key, value in current.pairs:
                    if isinstance(value, Scalar):
                        if key.value in ("tensor", "op", "detach", "inplace"):
                            text = replace(value, self.choices).value if "${" in value.value else value.value
                            statement = self.texts.statement(text.strip())[0]
                            if statement is not None:
                                self.bound.update(word.text for word in statement.names)
                    elif key.value in BLOCK_MODES or key.value == "steps":
                        pending.append(value)


def _mode_in(text: str) -> str | None:
    """Return the mode that a `with` block of Python names, ``None`` where there is none."""
    return next((mode for mode in BLOCK_MODES if mode in text), None)
