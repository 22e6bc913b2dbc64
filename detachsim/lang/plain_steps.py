"""The steps that have no steps inside: what each kind takes as its value and options."""

import ast
import math

from detachsim.lang.literals import is_literal
from detachsim.lang.nodes import Mapping, Node, Scalar, Sequence
from detachsim.lang.schema import OPTIONS
from detachsim.lang.statements import Statement
from detachsim.lang.step_options import Common, OptionReader
from detachsim.lang.step_texts import moved
from detachsim.lang.syntax import (
    AnyStep,
    Assign,
    AugmentedAssign,
    BackwardStep,
    Call,
    DelStep,
    ExpectStep,
    Expression,
    InplaceStep,
    Mistake,
    OpStep,
    TensorStep,
    YamlValue,
)
from detachsim.lang.values import is_missing, resolve
from detachsim.lang.words import UNBINDABLE, Fault

_NUMBER_WORDS = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "-inf": -math.inf,
}


class PlainStepReader(OptionReader):
    """Reads the value and options of one step by its kind."""

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
            *common.fields,
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
        return OpStep(*common.fields, statement.bound, value)

    def _read_inplace(self, node: Node, common: Common) -> AnyStep | None:
        scalar = self._text(node, "inplace")
        if scalar is None:
            return None
        statement, offset = self._statement("inplace", scalar)
        if statement is None:
            return None
        target = None
        if statement.target is not None:
            self._note_part(statement.target.text, statement.value.text)
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
            parts = Call(statement.bound, value)
        elif statement.form == "assign":
            parts = Assign(target, value)
        else:
            parts = AugmentedAssign(target, statement.operator, value)
        text = scalar.value.strip()
        return InplaceStep(*common.fields, text, parts)

    def _note_part(self, target: str, value: str) -> None:
        """Note the name under which a module is given a module or parameter: any will do."""
        name = target.rpartition(".")[2]
        if value.startswith(("nn.", "torch.nn.")) and name.isidentifier() and not name.startswith("_"):
            self.words.named.add(name)

    def _is_settable(self, scalar: Scalar, target: Expression, statement: Statement, offset: int) -> bool:
        tree = target.tree
        assert statement.target is not None
        start = statement.target.offset
        settable = self.words.vocabulary.settable | self.words.named
        if isinstance(tree, ast.Attribute) and tree.attr not in settable:
            end = start + len(statement.target.text)
            known = tree.attr in self.words.vocabulary.attributes
            hint = None if known else self.words.nearest(tree.attr, self.words.vocabulary.settable)
            hint = hint or "of a tensor, `requires_grad`, `grad` and `data` can be"
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
            *common.fields,
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
            if not is_name(name):
                example = f"write `del: [{name}]`" if "," in name else "for example `del: a`"
                self._refuse(item, "`del` takes a name or a list of names", example)
            elif name not in self.bound:
                hint = self.words.nearest(name, self.bound) if self.bound else None
                self._refuse(item, f"no step before this one binds `{name}`", hint)
            else:
                names.append(name)
        if not names or len(names) != len(items):
            return None
        return DelStep(*common.fields, tuple(names))

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
            if expression is not None and self._only_reads(expression) and good:
                expectations.append((expression, expected))
        if len(expectations) != len(value.pairs):
            return None
        return ExpectStep(*common.fields, tuple(expectations), atol, rtol)

    def _only_reads(self, expression: Expression) -> bool:
        """Whether an expectation leaves everything as it is; refuse it otherwise, for a script has no such line."""
        found = self.texts.expression(expression.text)
        if found.edit is None and found.backward is None:
            return True
        does = "runs a backward pass" if found.edit is None else "edits"
        self.mistakes.append(
            Mistake(expression.span, f"`expect` only reads, and this {does}", "do that in a step before")
        )
        return False

    def _yaml_value(self, node: Node) -> tuple[YamlValue, bool]:
        """Return what a result is compared with, and whether it is something that a result can be."""
        match node:
            case Scalar():
                value = resolve(node)
                if is_missing(node):
                    self._refuse(node, "the expected value is missing", "write `null` to expect None")
                    return None, False
                if node.plain and isinstance(value, str):
                    return (None if value == "None" else _NUMBER_WORDS.get(value, value)), True
                return value, True
            case Sequence():
                pairs = [self._yaml_value(self._value_node(item)) for item in node.items]
                return [value for value, _ in pairs], all(good for _, good in pairs)
            case _:
                span = self.places.span(node.start, node.start + 1)
                message = "no result of an expression is a mapping"
                self.mistakes.append(Mistake(span, message, "expect a number, a list, a text, true, false or null"))
                return None, False


def is_name(text: str) -> bool:
    """Whether Python takes a text for a name."""
    import keyword

    return text.isidentifier() and not keyword.iskeyword(text)


def _as_tensor(expression: Expression | None, literal: bool) -> Expression | None:
    """Return a literal that stands among expressions as the call that makes it a tensor."""
    if expression is None or not literal:
        return expression
    text = f"torch.tensor({expression.text})"
    return Expression(text, ast.parse(text, mode="eval").body, expression.span)
