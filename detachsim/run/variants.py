"""Running every variant of a scenario afresh, and comparing what the runs came to."""

from collections.abc import Iterator

from detachsim.engine.tensor import Tensor
from detachsim.events import ComparedRun, Event, RunEnded, RunsCompared
from detachsim.lang.syntax import Dialect, Scenario
from detachsim.run.interpreter import Interpreter
from detachsim.run.spelling import tensor_repr


def run_variants(scenario: Scenario, dialect: Dialect, *, detail: bool) -> Iterator[Event]:
    """Yield the events of each variant's run, and the comparison if there are several."""
    compared: list[ComparedRun] = []
    several = len(scenario.variants) > 1 or bool(scenario.variants[0].choices)
    for variant in scenario.variants:
        run = Interpreter(scenario, variant, dialect, detail=detail)
        for event in run.run():
            yield event
            if several and isinstance(event, RunEnded):
                compared.append(_compared(run, event))
    if several and detail:
        yield RunsCompared(tuple(compared))


def _compared(run: Interpreter, ended: RunEnded) -> ComparedRun:
    tensors = [(name, value) for name, value in run.names.items() if isinstance(value, Tensor)]
    return ComparedRun(
        run.variant.choices,
        ended.outcome,
        tuple(run.warnings),
        tuple(run.recorder.state(tensor) for _, tensor in tensors),
        tuple(
            (name, "None" if tensor.grad is None else tensor_repr(run.session, tensor.grad, rebuild=False))
            for name, tensor in tensors
        ),
    )
