"""Running a scenario again under other conditions: mended, with saved values kept, or watched for nan and inf."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.formulas import call_node
from detachsim.engine.kept import keep
from detachsim.engine.node import CopySlices, Node, SavedInput, SavedOutput
from detachsim.engine.op import POINTWISE
from detachsim.engine.tensor import Tensor
from detachsim.events import Event, NonFiniteMade, StepBegan
from detachsim.lang.syntax import AnyStep, BlockStep, Dialect, RepeatStep, Scenario, Variant
from detachsim.records import replace
from detachsim.run.interpreter import Interpreter

Choices = tuple[tuple[str, str], ...]


class Trials:
    """Runs one scenario again; every run is fresh, and the first one never knows."""

    def __init__(self, scenario: Scenario, dialect: Dialect | None = None) -> None:
        self._scenario = scenario
        self._dialect = dialect

    @property
    def text(self) -> str:
        """The text of the scenario."""
        return self._scenario.source.text

    @property
    def length(self) -> int:
        """How many steps a run takes, every round of a loop counted."""
        return max(_count(variant.steps) for variant in self._scenario.variants)

    def kept(self, choices: Choices, *, checked: bool) -> list[Event]:
        """Return the events of a run in which backward uses what was saved as it was saved, whoever edited it since.

        With ``checked`` the version errors stay; without, there are none.
        """
        run = _Keeping(self._scenario, self._variant(choices), self._spoken(), detail=True)
        run.checked = checked
        return list(run.run())

    def first_nonfinite(self, choices: Choices) -> tuple[NonFiniteMade, ...]:
        """Return where a nan or inf first came up, in the forward or in the backward direction.

        After one of the forward pass stands the first node that made one of a finite gradient, if there is any.
        """
        run = _Watching(self._scenario, self._variant(choices), self._spoken(), detail=True)
        step = ""
        found: list[NonFiniteMade] = []
        for event in run.run():
            found.extend(replace(one, step=step) for one in run.found[len(found) :])
            if found and (found[0].direction != "forward" or len(found) > 1):
                break
            if isinstance(event, StepBegan):
                step = event.number
        return tuple(found)

    def mended(self, text: str, choices: Choices) -> list[Event] | None:
        """Return the events of the run that a changed text gives; None if the text has mistakes."""
        from detachsim.lang import load
        from detachsim.lang.syntax import ScenarioError
        from detachsim.marks import Source
        from detachsim.ops.vocabulary import VOCABULARY

        try:
            scenario = load(Source(self._scenario.source.name, text), VOCABULARY)
        except ScenarioError:
            return None
        variant = next((one for one in scenario.variants if one.choices == choices), None)
        if variant is None:
            return None
        return list(Interpreter(scenario, variant, self._dialect or scenario.dialect, detail=True).run())

    def _variant(self, choices: Choices) -> Variant:
        return next(one for one in self._scenario.variants if one.choices == choices)

    def _spoken(self) -> Dialect:
        return self._dialect or self._scenario.dialect


def _count(steps: Sequence[AnyStep]) -> int:
    total = 0
    for step in steps:
        match step:
            case RepeatStep():
                total += 1 + step.count * _count(step.steps)
            case BlockStep():
                total += 1 + _count(step.steps)
            case _:
                total += 1
    return total


class _Keeping(Interpreter):
    """A run whose nodes keep the values of what they save."""

    checked = True

    def _settle(self) -> None:
        """Keep the facts: they are looked through when the step is over."""

    def _execute(self, step: AnyStep) -> None:
        try:
            super()._execute(step)
        finally:
            for fact in self.session.facts or ():
                if fact[0] in ("op", "edit") and isinstance(fact[-1], Node):
                    keep(self.session, fact[-1], checked=self.checked)


# Ops that put a value where somebody wants it: an inf that comes out of one of these is meant.
_PLACING = frozenset(
    {"masked_fill", "masked_fill_", "fill_", "setitem", "where", "full", "full_like", "tensor", "copy_"}
)


class _Watching(Interpreter):
    """A run that looks where the first nan or inf comes from."""

    seen = 0

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.found: list[NonFiniteMade] = []

    def _settle(self) -> None:
        """Keep the facts: they are looked through in between."""

    def _execute(self, step: AnyStep) -> None:
        self.session.watch = self._watch
        self.seen = 0
        try:
            super()._execute(step)
        finally:
            self._look()

    def _look(self) -> None:
        """Look through what the step has made so far."""
        facts = self.session.facts or []
        for fact in facts[self.seen :]:
            if fact[0] == "op":
                _, op, given, made, _ = fact
            elif fact[0] == "edit":
                op, given, made = fact[1], fact[2], fact[2][:1]
            else:
                continue
            wrong = next((tensor for tensor in made if _nonfinite(tensor)), None)
            if wrong is None or self.found:
                continue
            others = [one for one in _tensors(given) if one is not wrong]
            if _has_nan(wrong):
                new = not any(_has_nan(one) for one in others)
            else:
                new = op.name not in _PLACING and not any(_nonfinite(one) for one in others)
            if new:
                self.found.append(self._forward(op.name, others, wrong))
        self.seen = len(facts)

    def _forward(self, op: str, given: list[Tensor], made: Tensor) -> NonFiniteMade:
        values = tuple((" and ".join(self.names.of(tensor)), _array_text(tensor)) for tensor in given)
        return NonFiniteMade("", "forward", op, "", self.names.of(made), values, "", _array_text(made), "")

    def _watch(self, node: Node, incoming: list[Any], results: list[Any]) -> None:
        """Look at one node of a backward pass; called after each has run."""
        self._look()
        if len(self.found) > 1:
            return
        wrong = next((place for place, one in enumerate(results) if one is not None and _nonfinite(one)), None)
        if wrong is None:
            return
        came = next((one for one in incoming if one is not None), None)
        clean = came is not None and not _nonfinite(came)
        if self.found and not clean:
            return
        # Of an edit of a view the op's own node is inside; a view that was rebuilt passes on what it gets.
        inner = node.inner if isinstance(node, CopySlices) else node
        kept: tuple[tuple[str, str], ...] = ()
        op, argument, factor = "", "", None
        if type(inner) is Node:
            op, kept = inner.op.name, _kept_values(inner)
        if inner is node and type(inner) is Node:
            edges = node.op.plan.edges
            if wrong < len(edges) and len(node.next) == len(edges):
                argument = node.op.parameters[edges[wrong]].name
            factor = self._factor(node, came, wrong)
        met = "" if factor is None else _met_by_zero(came, factor)
        shown = "" if factor is None else _array_text(factor)
        self.found.append(NonFiniteMade(
            "", "backward" if clean else "seed", op, self.recorder.node_name(node), (), kept,
            _array_text(came), _array_text(results[wrong]), argument, shown, met,
        ))  # fmt: skip

    def _factor(self, node: Node, incoming: Any, place: int) -> Any:
        """Return what a node that works element by element makes of ones; None where that says nothing."""
        if node.op.kind != POINTWISE or incoming is None or isinstance(incoming, Tensor):
            return None
        return call_node(self.session, node, [np.ones_like(incoming)], False)[place]


def _tensors(values: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(_tensors(value))
    return found


def _kept_values(node: Node) -> tuple[tuple[str, str], ...]:
    """Return the label and value of each tensor that a node has saved."""
    found: list[tuple[str, str]] = []
    for (label, *_), entry in zip(node.op.plan.saved, node.saved or (), strict=False):
        if isinstance(entry, SavedInput):
            found.append((label, _array_text(entry.tensor)))
        elif isinstance(entry, SavedOutput):
            found.append((label, _array_text(entry.array)))
    return tuple(found)


def _nonfinite(value: Any) -> bool:
    array = value.array if isinstance(value, Tensor) else np.asarray(value)
    return array.dtype.kind == "f" and not bool(np.isfinite(array).all())


def _has_nan(tensor: Tensor) -> bool:
    return tensor.array.dtype.kind == "f" and bool(np.isnan(tensor.array).any())


def _met_by_zero(incoming: Any, factor: Any) -> str:
    """Return what a gradient that is 0 met in a node's factor: ``inf``, ``nan`` or nothing of the kind."""
    if np.shape(incoming) != np.shape(factor):
        return ""
    met = np.asarray(factor)[np.asarray(incoming) == 0]
    return "inf" if np.isinf(met).any() else "nan" if np.isnan(met).any() else ""


def _array_text(value: Any) -> str:
    from detachsim.printing import tensor_text

    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return tensor_text(value.array, value.dtype.name)
    array = np.asarray(value)
    return tensor_text(array, str(array.dtype))
