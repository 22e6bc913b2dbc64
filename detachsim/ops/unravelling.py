"""Places counted through a whole tensor, as places along each of its dims."""

from itertools import accumulate
from operator import mul
from typing import Any

from detachsim.engine.dtypes import int64
from detachsim.engine.op import Op
from detachsim.ops.row import composite


def unravel_index(ops: Any, indices: Any, shape: Any) -> Any:
    """For each dim of a shape, where along it the places lie."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    steps = [1, *accumulate(sizes[:0:-1], mul)][: len(sizes)][::-1]
    counted = ops.floor_divide(ops.unsqueeze(indices, -1), ops.tensor(steps, dtype=int64))
    return ops.unbind(ops.remainder(counted, ops.tensor(list(sizes), dtype=int64)), -1)


ROWS: list[Op] = [
    composite(
        "unravel_index(Tensor indices, any shape)",
        unravel_index,
        where="t",
        older={"torch-1.13": {"where": ""}},
        doc="for each dim of a shape, where along it flat places lie",
        samples=("torch.unravel_index(i, (2, 3))",),
    ),
]
