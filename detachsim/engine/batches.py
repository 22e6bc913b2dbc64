"""Gradients for several seeds at once, ``torch.autograd.grad(…, is_grads_batched=True)``: row by row here."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor, fresh


def shape_of_row(gradient: Tensor) -> tuple[int, ...]:
    """Return the shape of a first row; raises PyTorch's error where there is none."""
    if gradient.array.ndim == 0:
        raise TorchError("index_zero_dim")
    if not gradient.shape[0]:
        raise TorchError("index_range", index=0, dim=0, size=0)
    return gradient.shape[1:]


def rows(seeds: Sequence[Tensor | None]) -> list[list[Tensor | None]]:
    """Return the seeds of each pass. Raises ``TorchError`` where they are not equally many."""
    given = [seed for seed in seeds if seed is not None]
    if any(seed.array.ndim == 0 for seed in given):
        raise TorchError("grads_batch_scalar")
    sizes = [seed.shape[0] for seed in given]
    if len(set(sizes)) > 1:
        raise TorchError("grads_batch_sizes", sizes=sizes)
    count = sizes[0] if sizes else 1
    return [
        [None if seed is None else fresh(np.array(seed.array[row]), seed.dtype) for seed in seeds]
        for row in range(count)
    ]


def stacked(found: Sequence[Sequence[Tensor | None]]) -> list[Tensor | None]:
    """Return the gradients of all passes, those of each input as rows of one tensor."""
    return [_stacked(gradients) for gradients in zip(*found, strict=True)]


def _stacked(gradients: Sequence[Any]) -> Tensor | None:
    if gradients[0] is None:
        return None
    return fresh(np.stack([gradient.array for gradient in gradients]), gradients[0].dtype)
