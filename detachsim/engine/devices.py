"""The devices that an argument may name: there is the CPU, and PyTorch's errors for the others."""

import re
from typing import Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import LimitError, TorchError

_FORM = re.compile(r"([a-zA-Z_]+)(?::(0|[1-9][0-9]*))?")
_NAMES = "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga {} xla lazy vulkan mps meta hpu {}privateuseone"


def check_device(value: Any, dialect: str) -> None:
    """Raise PyTorch's error for a device that is not there, or is none, given by its name or its number."""
    if getattr(value, "type_name", "") == "torch.device":
        return  # made by a name that was looked at
    new = dialect == NEWEST
    if isinstance(value, int):
        if value < 0:
            raise TorchError("device_index")
        raise TorchError("device_none" if new else "device_cuda")
    if not value:
        raise TorchError("device_empty")
    match = _FORM.fullmatch(value)
    if match is None:
        raise TorchError("device_form", device=value)
    name = match[1]
    names = _NAMES.format(*(("maia", "mtia ") if new else ("ort", ""))).split()
    if name not in names:
        raise TorchError("device_name", names=", ".join(names), device=value)
    if name == "cuda":
        raise TorchError("device_cuda")
    if name == "xpu" and new:
        raise TorchError("device_xpu")
    if name == "meta":
        raise LimitError("tensors of the meta device are not simulated")
    if name != "cpu":
        raise TorchError("device_linked", name=name)
