"""Walking the steps of one run: each becomes a stretch of events between ``StepBegan`` and ``StepEnded``."""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

import numpy as np

from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.events import (
    Event,
    ExpectationFailed,
    ExpectationMet,
    NameDeleted,
    Printed,
    Raised,
    Read,
    RunBegan,
    RunEnded,
    StepBegan,
    StepEnded,
    ValueBound,
    Warned,
)
from detachsim.lang.code import bound_by, code_lines
from detachsim.lang.syntax import (
    AnyStep,
    BackwardStep,
    BlockStep,
    DelStep,
    DetachStep,
    Dialect,
    ExpectStep,
    Expression,
    InplaceStep,
    OpStep,
    PrintStep,
    RepeatStep,
    SayStep,
    Scenario,
    TensorStep,
    Variant,
)
from detachsim.ops.table import library
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.run.arrays import NumpyArray
from detachsim.run.evaluation import Evaluator
from detachsim.run.expectations import differs, expected_text
from detachsim.run.names import Names
from detachsim.run.newer import lacking_error, torch_lacks
from detachsim.run.recording import Recorder
from detachsim.run.spelling import printed, represented, shown_details
from detachsim.run.statements import DELETED, Binding, Statements
from detachsim.run.values import type_name

_KINDS = {
    TensorStep: "tensor",
    OpStep: "op",
    DetachStep: "detach",
    InplaceStep: "inplace",
    BackwardStep: "backward",
    PrintStep: "print",
    SayStep: "say",
    RepeatStep: "repeat",
    DelStep: "del",
    ExpectStep: "expect",
}


class Stop(Exception):
    """An error of the scenario on its way out of the steps; ``caught_by`` is the step whose ``raises`` takes it."""

    def __init__(self, caught_by: AnyStep | None) -> None:
        super().__init__()
        self.caught_by = caught_by


MOST_STEPS = 1_000_000
"""A run of more steps, counted as they are repeated, is no teaching program: nobody could read what it tells."""


def limit_met(error: Exception) -> "TorchError | LimitError | None":
    """Return what a scenario is told where Python or numpy can't go further, ``None`` for any other error."""
    text = str(error)
    match error:
        case RecursionError():  # a lambda that calls itself
            return TorchError("python", type="RecursionError", text="maximum recursion depth exceeded")
        case MemoryError():
            return LimitError(text or "more memory than there is")
        case OverflowError():
            return LimitError(text)
    if text.startswith("maximum supported dimension"):
        return LimitError("a tensor of more than 64 dims")
    if text.startswith(("array is too big", "Maximum allowed dimension")):
        return LimitError("a tensor larger than any memory")
    return None


class Interpreter:
    """One run of a scenario. ``run`` yields its events; afterwards ``names`` and ``warnings`` tell how it ended."""

    def __init__(self, scenario: Scenario, variant: Variant, dialect: Dialect, *, detail: bool) -> None:
        self.scenario = scenario
        self.variant = variant
        self.detail = detail
        self.session = Session(library(dialect), dialect, self._warn, record=detail)
        self.names = Names()
        self.evaluator = Evaluator(self.session, self.names)
        self.statements = Statements(self.session, self.names, self.evaluator)
        self.recorder = Recorder(self.session, self.names)
        self.told: list[Event] = []
        self.session.settle = self._settle if detail else None
        self.pending: list[Event] = []
        self.warnings: list[str] = []
        self.step_warnings: list[str] = []
        self.active: list[AnyStep] = []
        self.known = self.evaluator.known
        # The code of each step by identity, and how many names were known then: in a loop it is spelled once or twice.
        self.spelled: dict[int, tuple[int, tuple[str, ...]]] = {}
        self.steps = 0
        self.failures = 0
        self.outcome = "completed"
        if scenario.seed is not None:
            self.session.generator.manual_seed(scenario.seed)

    def run(self) -> Iterator[Event]:
        """Yield the events of the run, from ``RunBegan`` to ``RunEnded``."""
        scenario = self.scenario
        yield RunBegan(
            scenario.source.name,
            scenario.title,
            scenario.about,
            self.session.dialect,
            scenario.seed,
            self.variant.choices,
        )
        status = 0
        try:
            yield from self._run_steps(self.variant.steps, "")
        except Stop:
            # In a comparison an error is its run's outcome, not a failure.
            status = 0 if self.variant.choices else 1
        if self.failures:
            status = 1
        yield RunEnded(status, self.outcome, self.steps, self.failures)

    # Steps

    def _run_steps(self, steps: Sequence[AnyStep], prefix: str) -> Iterator[Event]:
        for step in steps:
            yield from self._run_step(step, f"{prefix}{step.index}")

    def _run_step(self, step: AnyStep, number: str) -> Iterator[Event]:
        self.steps += 1
        kind = step.mode if isinstance(step, BlockStep) else _KINDS[type(step)]
        code = self._code(step) if self.detail else ()
        self.known.update(bound_by(step))
        yield StepBegan(number, kind, code, step.note, step.span)
        self.active.append(step)
        outer_warnings, self.step_warnings = self.step_warnings, []
        raised = False
        passed_on: Stop | None = None
        try:
            if self.steps > MOST_STEPS:
                # No `raises` takes this: the steps after it would be more still.
                yield self._raise(LimitError(f"a run of more than {MOST_STEPS:,} steps"), ())
                raise Stop(None)
            match step:
                case BlockStep() if torch_lacks(self.session.dialect, step.mode):
                    yield self._raise(lacking_error(step.mode), self.active)
                    raise Stop(self._catcher)
                case BlockStep():
                    yield from self._run_block(step, number)
                case RepeatStep():
                    yield from self._run_repeat(step, number)
                case _:
                    yield from self._run_plain(step)
        except Stop as stop:
            raised = True
            if stop.caught_by is not step:
                passed_on = stop
        # Not in a `finally`: whoever stops listening in the middle of a step must not be told more.
        self.active.pop()
        warned = self.step_warnings
        self.step_warnings = outer_warnings + warned
        if step.raises is not None and (passed_on or not raised):
            wanted = "an error" if step.raises is True else step.raises
            yield self._failed("raises", "", wanted, self._error_line if raised else "no error", step)
        if step.warns is not None and not any(step.warns in text for text in warned):
            yield self._failed("warns", "", step.warns, "\n".join(warned) or "no warning", step)
        yield StepEnded(number, raised)
        if passed_on is not None:
            raise passed_on

    def _code(self, step: AnyStep) -> tuple[str, ...]:
        """Return the lines of PyTorch that a step stands for, where names known by now hide functions."""
        count, code = self.spelled.get(id(step), (-1, ()))
        if count != len(self.known):
            code = code_lines(step, self.known, VOCABULARY)
            self.spelled[id(step)] = len(self.known), code
        return code

    def _failed(self, kind: Any, expression: str, expected: str, actual: str, step: AnyStep) -> ExpectationFailed:
        self.failures += 1
        return ExpectationFailed(kind, expression, expected, actual, step.span)

    def _run_plain(self, step: AnyStep) -> Iterator[Event]:
        """Run a step without steps inside, then tell what it did: facts, names, prints and warnings, error."""
        error: TorchError | LimitError | None = None
        stopped: Stop | None = None
        try:
            with np.errstate(all="ignore"):
                self._execute(step)
        except Stop as caught:
            stopped = caught
        except (TorchError, LimitError) as caught:
            # Without the frames that it came through, which would keep tensors and nodes that the step has let go.
            error = caught.with_traceback(None)
            error.__context__ = None
        except (MemoryError, OverflowError, RecursionError, ValueError) as caught:
            error = limit_met(caught)
            if error is None:
                raise
        facts = self.session.facts
        if facts or self.told:
            told, self.told = self.told, []
            yield from told
            self.session.facts = []
            yield from self.recorder.events(facts or [], self._edited)
            if facts:
                facts.clear()
        bindings = self.statements.bound()
        if self.detail:
            yield from self._bound_events(bindings)
            self.recorder.made.clear()
        pending, self.pending = self.pending, []
        yield from pending
        if stopped is not None:
            raise stopped
        if error is not None:
            yield self._raise(error, self.active)
            raise Stop(self._catcher)

    @property
    def _edited(self) -> str:
        """The part of the present step that edits."""
        step = self.active[-1]
        return step.text if isinstance(step, InplaceStep) else ""

    def _settle(self) -> None:
        """Make events of the facts so far, which may hold what the step itself has let go."""
        facts = self.session.facts
        if facts:
            self.told.extend(self.recorder.events(facts, self._edited))
            facts.clear()

    def _raise(self, error: TorchError | LimitError, around: Sequence[AnyStep]) -> Raised:
        """Tell an error, and find the innermost of the steps ``around`` it whose ``raises`` takes it."""
        if isinstance(error, LimitError):
            kind, text, evidence, key = "LimitError", f"detachsim does not go that far: {error}", None, "limit"
        else:
            error.details = shown_details(self.session, error.details)
            kind, text = error.spell(self.session.dialect)
            evidence, key = error.evidence, error.key
        line = self._error_line = f"{kind}: {text}"
        self._catcher = next(
            (step for step in reversed(around) if step.raises is True or (step.raises and step.raises in line)),
            None,
        )
        if self._catcher is None:
            self.outcome = line
        return Raised(kind, text, evidence, self._catcher is not None, key)

    _catcher: AnyStep | None = None
    _error_line = ""

    def _bound_events(self, bindings: list[Binding]) -> Iterator[Event]:
        for name, value, before in bindings:
            if isinstance(value, Tensor):
                was = before.id if isinstance(before, Tensor) else None
                yield self.recorder.bound(name, value, was)
            elif value is DELETED:
                yield NameDeleted(name, before.id if isinstance(before, Tensor) else None)
            else:
                yield from self.recorder.held(name, value)
                shares = self.names.sharing_array(value, name) if isinstance(value, NumpyArray) else ()
                yield ValueBound(name, represented(self.session, value, rebuild=False), type_name(value), shares)

    def _warn(self, key: str, details: dict[str, Any]) -> None:
        from detachsim.engine.texts import spell

        category, text = spell(key, self.session.dialect, details)
        self.warnings.append(text)
        self.step_warnings.append(text)
        self.pending.append(Warned(category, text))

    # Blocks

    def _run_block(self, step: BlockStep, number: str) -> Iterator[Event]:
        session = self.session
        before = session.grad_enabled, session.grad_idle, session.inference
        anomaly = session.anomaly, session.check_nan
        match step.mode:
            case "no_grad":
                session.grad_enabled = session.grad_idle = False
            case "enable_grad":
                session.grad_enabled, session.grad_idle = not session.inference, session.inference
            case "inference_mode":
                session.grad_enabled, session.grad_idle, session.inference = False, False, True
            case "detect_anomaly":
                session.warn("anomaly_enabled")
                session.anomaly = session.check_nan = True
            case _:
                assert_never(step.mode)
        pending, self.pending = self.pending, []
        yield from pending
        try:
            yield from self._run_steps(step.steps, f"{number}.")
        finally:
            if step.mode == "detect_anomaly":  # which leaves the other modes as they are then
                session.anomaly, session.check_nan = anomaly
            else:
                session.grad_enabled, session.grad_idle, session.inference = before

    def _run_repeat(self, step: RepeatStep, number: str) -> Iterator[Event]:
        for index in range(step.count):
            if step.variable is not None:
                self.names.bind(step.variable, index)
            yield from self._run_steps(step.steps, f"{number}[{index}].")

    # What each kind does

    def _execute(self, step: AnyStep) -> None:
        match step:
            case PrintStep():
                for expression in step.values:
                    self._print(expression)
            case SayStep():
                self.pending.append(Printed(step.text))
            case ExpectStep():
                self._expect(step)
            case BlockStep() | RepeatStep():
                raise AssertionError("blocks are run elsewhere")
            case _:
                self.statements.execute(step)

    def _value(self, expression: Expression) -> Any:
        return self.evaluator.evaluate(expression.tree)

    def _print(self, expression: Expression) -> None:
        self.evaluator.reads = [] if self.detail else None
        try:
            value = self._value(expression)
            self.pending.append(Printed(f"{expression.text}: {printed(self.session, value)}"))
        finally:
            self._tell_reads()

    def _tell_reads(self) -> None:
        reads, self.evaluator.reads = self.evaluator.reads, None
        if reads:
            self._settle()  # what was read may have been made just before (`x[:2].grad`)
        for tensor, attribute, found in reads or ():
            text = represented(self.session, found, rebuild=False)
            self.pending.append(Read(self.recorder.tensor_id(tensor), self.names.of(tensor), attribute, text))

    def _expect(self, step: ExpectStep) -> None:
        session = self.session
        sink, facts = session.sink, session.facts
        for expression, wanted in step.expectations:
            session.sink, session.facts, self.evaluator.quiet = None, None, True
            self.evaluator.reads = [] if self.detail else None
            try:
                with session.drawing_aside():
                    value = self._value(expression)
                actual = differs(session, value, wanted, step.atol, step.rtol)
            except TorchError as error:
                # Nothing of the script that a scenario stands for: an error here is what was found, and no more.
                actual = ": ".join(error.spell(session.dialect))
                if step.raises is not None:
                    met = step.raises is True or step.raises in actual
                    self.pending.append(
                        ExpectationMet(expression.text, actual)
                        if met
                        else self._failed("raises", "", str(step.raises), actual, step)
                    )
                    raise Stop(step) from None
            finally:
                session.sink, session.facts, self.evaluator.quiet = sink, facts, False
                self._tell_reads()
            if actual is None:
                self.pending.append(ExpectationMet(expression.text, expected_text(wanted)))
            else:
                self.pending.append(self._failed("expect", expression.text, expected_text(wanted), actual, step))
