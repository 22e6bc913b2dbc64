"""Where a nan or inf in a gradient began: the first op or node that made one of finite numbers."""

from detachsim.events import NonFiniteMade
from detachsim.explain.culprit import because, in_order
from detachsim.explain.diagnosis import Because, Diagnosis
from detachsim.explain.history import History
from detachsim.explain.wording import listed, op_called, short


def is_nonfinite(text: str) -> bool:
    """Whether the text of a tensor shows a nan or inf."""
    return "nan" in text or "inf" in text


def explain_nonfinite(history: History, origins: tuple[NonFiniteMade, ...], victim: str) -> Diagnosis:
    """Return the diagnosis of a gradient that is not finite; ``victim`` is what to call it."""
    found, *later = origins
    here = history.step
    needed = because(history, here, "needed", (), f"{victim} is not finite")
    if found.direction == "forward":
        return _began_forward(history, found, later[0] if later else None, needed)
    kind = _kind(found)
    step, names = _node_of(history, found) or ("", ())
    evidence = [needed]
    where = f" (step {step})" if step else ""
    if step:
        text = f"{op_called(found.op, history.code(step))} is computed here; its gradient is {kind} for these values"
        evidence.insert(0, because(history, step, "created", names, text))
    notes = _backward_notes(history, found, step)
    if found.direction == "seed":
        headline = f"The {kind} was in the gradient that backward started with."
        return Diagnosis("F2", here, headline, in_order(history, evidence), notes[:1])
    made = f"it made {kind} of a finite gradient"
    if found.zero_times:
        made = f"the gradient that comes in is 0 there, and 0 times {found.zero_times} is nan"
    headline = f"The {kind} began in backward, in {found.node}{where}: {made}."
    return Diagnosis("F2", here, headline, in_order(history, evidence), notes)


def _began_forward(history: History, found: NonFiniteMade, later: NonFiniteMade | None, needed: Because) -> Diagnosis:
    """Return the diagnosis of what an op made; ``later`` is the node that met it with a finite gradient."""
    code = history.code(found.step)
    op = op_called(found.op, code)
    kind = _kind(found)
    result = listed(found.names) or "its result"
    origin = because(history, found.step, "created", found.names, f"{op} makes {result}: {_flat(found.result)}")
    notes = tuple(f"{name or 'its input'} was {_flat(text)}" for name, text in found.given[:3])
    began = f"the forward pass, in step {found.step} ({short(code)}): {op} made {kind}"
    if not found.given:
        began = f"the data of step {found.step} ({short(code)})"
    headline = f"The {kind} began in {began}."
    if later is not None and later.zero_times:
        # What a mask or where() hides in the forward pass comes back in backward.
        headline += f" Backward comes by with the gradient 0, and 0 times {later.zero_times} is nan."
        step, _ = _node_of(history, later) or ("", ())
        notes += _backward_notes(history, later, step)
    return Diagnosis("F1", history.step, headline, in_order(history, [origin, needed]), notes)


def _kind(found: NonFiniteMade) -> str:
    return "nan" if "nan" in found.result else "inf"


def _backward_notes(history: History, found: NonFiniteMade, step: str) -> tuple[str, ...]:
    """Return what a node was given, what it made of that, and how."""
    notes = [f"{found.node} was given the gradient {_flat(found.incoming)}"]
    if found.factor:
        notes.append(f"its local factor is {_flat(found.factor)}")
    return (*notes, f"so it made {_flat(found.result)}", *_formula(history, found, step))


def _flat(text: str) -> str:
    return short(" ".join(text.split()), 90)


def _node_of(history: History, found: NonFiniteMade) -> tuple[str, tuple[str, ...]] | None:
    """Return the step and the names of the node in question: the last one of its name that this pass ran."""
    if not history.passes:
        return None
    for node in reversed(history.passes[-1].ran):
        step, recorded = history.nodes.get(node, ("", None))
        if recorded is not None and recorded.name == found.node:
            return step, history.names(recorded.tensor)
    return None


def _formula(history: History, found: NonFiniteMade, step: str) -> tuple[str, ...]:
    """Return the formula of the gradient, and what it was computed from."""
    for recorded_at, node in history.nodes.values():
        if recorded_at != step or node.name != found.node:
            continue
        for saved in node.saved:
            if saved.formula and saved.input == (found.argument or saved.input):
                names = listed(saved.names)
                was = next((_flat(text) for label, text in found.given if label == saved.label), "")
                value = " = ".join(part for part in (names, was) if part)
                where = f", where {saved.label} is {value}" if value else ""
                return (f"the gradient of {saved.input} is {saved.formula}{where}",)
    return ()
