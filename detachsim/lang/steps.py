"""The steps of a scenario: each kind's value and options, checked against the names bound so far.

A mistaken step is left out of the result, but the names that it would bind count as bound, so that one mistake
does not bring about others further down.
"""

import ast
import math
from typing import cast

from detachsim.lang.kinds import find_lie
from detachsim.lang.literals import is_literal
from detachsim.lang.nodes import Mapping, Node, Scalar, Sequence
from detachsim.lang.schema import COMMON_OPTIONS, FORMS, KINDS, OPTIONS, STEP_KEYS, kind_of_option
from detachsim.lang.statements import Statement
from detachsim.lang.step_options import Common, OptionReader
from detachsim.lang.step_texts import moved
from detachsim.lang.syntax import (
    BLOCK_MODES,
    AnyStep,
    Assign,
    AugmentedAssign,
    BackwardStep,
    BlockMode,
    BlockStep,
    Call,
    DelStep,
    DetachStep,
    ExpectStep,
    Expression,
    InplaceStep,
    Mistake,
    OpStep,
    PrintStep,
    RepeatStep,
    SayStep,
    TensorStep,
    YamlValue,
)
from detachsim.lang.traps import quote_hint
from detachsim.lang.values import is_missing, resolve
from detachsim.lang.vary import replace
from detachsim.lang.words import UNBINDABLE, Fault

MOST_REPEATS = 1_000_000
_NUMBER_WORDS = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "-inf": -math.inf,
}


class StepReader(OptionReader):
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
        elif "print(" in text:
            hint = "write `- print: EXPR`, or `- say: text`"
        else:
            statement = self.texts.statement(text)[0]
            lie = find_lie("op", text, statement, self.texts.expression(statement.value.text)) if statement else None
            hint = lie.hint if lie else f"write `- op: {text}`" if statement else "write `- kind: …`"
        self._refuse(node, "a step is a mapping with one kind, such as `op: y = a * 2`", hint)

    def _refuse_kindless(self, node: Mapping) -> None:
        kinds = ", ".join(KINDS)
        for key, _ in node.pairs:
            if key.value not in STEP_KEYS:
                hint = self.words.nearest(key.value, KINDS) or f"the kinds are {kinds}"
                mode = next((mode for mode in BLOCK_MODES if mode in key.value), None)
                if mode is not None:
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
                return DetachStep(
                    common.index, common.span, common.note, common.warns, common.raises, named[0], named[1]
                )
            case "inplace":
                return self._read_inplace(value, common)
            case "backward":
                return self._read_backward(value, own, common)
            case "print":
                expressions, _ = self._expressions(value, kind)
                if expressions is None:
                    self._hint_say(value)
                    return None
                return PrintStep(common.index, common.span, common.note, common.warns, common.raises, expressions)
            case "say":
                text = self._reader_text(value, kind)
                if text is None:
                    return None
                return SayStep(common.index, common.span, common.note, common.warns, common.raises, text)
            case "repeat":
                return self._read_repeat(key, value, own, common)
            case "del":
                return self._read_del(value, common)
            case "expect":
                return self._read_expect(value, own, common)
            case _:
                steps = self.read_steps(value, kind)
                mode = cast(BlockMode, kind)
                return BlockStep(common.index, common.span, common.note, common.warns, common.raises, mode, steps)

    def _read_tensor(self, node: Node, own: dict[str, Node], common: Common) -> AnyStep | None:
        requires_grad = self._boolean(own, "requires_grad") or False
        dtype = self._dtype(own)
        before = len(self.mistakes)
        named = self._named("tensor", node)
        if named is None or named[1] is None:
            if isinstance(node, Scalar) and len(self.mistakes) > before:
                self._hint_options(node, before, OPTIONS["tensor"])
            return None
        name, data = named[0], named[1]
        literal = is_literal(data.tree, self.bound - {name})
        return TensorStep(
            common.index,
            common.span,
            common.note,
            common.warns,
            common.raises,
            name,
            data,
            literal,
            requires_grad,
            dtype,
        )

    def _hint_options(self, node: Scalar, before: int, options: tuple[str, ...]) -> None:
        """``tensor: a = [1.], requires_grad=True`` is what a hand used to ``torch.tensor(…)`` writes."""
        for option in options:
            if f",{option}=" in node.value.replace(" ", "") and "Python can't" in self.mistakes[before].message:
                mistake = self.mistakes[before]
                hint = f"options stand on lines of their own: `{option}: …`"
                self.mistakes[before] = Mistake(mistake.span, mistake.message, hint)
                return

    def _hint_say(self, node: Node) -> None:
        """A sentence under ``print`` is most often meant for ``say``."""
        if (
            isinstance(node, Scalar)
            and self.mistakes
            and " " in node.value
            and "Python can't" in self.mistakes[-1].message
        ):
            mistake = self.mistakes[-1]
            if mistake.hint is None:
                self.mistakes[-1] = Mistake(mistake.span, mistake.message, "to print a text, write `say: text`")

    def _read_op(self, node: Node, common: Common) -> AnyStep | None:
        scalar = self._text(node, "op")
        if scalar is None:
            return None
        statement, offset = self._statement("op", scalar)
        if statement is None:
            return None
        value = self._expression(scalar, moved(statement.value, offset))
        if statement.form != "call":
            if scalar.origin is not None and statement.target is not None:
                message = f"`op` must not edit, and this assigns to `{statement.target.text}`"
                self._fault(scalar, Fault(0, len(scalar.value), message, "write `inplace:` for this step"))
            return None
        for word in statement.names:
            self._bind(scalar, word, offset)
        if value is None:
            return None
        names = tuple(word.text for word in statement.names)
        return OpStep(
            common.index, common.span, common.note, common.warns, common.raises, names, statement.unpack, value
        )

    def _read_inplace(self, node: Node, common: Common) -> AnyStep | None:
        scalar = self._text(node, "inplace")
        if scalar is None:
            return None
        statement, offset = self._statement("inplace", scalar)
        if statement is None:
            return None
        target = None
        if statement.target is not None:
            target = self._expression(scalar, moved(statement.target, offset))
        value = self._expression(scalar, moved(statement.value, offset))
        for word in statement.names:
            self._bind(scalar, word, offset)
        if target is not None and not self._is_settable(scalar, target, statement, offset):
            return None
        if value is None or (statement.target is not None and target is None):
            return None
        parts: Call | Assign | AugmentedAssign
        if target is None:
            parts = Call(tuple(word.text for word in statement.names), statement.unpack, value)
        elif statement.form == "assign":
            parts = Assign(target, value)
        else:
            parts = AugmentedAssign(target, statement.operator, value)
        text = scalar.value.strip()
        return InplaceStep(common.index, common.span, common.note, common.warns, common.raises, text, parts)

    def _is_settable(self, scalar: Scalar, target: Expression, statement: Statement, offset: int) -> bool:
        tree = target.tree
        assert statement.target is not None
        start = statement.target.offset
        if isinstance(tree, ast.Attribute) and tree.attr not in self.words.vocabulary.settable:
            end = start + len(statement.target.text)
            hint = self.words.nearest(tree.attr, self.words.vocabulary.settable)
            hint = hint or f"these can be: {', '.join(sorted(self.words.vocabulary.settable))}"
            fault = Fault(end - len(tree.attr), end, f"the attribute `{tree.attr}` can't be assigned", hint)
            self._fault(scalar, fault, offset)
            return False
        if isinstance(tree, ast.Name) and tree.id in UNBINDABLE:
            self._fault(scalar, Fault(start, start + len(tree.id), f"`{tree.id}` can't be edited"), offset)
            return False
        return True

    def _read_backward(self, node: Node, own: dict[str, Node], common: Common) -> AnyStep | None:
        begin = len(self.mistakes)
        roots, several = self._expressions(node, "backward")
        if roots is None and isinstance(node, Scalar):
            self._hint_options(node, begin, OPTIONS["backward"])
        retain_graph = self._boolean(own, "retain_graph")
        create_graph = self._boolean(own, "create_graph") or False
        gradient, literal = None, False
        before = len(self.mistakes)
        if "gradient" in own:
            gradient, literal = self._read_gradient(own["gradient"], several, len(roots) if roots else None)
        inputs, inputs_list = None, False
        if "inputs" in own:
            inputs, inputs_list = self._expressions(own["inputs"], "inputs")
        if roots is None or len(self.mistakes) > before:
            return None
        for root in roots:
            tree = root.tree
            if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute) and tree.func.attr == "backward":
                rest = root.text[: root.text.rfind(".backward")]
                hint = f"write `backward: {rest}`; its arguments are options on lines of their own"
                self.mistakes.append(Mistake(root.span, "`backward` calls `.backward()` itself", hint))
                return None
        return BackwardStep(
            common.index, common.span, common.note, common.warns, common.raises,
            roots, several, gradient, literal, retain_graph, create_graph, inputs, inputs_list,
        )  # fmt: skip

    def _read_gradient(
        self, node: Node, several: bool, roots: int | None
    ) -> tuple[tuple[Expression | None, ...] | None, bool]:
        """Return a gradient for each root, and whether the gradients have to be made tensors."""
        value = self._value_node(node)
        if not several:
            found = self._one_gradient(node, value)
            if found is None or found[0] is None:
                return None, False
            return (found[0],), found[1]
        if not isinstance(value, Sequence) or (roots is not None and len(value.items) != roots):
            message = "`gradient` of a list of roots is a list, with one item for each root"
            self._refuse(node, message, "write `null` for a root that needs none")
            return None, False
        pairs = [self._one_gradient(item, self._value_node(item)) for item in value.items]
        if any(pair is None for pair in pairs):
            return None, False
        kinds = {pair[1] for pair in pairs if pair is not None and pair[0] is not None}
        if kinds == {True}:
            return tuple(pair[0] for pair in pairs if pair is not None), True
        return tuple(_as_tensor(*pair) for pair in pairs if pair is not None), False

    def _one_gradient(self, node: Node, value: Node) -> tuple[Expression | None, bool] | None:
        if isinstance(value, Sequence):
            text = self._data_text(value)
            if text is None:
                return None
            analysis = self.texts.expression(text)
            assert analysis.tree is not None
            return Expression(text, analysis.tree, self.places.of_node(value)), True
        if isinstance(value, Scalar) and not is_missing(value) and resolve(value) is None:
            return None, False
        if isinstance(value, Scalar) and value.plain and isinstance(resolve(value), (int, float)):
            text = self._data_text(value) or "1."
            analysis = self.texts.expression(text)
            if analysis.tree is not None:
                return Expression(text, analysis.tree, self.places.of_node(value)), True
        scalar = self._text(node, "gradient", "an expression, a number or a list of numbers")
        expression = self._whole(scalar) if scalar is not None else None
        if expression is None:
            return None
        if isinstance(expression.tree, ast.Constant) and expression.tree.value is None:
            return None, False
        return expression, is_literal(expression.tree, self.bound)

    def _data_text(self, node: Node) -> str | None:
        """Return numbers written in YAML as Python writes them."""
        if isinstance(node, Sequence):
            parts = [self._data_text(self._value_node(item)) for item in node.items]
            texts = [part for part in parts if part is not None]
            return f"[{', '.join(texts)}]" if len(texts) == len(parts) else None
        if isinstance(node, Scalar):
            value = resolve(node)
            if isinstance(value, str):
                value = _NUMBER_WORDS.get(value, value)
            if isinstance(value, (bool, int)):
                return str(value)
            if isinstance(value, float):
                is_python = node.plain and math.isfinite(value) and node.value[0] != "+"
                return node.value if is_python else repr(value)
        hint = 'quote an expression: `gradient: "torch.stack([a, b])"`'
        self._refuse(node, "each item of this list is a number", hint)
        return None

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
        return RepeatStep(common.index, common.span, common.note, common.warns, common.raises, count, variable, steps)

    def _read_variable(self, node: Node) -> str | None:
        scalar = self._text(node, "as", "a name")
        if scalar is None:
            return None
        name = scalar.value.strip()
        if not _is_name(name) or (name.startswith("_") and name != "_") or name in UNBINDABLE:
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

    def _read_del(self, node: Node, common: Common) -> AnyStep | None:
        value = self._value_node(node)
        items = value.items if isinstance(value, Sequence) else [node]
        if isinstance(value, Sequence) and not items:
            self._refuse(node, "`del` has an empty list", "write at least one name")
        names: list[str] = []
        for item in items:
            scalar = self._text(item, "del", "a name or a list of names")
            if scalar is None:
                continue
            name = scalar.value.strip()
            if not _is_name(name):
                example = f"write `del: [{name}]`" if "," in name else "for example `del: a`"
                self._refuse(item, "`del` takes a name or a list of names", example)
            elif name not in self.bound:
                hint = self.words.nearest(name, self.bound) if self.bound else None
                self._refuse(item, f"no step before this one binds `{name}`", hint)
            else:
                names.append(name)
        if not names or len(names) != len(items):
            return None
        return DelStep(common.index, common.span, common.note, common.warns, common.raises, tuple(names))

    def _read_expect(self, node: Node, own: dict[str, Node], common: Common) -> AnyStep | None:
        atol, rtol = self._tolerance(own, "atol"), self._tolerance(own, "rtol")
        value = self._value_node(node)
        if not isinstance(value, Mapping) or not value.pairs:
            hint = "write `expect: {a.grad: [1., 2.]}`, or one `EXPR: value` a line below it"
            if isinstance(node, Scalar) and is_missing(node):
                hint = "below `expect:`, indented further than it, write one `EXPR: value` a line"
            self._refuse(node, "`expect` takes a mapping of expressions to their values", hint)
            return None
        expectations: list[tuple[Expression, YamlValue]] = []
        for key, item in value.pairs:
            if key.value == "<<" and key.plain:
                continue
            expression = self._whole(self._text_node(key)) if not is_missing(key) else None
            if is_missing(key):
                self._refuse(key, "an expression is missing here", None)
            expected, good = self._yaml_value(self._value_node(item))
            if expression is not None and good:
                expectations.append((expression, expected))
        if len(expectations) != len(value.pairs):
            return None
        return ExpectStep(
            common.index, common.span, common.note, common.warns, common.raises, tuple(expectations), atol, rtol
        )

    def _yaml_value(self, node: Node) -> tuple[YamlValue, bool]:
        """Return what a result is compared with, and whether it is something that a result can be."""
        match node:
            case Scalar():
                value = resolve(node)
                if is_missing(node):
                    self._refuse(node, "the expected value is missing", "write `null` to expect None")
                    return None, False
                if node.plain and isinstance(value, str):
                    return _NUMBER_WORDS.get(value, value), True
                return value, True
            case Sequence():
                pairs = [self._yaml_value(self._value_node(item)) for item in node.items]
                return [value for value, _ in pairs], all(good for _, good in pairs)
            case _:
                span = self.places.span(node.start, node.start + 1)
                message = "no result of an expression is a mapping"
                self.mistakes.append(Mistake(span, message, "expect a number, a list, a text, true, false or null"))
                return None, False


def _is_name(text: str) -> bool:
    import keyword

    return text.isidentifier() and not keyword.iskeyword(text)


def _as_tensor(expression: Expression | None, literal: bool) -> Expression | None:
    """Return a literal that stands among expressions as the call that makes it a tensor."""
    if expression is None or not literal:
        return expression
    text = f"torch.tensor({expression.text})"
    return Expression(text, ast.parse(text, mode="eval").body, expression.span)
