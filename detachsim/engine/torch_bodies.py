"""The bodies of the functions of ``torch`` and of the methods of tensors that PyTorch writes in Python."""

from collections.abc import Callable
from typing import Any

from detachsim.engine.calls import Calls
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import INTEGRAL
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.tensor import Tensor

_COMPUTE_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


def _cdist(c: Calls, x1: Any, x2: Any, p: Any, compute_mode: Any) -> None:
    c.certain = False
    if compute_mode not in _COMPUTE_MODES:
        raise TorchError("cdist_mode", mode=compute_mode)
    c.call("v cdist", x1, x2, p, None)


def norm(c: Calls, input: Any, p: Any, dim: Any, keepdim: Any, dtype: Any, out: Any = None) -> None:
    """Do what the body of ``norm`` does; ``F.normalize`` runs it, too."""
    c.attribute(input, "layout")
    dims = [dim] if isinstance(dim, int) else dim
    if c.dialect != NEWEST:
        if not isinstance(p, str):
            c.call("v norm", input, *([p] if dim is None else [p, dims]), **_old_norm(dim, dtype), keepdim=keepdim)
        return
    if isinstance(p, str) and p != "fro":
        c.call("l linalg_matrix_norm", input, p, [-2, -1] if dims is None else dims, keepdim, dtype=dtype)
    else:
        c.call("l linalg_vector_norm", input, 2 if p is None or p == "fro" else p, dims, keepdim, dtype=dtype)


def _old_norm(dim: Any, dtype: Any) -> dict[str, Any]:
    return ({"dim": [0]} if dim is None else {}) | ({} if dtype is None else {"dtype": dtype})


def _of_lists(function: str, *, alone: bool = False) -> Callable[..., None]:
    """Return the body of a function of several tensors; ``alone`` is one that is not put into a list."""

    def body(c: Calls, tensors: Any, **rest: Any) -> None:
        if alone and len(tensors) == 1:
            tensors = tensors[0]
        c.call(function, tensors)

    return body


def _meshgrid(c: Calls, tensors: Any, indexing: Any) -> None:
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
    c.call("v meshgrid", tensors, **({} if indexing is None else {"indexing": indexing}))


def _as_int(tensor: Tensor) -> Any:
    """Take a tensor of one element for an int; nan stays what it is."""
    try:
        return int(tensor.array.item())
    except ValueError:
        return tensor
    except OverflowError as error:
        raise TorchError("python", type="OverflowError", text=str(error)) from None


def _split(c: Calls, tensor: Any, size: Any, dim: Any) -> Any:
    if isinstance(size, Tensor) and size.array.size == 1:
        c.certain = False
        size = _as_int(size)
    c.call("v split" if isinstance(size, int) else "t split_with_sizes", tensor, size, dim)
    return size


def _split_method(c: Calls, self: Any, split_size: Any, dim: Any) -> dict[str, Any]:
    return {"split_size": _split(c, self, split_size, dim)}


def _split_function(c: Calls, tensor: Any, split_size_or_sections: Any, dim: Any) -> dict[str, Any]:
    c.attribute(tensor, "split")
    return {"split_size_or_sections": _split(c, tensor, split_size_or_sections, dim)}


def _tensordot(c: Calls, a: Any, b: Any, dims: Any, out: Any) -> None:
    if isinstance(dims, int):
        if c.dialect == NEWEST:
            c.attribute(a, "dim")
            c.attribute(b, "dim")
        dims = ([0], [0])
    elif isinstance(dims, Tensor):
        dims = ([0], [0]) if dims.array.size <= 1 else dims.array.tolist()
    if not isinstance(dims, (list, tuple)) or len(dims) != 2:
        return
    c.call("v tensordot", a, b, *dims)


def _einsum(c: Calls, args: Any) -> None:
    if len(args) < 2:
        raise TorchError("einsum_none")
    if not isinstance(args[0], Tensor):
        operands = args[1:]
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            _einsum(c, (args[0], *operands[0]))
        else:
            c.call("v einsum", args[0], operands)


def _chain_matmul(c: Calls, matrices: Any, out: Any) -> None:
    c.call("v chain_matmul", matrices)


def _unflatten(c: Calls, self: Any, dim: Any, sizes: Any) -> None:
    if not c.true(sizes):
        raise TorchError("unflatten_empty")
    c.call("b unflatten", dim, sizes)


def _unique(
    c: Calls,
    input: Any = None,
    sorted: Any = True,
    return_inverse: Any = False,
    return_counts: Any = False,
    **rest: Any,
) -> None:
    input = rest.get("self", input)
    c.true(return_inverse)
    c.true(return_counts)
    flags = {"sorted": sorted, "return_inverse": return_inverse, "return_counts": return_counts}
    if rest.get("dim") is not None:
        c.call("t unique_dim", input, rest["dim"], **flags)
    else:
        c.call("t _unique2", input, **flags)


def _unique_consecutive(
    c: Calls, input: Any = None, return_inverse: Any = False, return_counts: Any = False, dim: Any = None, **rest: Any
) -> None:
    input = rest.get("self", input)
    c.true(return_inverse)
    c.true(return_counts)
    c.call("v unique_consecutive", input, return_inverse=return_inverse, return_counts=return_counts, dim=dim)


def _lu(c: Calls, A: Any, pivot: Any, get_infos: Any, out: Any) -> None:
    found = None
    if not isinstance(A, Tensor):
        found = f"'input' (position 1) must be Tensor, not {type_word(A)}"
    elif not isinstance(pivot, bool):
        found = f"'pivot' must be bool, not {type_word(pivot)}"
    if found:
        raise TorchError("python", type="TypeError", text=f"_lu_with_info(): argument {found}")


def _class(value: Any) -> str:
    return "torch.Tensor" if isinstance(value, Tensor) else type_word(value)


def _unravel_index(c: Calls, indices: Any, shape: Any) -> None:
    c.certain = False
    c.attribute(indices, "is_complex")
    if indices.dtype.category != INTEGRAL:
        raise TorchError("unravel_dtype", dtype=repr(indices.dtype))
    if not isinstance(shape, (int, list, tuple, str)):
        raise TorchError("unravel_shape", type=_class(shape))
    sizes: tuple[Any, ...] = (shape,) if isinstance(shape, int) else tuple(shape)
    for size in sizes:
        if not isinstance(size, int):
            raise TorchError("unravel_sizes", type=_class(size))
    if any(size < 0 for size in sizes):
        raise TorchError("unravel_negative", sizes=sizes)


TORCH_BODIES: dict[str, Callable[..., dict[str, Any] | None]] = {
    "t cdist": _cdist,
    "t unravel_index": _unravel_index,
    "t atleast_1d": _of_lists("v atleast_1d", alone=True),
    "t atleast_2d": _of_lists("v atleast_2d", alone=True),
    "t atleast_3d": _of_lists("v atleast_3d", alone=True),
    "t block_diag": _of_lists("v block_diag"),
    "t broadcast_tensors": _of_lists("v broadcast_tensors"),
    "t cartesian_prod": _of_lists("v cartesian_prod"),
    "t meshgrid": _meshgrid,
    "t norm": norm,
    "m norm": lambda c, self, **rest: norm(c, self, **rest),
    "t lu": _lu,
    "t split": _split_function,
    "m split": _split_method,
    "t tensordot": _tensordot,
    "t einsum": _einsum,
    "t chain_matmul": _chain_matmul,
    "m unflatten": _unflatten,
    "t unique": _unique,
    "m unique": _unique,
    "t unique_consecutive": _unique_consecutive,
    "m unique_consecutive": _unique_consecutive,
}
