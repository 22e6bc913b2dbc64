"""What a scenario may ask of a tensor, and set on it, besides the ops of the table."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine import hooks
from detachsim.engine.dtypes import BOOLEAN, uint8
from detachsim.engine.errors import TorchError
from detachsim.engine.leaves import requires_grad_, set_requires_grad
from detachsim.engine.session import Session
from detachsim.engine.tensor import PIECE, Tensor, alias, meta, new_version, offset, strides
from detachsim.engine.views import grad_fn, requires_grad
from detachsim.ops.element_types import named_type
from detachsim.run.passes import backward_from
from detachsim.run.sequences import require_few_items
from detachsim.run.storages import UntypedStorage, address, is_set_to, typed_storage, untyped_storage
from detachsim.run.values import CPU, Function, Size, type_name


def read_grad(session: Session, tensor: Tensor) -> Tensor | None:
    """Return ``.grad``, with the warning that a non-leaf without one gives."""
    gradient = tensor.grad
    if gradient is None and tensor.node is not None and not retains_grad(tensor):
        session.warn("nonleaf_grad")
    return gradient


def retains_grad(tensor: Tensor) -> bool:
    """Whether ``retain_grad`` was called on what was a non-leaf then."""
    return tensor.meta is not None and tensor.meta.retain_hooked


def read_retains_grad(session: Session, tensor: Tensor) -> bool:
    """Return ``.retains_grad``, which in 1.7 ``retain_grad`` writes on the tensor."""
    found = retains_grad(tensor)
    if session.dialect == "torch-1.7" and not found:
        text = "'Tensor' object has no attribute 'retains_grad'"
        raise TorchError("python", type="AttributeError", text=text)
    return found


def data(session: Session, tensor: Tensor) -> Tensor:
    """Return ``.data``: the same memory with a counter of its own."""
    made = alias(tensor, tensor.array, version=new_version(tracked=not (session.inference and tensor.inference)))
    if session.facts is not None:
        session.facts.append(("data", tensor, made))
    return made


def version(session: Session, tensor: Tensor) -> int:
    """Return ``._version``; tensors made in inference mode have none."""
    if not tensor.version.tracked:
        raise TorchError("inference_version")
    return tensor.version.value


ATTRIBUTES: dict[str, Callable[[Session, Tensor], Any]] = {
    "grad": read_grad,
    "data": data,
    "shape": lambda session, tensor: Size(tensor.shape),
    "dtype": lambda session, tensor: tensor.dtype,
    "ndim": lambda session, tensor: tensor.array.ndim,
    "T": lambda session, tensor: transposed(session, tensor),
    "mT": lambda session, tensor: matrix_transposed(session, tensor, "mT"),
    "H": lambda session, tensor: matrix_transposed(session, tensor, "H"),
    "mH": lambda session, tensor: matrix_transposed(session, tensor, "mH"),
    "real": lambda session, tensor: tensor,
    "imag": lambda session, tensor: session.call("imag", tensor),
    "requires_grad": lambda session, tensor: requires_grad(tensor),
    "is_leaf": lambda session, tensor: grad_fn(session, tensor) is None,
    "grad_fn": grad_fn,
    "retains_grad": read_retains_grad,
    "_version": version,
    "_base": lambda session, tensor: None if tensor.view is None else tensor.view.base,
    "output_nr": lambda session, tensor: tensor.output_nr,
    "device": lambda session, tensor: CPU,
    "is_cpu": lambda session, tensor: True,
    **dict.fromkeys(
        ("is_cuda", "is_meta", "is_mkldnn", "is_nested", "is_quantized", "is_sparse"), lambda session, tensor: False
    ),
    "itemsize": lambda session, tensor: tensor.dtype.itemsize,
    "nbytes": lambda session, tensor: tensor.dtype.itemsize * tensor.array.size,
}


def transposed(session: Session, tensor: Tensor) -> Any:
    """Return ``.T``, which is deprecated for other than two dims."""
    ndim = tensor.array.ndim
    if ndim == 0 and session.dialect == "torch-2.13":
        session.warn_once("transposed_number", word="T")
    elif ndim not in (0, 2) and session.dialect != "torch-1.7":
        session.warn_once("transposed_dims")
    return session.call("numpy_T", tensor)


def matrix_transposed(session: Session, tensor: Tensor, word: str) -> Any:
    """Return ``.mT``, which is deprecated for a number."""
    if tensor.array.ndim == 0:
        if session.dialect == "torch-2.13":
            session.warn_once(f"transposed_number_{word}", word=word)
        return tensor
    return session.call({"mT": "matrix_T", "mH": "matrix_mH", "H": "matrix_H"}[word], tensor)


def item(session: Session, tensor: Tensor) -> Any:
    """Return the one element as a Python number."""
    if tensor.array.size != 1:
        raise TorchError("item", numel=tensor.array.size)
    return tensor.array.item()


def to_list(tensor: Tensor) -> Any:
    """Return the elements in nested lists, the one element of a tensor without dims as it is."""
    require_few_items([], tensor.array.size)
    return tensor.array.tolist()


def truth(tensor: Tensor) -> bool:
    """Return ``bool(tensor)``."""
    if tensor.array.size == 0:
        raise TorchError("bool_none")
    if tensor.array.size > 1:
        raise TorchError("bool_many")
    return bool(tensor.array.item())


def number(session: Session, tensor: Tensor, kind: Callable[[Any], Any]) -> Any:
    """Return ``float(tensor)`` or ``int(tensor)``, ``float`` with 2.13's warning for one that requires grad."""
    recorded = (session.grad_enabled or session.grad_idle) and requires_grad(tensor)
    if kind is float and recorded and session.dialect == "torch-2.13":
        session.warn_once("scalar_requires_grad")
    if tensor.array.size != 1:
        raise TorchError("scalar_conversion")
    try:
        return kind(tensor.array.item())
    except (OverflowError, ValueError) as error:  # of int: inf and nan
        raise TorchError("python", type=type(error).__name__, text=str(error)) from None


def type_of(session: Session, tensor: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """Return ``.type()``, the name of the legacy class, or the tensor as another type."""
    if dtype is None:
        return f"torch.{tensor.dtype.scalar}Tensor"
    return session.call("to", tensor, named_type(dtype))


def size(session: Session, tensor: Tensor, dim: int | None = None) -> Any:
    """Return all sizes, or that of one dim."""
    return Size(tensor.shape) if dim is None else tensor.shape[_dim(tensor, dim)]


def stride(session: Session, tensor: Tensor, dim: int | None = None) -> Any:
    """Return all strides in elements, or that of one dim."""
    steps = strides(tensor.array)
    return steps if dim is None else steps[_dim(tensor, dim)]


def _dim(tensor: Tensor, dim: int) -> int:
    ndim = tensor.array.ndim
    if not -ndim <= dim < ndim:
        if ndim == 0:
            raise TorchError("dim_none", dim=dim)
        raise TorchError("dim_range", low=-ndim, high=ndim - 1, dim=dim)
    return dim % ndim


def detach_(session: Session, tensor: Tensor) -> Tensor:
    """``tensor.detach_()``: drop the node and the flag; refused for views. Inference mode has no autograd to do it."""
    if session.inference:
        return tensor
    if tensor.view is not None:
        if tensor.view.creation != PIECE:
            raise TorchError("detach_view")
        session.warn("detach_piece")
    before = requires_grad(tensor)
    tensor.node = None
    tensor.requires = False
    tensor.output_nr = 0
    if before and session.facts is not None:
        session.facts.append(("flag", tensor, "detached", "True"))
    return tensor


def set_grad(session: Session, tensor: Tensor, value: Any) -> None:
    """``tensor.grad = value``."""
    if value is None:
        if tensor.meta is not None:
            tensor.meta.grad = None
    else:
        if not isinstance(value, Tensor):
            raise TorchError("assign_grad_type", type=type_name(value))
        if value is tensor:
            raise TorchError("assign_grad_self")
        if value.dtype is not tensor.dtype:
            raise TorchError("assign_grad_dtype", grad=value.dtype.cpp, tensor=tensor.dtype.scalar)
        if value.shape != tensor.shape:
            raise TorchError("assign_grad_shape", grad=list(value.shape), tensor=list(tensor.shape))
        meta(tensor).grad = value
    if session.facts is not None:
        session.facts.append(("flag", tensor, "grad", "None" if value is None else "tensor"))


def set_data(session: Session, tensor: Tensor, value: Any) -> None:
    """``tensor.data = value``: other memory under the same tensor and counter."""
    if not isinstance(value, Tensor):
        raise TorchError("assign_data_type", type=type_name(value))
    if tensor.dtype.is_floating != value.dtype.is_floating and requires_grad(tensor):
        raise TorchError("assign_data_dtype")
    if tensor.meta is not None and tensor.dtype is not value.dtype:
        # Graphs made so far keep the accumulator of the old type; one of another shape only goes on being used.
        tensor.meta.accumulator = None
    same = tensor.array is value.array and tensor.storage is value.storage
    tensor.array = value.array
    tensor.storage = value.storage
    tensor.dtype = value.dtype
    tensor.inference = value.inference
    if session.facts is not None and not same:  # as `w.data -= u` stores what it has read
        session.facts.append(("flag", tensor, "data", "tensor"))


SETTERS: dict[str, Callable[[Session, Tensor, Any], None]] = {
    "requires_grad": set_requires_grad,
    "grad": set_grad,
    "data": set_data,
}


def hook_function(hook: Any) -> tuple[Callable[..., Any], str]:
    """Return what a hook calls, and the name that errors give it; what is no function is refused only when called."""
    return (hook.call, hook.name) if isinstance(hook, Function) else (_not_callable(hook), type_name(hook))


def _hook(register: Callable[..., Any]) -> Callable[..., Any]:
    def method(session: Session, tensor: Tensor, hook: Any) -> Any:
        return register(session, tensor, *hook_function(hook))

    return method


def _not_callable(value: Any) -> Callable[..., Any]:
    def call(*seen: Any) -> Any:
        raise TorchError("python", type="TypeError", text=f"'{type_name(value)}' object is not callable")

    return call


def _post_hook(session: Session, tensor: Tensor, function: Any, name: str) -> Any:
    if session.dialect != "torch-2.13":
        text = "'Tensor' object has no attribute 'register_post_accumulate_grad_hook'"
        raise TorchError("python", type="AttributeError", text=text)
    return hooks.register_post_accumulate_hook(session, tensor, function, name)


def _arrays() -> Any:
    from detachsim.run import arrays

    return arrays


METHODS: dict[str, Callable[..., Any]] = {
    "item": item,
    "tolist": lambda session, tensor: to_list(tensor),
    "numpy": lambda session, tensor, **options: _arrays().to_numpy(session, tensor, **options),
    "numel": lambda session, tensor: int(tensor.array.size),
    "nelement": lambda session, tensor: int(tensor.array.size),
    "size": size,
    "stride": stride,
    "storage_offset": lambda session, tensor: offset(tensor),
    "dim": lambda session, tensor: tensor.array.ndim,
    "ndimension": lambda session, tensor: tensor.array.ndim,
    "is_contiguous": lambda session, tensor: bool(tensor.array.flags.c_contiguous),
    "_is_view": lambda session, tensor: tensor.view is not None,
    "data_ptr": lambda session, tensor: address(tensor.array),
    "untyped_storage": untyped_storage,
    "storage": typed_storage,
    "is_set_to": is_set_to,
    "is_shared": lambda session, tensor: False,
    "element_size": lambda session, tensor: tensor.dtype.itemsize,
    "is_floating_point": lambda session, tensor: tensor.dtype.is_floating,
    "is_signed": lambda session, tensor: tensor.dtype.category != BOOLEAN and tensor.dtype is not uint8,
    "is_complex": lambda session, tensor: False,
    "is_nonzero": lambda session, tensor: truth(tensor),
    "is_same_size": lambda session, tensor, other: tensor.shape == other.shape,
    "type": type_of,
    "is_inference": lambda session, tensor: tensor.inference,
    "is_conj": lambda session, tensor: False,
    "is_neg": lambda session, tensor: False,
    "get_device": lambda session, tensor: -1,
    "register_hook": _hook(hooks.register_hook),
    "register_post_accumulate_grad_hook": _hook(_post_hook),
    "retain_grad": hooks.retain_grad,
    "requires_grad_": requires_grad_,
    "detach_": detach_,
    "backward": backward_from,
}


def is_same(left: Any, right: Any) -> bool:
    """Return ``left is right``, with what is made anew at each reading told apart by what it stands for."""
    if isinstance(left, Size | np.generic):
        return False
    if isinstance(left, UntypedStorage):
        return bool(left == right)
    return left is right
