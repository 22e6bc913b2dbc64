"""Runs exported scenarios under the PyTorch of the interpreter that it is started with, and tells what they print.

This file is a program of its own: it knows PyTorch and Python's library and nothing of detachsim, and any Python
from 3.7 on can run it, so that an old PyTorch can be asked as well. One process runs many scenarios, since
``import torch`` takes far longer than a scenario does.

Each line of standard input is a request in JSON: ``code`` (the steps of an exported script) and ``states`` (whether
to tell what the names stand for as well). Each line of standard output is a report, a list in JSON whose first
item says what it is:

- ``["ready", VERSION, PYTHON]``, once, or ``["no torch", REASON]`` and the end;
- ``["step", NUMBER]``: this step begins now, so it is the one to name if nothing else is ever heard;
- ``["lines", TEXT]``: the script printed, warned or raised;
- ``["state", NAME, STATE]``: the tensor that a name stands for looks otherwise than when it was last told;
- ``["states end"]``: the run is too long to tell what its names stand for any further;
- ``["done"]``: the script has ended.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

# What PyTorch says once in a process comes once in a run. Its flags cannot be reset in a process that lives on, so
# PyTorch is told to give these warnings always, and the second one of a run is dropped here. PyTorch does not mark
# them. They were found by causing each warning twice in one process; both 2.13 and 1.13 agree on those that they have.
ONCE = (
    "Using backward() with create_graph=True",
    "Converting a tensor with requires_grad=True to a scalar",
    "The use of `x.T` on tensors of dimension other than 2",
    "Tensor.T is deprecated on 0-D tensors",
    "Tensor.mT is deprecated on 0-D tensors",
    "Tensor.H is deprecated on 0-D tensors",
    "Tensor.mH is deprecated on 0-D tensors",
    "where received a uint8 condition tensor",
    "torch.meshgrid: in an upcoming release",
    "Using torch.cross without specifying the dim arg",
    "torch.cholesky is deprecated",
    "index_reduce() is in beta",
    "torch.qr is deprecated",
    "torch.lu is deprecated",
    "torch.lu_solve is deprecated",
    "torch.triangular_solve is deprecated",
    "torch.searchsorted(): ",
    "Using padding='same' with even kernel lengths",
    "This overload of ",
    "adjoint() is deprecated on 0-D",
    "grad and param do not obey the gradient layout contract",
    "TypedStorage is deprecated",
)

# A state costs more than a step: a long loop would take minutes.
MOST_STATES = 1000

ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
# What an error lists of PyTorch's own source: frames of C++, or where the kernels of each backend are registered.
TRACE = re.compile(r"\n(Exception raised from|\n\w+: registered at) .*", re.DOTALL)


def main() -> None:
    """Answer requests until standard input ends."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    # Reports get a descriptor of their own: what PyTorch's C++ prints to standard output must not stand among them.
    reports = os.dup(1)
    os.dup2(2, 1)

    def report(*items: Any) -> None:
        os.write(reports, json.dumps(items).encode("ascii") + b"\n")

    try:
        import torch
    except Exception as error:  # an installation can be broken in many ways, and each is the answer to "is there one?"
        report("no torch", f"{type(error).__name__}: {error}")
        return
    torch.set_num_threads(1)
    if hasattr(torch, "set_warn_always"):
        torch.set_warn_always(True)
    if hasattr(getattr(torch, "storage", None), "_set_always_warn_typed_storage_removal"):
        torch.storage._set_always_warn_typed_storage_removal(True)
    report("ready", str(torch.__version__), sys.version.split()[0])
    gc.disable()  # a collection in the middle of a run could end the life of a tensor at any moment
    for count, line in enumerate(iter(sys.stdin.readline, "")):
        request = json.loads(line)
        Run(torch, report, request["states"]).execute(request["code"])
        report("done")
        if count % 64 == 63:
            gc.collect()


class Run:
    """One run of one script, from a fresh start."""

    def __init__(self, torch: Any, report: Callable[..., None], states: bool) -> None:
        self.torch = torch
        self.report = report
        self.states = states
        self.told: dict[str, Any] = {}
        self.warned: set[str] = set()
        self.counts: dict[str, int] = {}
        self.steps = 0
        self.names: dict[str, Any] = {}

    def execute(self, code: str) -> None:
        """Run the script to its end, or to the error that ends it."""
        torch = self.torch
        torch.set_grad_enabled(True)
        torch.autograd.set_detect_anomaly(False)
        torch.set_printoptions(profile="default")
        self.names = {
            "print": self.say,
            "torch": torch,
            "nn": torch.nn,
            "F": torch.nn.functional,
            "optim": torch.optim,
            "_step": self.begin_step,
            "_loop": self.begin_loop,
            "_next": self.begin_iteration,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd code Python warns before it runs
            compiled = compile(code, "<scenario>", "exec")
            warnings.simplefilter("always")
            warnings.showwarning = self.warn  # type: ignore[assignment]  # it takes the place as it comes
            try:
                exec(compiled, self.names)
            except Exception as error:
                self.say(f"{type(error).__name__}: {error}")
            self.tell_states()
        self.names.clear()

    def begin_step(self, number: str) -> None:
        """Note that a step begins; ``[]`` in its number stands for the index of the loop around it."""
        self.tell_states()
        self.report("step", self.numbered(number))

    def begin_loop(self, number: str) -> None:
        """Note that the loop of this step starts to count."""
        self.counts[number] = -1

    def begin_iteration(self, number: str) -> None:
        """Note that the loop goes round once more."""
        self.counts[number] += 1

    def numbered(self, number: str) -> str:
        """Return the number with the index of each loop filled in."""
        parts = number.split("[]")
        filled = parts[0]
        for index in range(1, len(parts)):
            filled += "[{}]".format(self.counts["[]".join(parts[:index])]) + parts[index]
        return filled

    def say(self, text: str) -> None:
        """Report what the script prints, without places in PyTorch's own source; an object's address, which
        differs from run to run, as ``0x…``."""
        self.report("lines", ADDRESS.sub("at 0x\u2026", TRACE.sub("", text)))

    def warn(self, message: Any, category: type, *place: Any) -> None:
        """Report a warning, without PyTorch's own source line and without the frames of anomaly mode."""
        text = str(message)
        # Once for each place in PyTorch's source, whatever shapes the text names.
        origin = text.partition("(Triggered internally at")[2] or text
        if text.startswith(ONCE) and origin in self.warned:
            return
        self.warned.add(origin)
        text = text.split("\n  File ")[0].split(" (Triggered internally at")[0]
        self.say(f"{category.__name__}: {text.strip()}")

    def tell_states(self) -> None:
        """Report each name whose tensor looks otherwise than when it was last told."""
        if not self.states:
            return
        self.steps += 1
        if self.steps > MOST_STATES:
            self.states = False
            self.report("states end")
            return
        for name, value in self.names.items():
            if isinstance(value, self.torch.Tensor):
                state = state_of(value)
                if self.told.get(name) != state:
                    self.told[name] = state
                    self.report("state", name, state)


def version_of(tensor: Any) -> int | None:
    """Return the counter's value; a tensor made in inference mode mostly has none."""
    try:
        return int(tensor._version)
    except RuntimeError:
        return None


def text_of(tensor: Any) -> str:
    """Return what is printed of a tensor; of one that misses its counter only a copy can be printed."""
    try:
        return str(tensor)
    except RuntimeError:
        return str(tensor.clone())


def state_of(tensor: Any) -> dict[str, Any]:
    """Return what can be known of a tensor without an effect on it.

    Reading ``grad_fn`` or ``is_leaf`` of a view may rebuild its ``grad_fn``, and reading ``grad`` of a tensor that has
    none to give warns: these are left alone. The text is that of the detached tensor, for the same reason.
    """
    state = {
        "text": text_of(tensor.detach()),
        "shape": list(tensor.shape),
        "stride": list(tensor.stride()),
        "offset": tensor.storage_offset(),
        "dtype": str(tensor.dtype),
        "requires_grad": tensor.requires_grad,
        "retains_grad": tensor.retains_grad,
        "version": version_of(tensor),
    }
    has_grad = tensor.retains_grad
    if not tensor._is_view():
        state["is_leaf"] = tensor.is_leaf
        state["grad_fn"] = tensor.grad_fn.name() if tensor.grad_fn is not None else None
        has_grad = has_grad or (tensor.is_leaf and tensor.requires_grad)
    if has_grad:
        state["grad"] = str(tensor.grad.detach()) if tensor.grad is not None else None
    return state


if __name__ == "__main__":
    main()
