"""The PyTorch lines that a step stands for, as one writes them in a script.

``code_lines(step, bound, vocabulary)`` spells one step. ``bound`` are the names that steps before it bind (a name
that was deleted since still counts): such a name hides the function of the same name, which then gets no ``torch.``
in front. For a block or a loop only its head is spelled; its steps are asked for on their own and stand indented
below it. ``with_bound(steps)`` walks a list of steps in the order of the file and gives each with its ``bound``; a
reader that keeps its own set adds ``bound_by(step)`` after each step instead (before the body, for a loop's index).

The lines need ``import torch``, ``import torch.nn.functional as F`` and ``from torch import nn, optim``. Apart from
what is put in front of bare functions, an expression keeps the author's spelling. An expression written over several
lines gives several lines; they stand inside brackets, so that any indentation is right.
"""

import ast
from collections.abc import Iterable, Iterator, Set
from typing import assert_never

from detachsim.lang.expressions import extent
from detachsim.lang.syntax import (
    AnyStep,
    Assign,
    AugmentedAssign,
    BackwardStep,
    BlockStep,
    Call,
    DelStep,
    DetachStep,
    ExpectStep,
    Expression,
    InplaceStep,
    OpStep,
    PrintStep,
    RepeatStep,
    SayStep,
    Target,
    TensorStep,
    names_in,
)
from detachsim.lang.words import PYTHON_CONSTANTS, PYTHON_FUNCTIONS
from detachsim.ops.vocabulary import Vocabulary

_BLOCKS = {
    "no_grad": "torch.no_grad()",
    "enable_grad": "torch.enable_grad()",
    "inference_mode": "torch.inference_mode()",
    "detect_anomaly": "torch.autograd.detect_anomaly()",
}
# What takes a `.method()` behind it without brackets.
_PRIMARY = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List)


def code_lines(step: AnyStep, bound: Set[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the lines of PyTorch that ``step`` stands for, without indentation of their own."""
    return tuple("\n".join(_Speller(bound, vocabulary).lines(step)).split("\n"))


def bound_by(step: AnyStep) -> tuple[str, ...]:
    """Return the names that a step itself binds: a loop its index; the steps in a body are asked on their own."""
    match step:
        case TensorStep(name=name) | DetachStep(name=name):
            return (name,)
        case OpStep(target=target) | InplaceStep(statement=Call(target=target)):
            return names_in(target)
        case RepeatStep(variable=str() as variable):
            return (variable,)
        case _:
            return ()


def with_bound(steps: Iterable[AnyStep]) -> Iterator[tuple[AnyStep, frozenset[str]]]:
    """Give every step, those of bodies too, in the order of the file, with the names bound before it."""
    bound: frozenset[str] = frozenset()
    waiting = [iter(steps)]
    while waiting:
        step = next(waiting[-1], None)
        if step is None:
            waiting.pop()
            continue
        yield step, bound
        names = bound_by(step)
        if not bound.issuperset(names):
            bound = bound.union(names)
        if isinstance(step, (BlockStep, RepeatStep)):
            waiting.append(iter(step.steps))


class _Speller:
    """Spells steps where ``bound`` names hide functions."""

    def __init__(self, bound: Set[str], vocabulary: Vocabulary) -> None:
        self.bound = bound
        self.torch = vocabulary.functions.get("torch", frozenset())
        self.functional = vocabulary.functions.get("torch.nn.functional", frozenset())

    def lines(self, step: AnyStep) -> list[str]:
        match step:
            case TensorStep():
                return [self._tensor(step)]
            case OpStep(target=target, value=value):
                return [_binding(target) + self.spell(value)]
            case DetachStep(name=name, value=value):
                return [f"{name} = {self._primary(value)}.detach()"]
            case InplaceStep():
                return [self._inplace(step)]
            case BackwardStep():
                return [self._backward(step)]
            case PrintStep(values=values):
                return [self._print(value) for value in values]
            case SayStep(text=text):
                return [f"print({quoted(text)})"]
            case BlockStep(mode=mode):
                return [f"with {_BLOCKS[mode]}:"]
            case RepeatStep(count=count, variable=variable):
                return [f"for {variable or '_'} in range({count}):"]
            case DelStep(names=names):
                return [f"del {', '.join(names)}"]
            case ExpectStep(expectations=expectations):
                return [
                    f"# expect {' '.join(expression.text.split())} == {_one_line(repr(value))}"
                    for expression, value in expectations
                ]
            case _:
                assert_never(step)

    def spell(self, expression: Expression) -> str:
        """Return an expression's text with the prefixes that its bare functions need."""
        text = expression.text
        points: list[tuple[int, str]] = []
        pending: list[tuple[ast.AST, frozenset[str]]] = [(expression.tree, frozenset())]
        while pending:
            node, params = pending.pop()
            if isinstance(node, ast.Name):
                if node.id not in params and (prefix := self._prefix(node.id)):
                    points.append((extent(text, node)[0], prefix))
                continue
            if isinstance(node, ast.Lambda):
                params = params.union(arg.arg for arg in node.args.args)
                pending.append((node.body, params))
                continue
            pending.extend((child, params) for child in ast.iter_child_nodes(node))
        for position, prefix in sorted(points, reverse=True):
            text = text[:position] + prefix + text[position:]
        return text

    def _prefix(self, name: str) -> str:
        if name in self.bound or name in PYTHON_FUNCTIONS:
            return ""
        if name in self.torch or name in PYTHON_CONSTANTS:
            return "torch."
        if name in self.functional:
            return "torch.nn.functional." if "F" in self.bound else "F."
        return ""

    def _primary(self, expression: Expression) -> str:
        """Return an expression's text so that a method can be called on it."""
        text = self.spell(expression)
        start, end = extent(expression.text, expression.tree)
        in_brackets = start > 0 and end < len(expression.text)
        return text if in_brackets or isinstance(expression.tree, _PRIMARY) else f"({text})"

    def _argument(self, expression: Expression) -> str:
        """Return an expression's text so that it is one argument of a call."""
        text = self.spell(expression)
        if isinstance(expression.tree, ast.Tuple) and not _is_bracketed_tuple(expression.text):
            return f"({text})"
        return text

    def _tensor(self, step: TensorStep) -> str:
        if step.literal:
            parts = [self._argument(step.data)]
            if step.dtype is not None:
                parts.append(f"dtype=torch.{step.dtype}")
            if step.requires_grad:
                parts.append("requires_grad=True")
            return f"{step.name} = torch.tensor({', '.join(parts)})"
        after = ""
        if step.dtype is not None:
            after += f".to(torch.{step.dtype})"
        if step.requires_grad:
            after += ".requires_grad_()"
        return f"{step.name} = {self._primary(step.data) + after if after else self.spell(step.data)}"

    def _inplace(self, step: InplaceStep) -> str:
        statement, text = step.statement, step.text
        # The value ends the statement's text, and a target begins it.
        value = statement.value
        head, tail = text[: len(text) - len(value.text)], self.spell(value)
        match statement:
            case Call():
                return head + tail
            case Assign(target=target) | AugmentedAssign(target=target):
                lead = text.find(target.text)
                return head[:lead] + self.spell(target) + head[lead + len(target.text) :] + tail
            case _:
                assert_never(statement)

    def _backward(self, step: BackwardStep) -> str:
        options: list[str] = []
        if step.gradient is not None:
            texts = [self._gradient(each, step.gradient_literal) for each in step.gradient]
            options.append(f"grad_tensors=[{', '.join(texts)}]" if step.several else f"gradient={texts[0]}")
        if step.retain_graph is not None:
            options.append(f"retain_graph={step.retain_graph}")
        if step.create_graph:
            options.append("create_graph=True")
        if step.inputs is not None:
            inputs = ", ".join(self._argument(each) for each in step.inputs)
            options.append(f"inputs=[{inputs}]" if step.inputs_list else f"inputs={inputs}")
        if step.several:
            roots = ", ".join(self._argument(root) for root in step.roots)
            return f"torch.autograd.backward({', '.join([f'[{roots}]', *options])})"
        return f"{self._primary(step.roots[0])}.backward({', '.join(options)})"

    def _gradient(self, expression: Expression | None, literal: bool) -> str:
        if expression is None:
            return "None"
        text = self._argument(expression)
        return f"torch.tensor({text})" if literal else text

    def _print(self, expression: Expression) -> str:
        label, text = expression.text, self.spell(expression)
        # Python 3.11 reads neither a backslash nor its own quote inside the braces of an f-string.
        if not any(sign in text for sign in ("\\", "{", "}", "#", "\n", "lambda")):
            for quote in ('"', "'"):
                if quote not in text:
                    return f"print(f{quote}{label}: {{{text}}}{quote})"
        template = quoted(label.replace("{", "{{").replace("}", "}}") + ": {}")
        return f"print({template}.format({self._argument(expression)}))"


def quoted(text: str) -> str:
    """Return ``text`` as a Python string, in double quotes where that takes no more escapes."""
    literal = repr(text)
    if literal[0] == "'" and '"' not in text and "'" not in text:
        return f'"{literal[1:-1]}"'
    return literal


def _binding(target: Target | None) -> str:
    """Return what stands before the value: the names and a ``=``."""
    return "" if target is None else f"{target if isinstance(target, str) else _parts(target)} = "


def _parts(targets: tuple[Target, ...]) -> str:
    """Return targets with commas between, as they stand outside of brackets."""
    shown = [part if isinstance(part, str) else f"({_parts(part)})" for part in targets]
    return f"{shown[0]}," if len(shown) == 1 else ", ".join(shown)


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _is_bracketed_tuple(text: str) -> bool:
    return isinstance(ast.parse(f"{text} .x", mode="eval").body, ast.Attribute)
