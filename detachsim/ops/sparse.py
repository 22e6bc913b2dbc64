"""What only sparse tensors have, of dense ones: an error."""

from typing import Any

from detachsim.engine.errors import TorchError
from detachsim.engine.op import Op
from detachsim.ops.row import composite


def values(ops: Any, self: Any) -> Any:
    """The elements that a sparse tensor keeps."""
    if ops.is_old:
        raise TorchError("sparse_kernel", operator="aten::values")
    raise TorchError("sparse_only", op="values")


ROWS: list[Op] = [
    composite(
        "values(Tensor self)",
        values,
        where="m",
        doc="the elements that a sparse tensor keeps; a dense one has none apart",
    ),
]
