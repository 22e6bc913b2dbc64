"""Products that say the type of their result (``torch.mm(a, b, out_dtype)``), which no kernel of the CPU computes."""

from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.row import composite

_SCALES = ", *, Number beta=1, Number alpha=1"


def _row(name: str, tensors: str, options: str = "") -> Op:
    def refuse(ops: Any, *arguments: Any) -> Any:
        raise TorchError("no_kernel", operator=f"aten::{name}.dtype")

    return composite(
        f"{name}.dtype({tensors}, dtype out_dtype{options})",
        refuse,
        where="t",
        older={"torch-1.13": {"where": ""}},
        doc=f"{name} with a result of another type; not on the CPU",
    )


ROWS: list[Op] = [
    _row("mm", "Tensor self, Tensor mat2"),
    _row("bmm", "Tensor self, Tensor mat2"),
    _row("addmm", "Tensor self, Tensor mat1, Tensor mat2", _SCALES),
    _row("baddbmm", "Tensor self, Tensor batch1, Tensor batch2", _SCALES),
]
