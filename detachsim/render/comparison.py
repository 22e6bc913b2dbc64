"""What the runs of a ``vary`` have in common and in what they differ."""

from detachsim.events import ComparedRun, TensorState
from detachsim.render.lines import ComparedFact, Comparison

_ABSENT = "(no such tensor)"


def compare(runs: tuple[ComparedRun, ...]) -> Comparison:
    """Return one fact a row: the outcome, the warnings, then each name's value, version and gradient."""
    labels = tuple(", ".join(f"{name}={text}" for name, text in run.choices) for run in runs)
    facts = [
        _fact("outcome", tuple(run.outcome for run in runs), told_above=True),
        _fact("warnings", tuple(_warnings(run.warnings) for run in runs), told_above=True),
    ]
    states = [{name: state for state in run.tensors for name in state.names} for run in runs]
    grads = [dict(run.grads) for run in runs]
    for name in _in_order(states):
        facts.append(_fact(name, tuple(_value(mine.get(name)) for mine in states)))
        facts.append(_fact(f"{name} version", tuple(_version(mine.get(name)) for mine in states)))
        values = tuple(mine.get(name, _ABSENT) for mine in grads)
        if any(_gathers(mine.get(name)) for mine in states) or set(values) - {"None", _ABSENT}:
            facts.append(_fact(f"{name}.grad", values))
    return Comparison(labels, tuple(facts))


def _fact(subject: str, values: tuple[str, ...], *, told_above: bool = False) -> ComparedFact:
    return ComparedFact(subject, values, len(set(values)) > 1, told_above)


def _in_order(states: list[dict[str, TensorState]]) -> list[str]:
    return list(dict.fromkeys(name for mine in states for name in mine))


def _gathers(state: TensorState | None) -> bool:
    """Say whether a tensor is one whose ``.grad`` backward fills; for others ``None`` is not worth a row."""
    return state is not None and state.requires_grad and (state.is_leaf or state.retains_grad)


def _warnings(texts: tuple[str, ...]) -> str:
    return "\n".join(texts) if texts else "none"


def _value(state: TensorState | None) -> str:
    return _ABSENT if state is None else state.text


def _version(state: TensorState | None) -> str:
    if state is None:
        return _ABSENT
    return "none" if state.version is None else str(state.version)
