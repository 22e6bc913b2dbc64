"""What a scenario may ask of the memory under a tensor: ``untyped_storage()``, bytes, and ``storage()``, elements."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dtypes import Array, DType
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Storage, Tensor, flat_memory
from detachsim.ops.collections import type_name
from detachsim.run.sequences import require_few_items
from detachsim.run.values import CPU


class TypedStorage:
    """The elements of a memory, without the shape of any tensor; made anew at each call."""

    type_name: ClassVar[str] = "torch.storage.TypedStorage"

    def __init__(self, storage: Storage, dtype: DType) -> None:
        self.storage = storage
        self.dtype = dtype

    def elements(self) -> Array:
        """Return the whole memory as one row of elements."""
        return flat_memory(self.storage.array).view(self.dtype.numpy)

    @property
    def itemsize(self) -> int:
        """The number of bytes of an element."""
        return self.dtype.itemsize

    def facts(self) -> str:
        """Return what stands before the size when it is printed."""
        return f"dtype={self.dtype!r}, device=cpu"

    def wrong_index(self, index: Any) -> TorchError:
        """Return the error for an index that is no whole number."""
        if isinstance(index, slice):
            text = "slices are only supported in UntypedStorage.__getitem__"
        else:
            text = f"can't index a <class '{self.type_name}'> with <class '{type_name(index)}'>"
        return TorchError("python", type="RuntimeError", text=text)

    def spelled(self, spell: Callable[[Any], str]) -> str:
        """Return ``repr`` of it: every element on a line, then what they are."""
        elements = self.elements()
        require_few_items([], elements.size)
        rows = "\n ".join(map(str, elements.tolist()))
        return f" {rows}\n[{self.type_name}({self.facts()}) of size {elements.size}]"

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        "device": lambda session, storage: CPU,
        "dtype": lambda session, storage: storage.dtype,
        "is_cuda": lambda session, storage: False,
    }
    METHODS: ClassVar[dict[str, Any]] = {
        "data_ptr": lambda session, storage: address(flat_memory(storage.storage.array)),
        "nbytes": lambda session, storage: storage.elements().size * storage.itemsize,
        "element_size": lambda session, storage: storage.itemsize,
        "size": lambda session, storage: int(storage.elements().size),
        "tolist": lambda session, storage: to_list(storage),
        "is_shared": lambda session, storage: False,
        "untyped": lambda session, storage: untyped(storage.storage, storage.dtype),
        "type": lambda session, storage: f"torch.{storage.dtype.scalar}Storage",
        "__len__": lambda session, storage: storage.elements().size,
        "__getitem__": lambda session, storage, index: element(storage, index),
    }


class UntypedStorage(TypedStorage):
    """The bytes of a memory. Two of one memory are one object in PyTorch."""

    type_name: ClassVar[str] = "torch.storage.UntypedStorage"

    def elements(self) -> Array:
        """Return the whole memory as one row of bytes."""
        memory = flat_memory(self.storage.array)
        if memory.dtype == np.float32 and self.half:
            # A bfloat16 is kept as the float32 that it is the upper half of.
            memory = (memory.view(np.uint32) >> 16).astype(np.uint16)
        return memory.view(np.uint8)

    def __init__(self, storage: Storage, *, half: bool = False) -> None:
        super().__init__(storage, dtypes.uint8)
        self.half = half

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and other.storage is self.storage

    def __hash__(self) -> int:
        return id(self.storage)

    def __bool__(self) -> bool:
        return self.elements().size > 0

    def facts(self) -> str:
        """Return what stands before the size when it is printed."""
        return "device=cpu"

    def wrong_index(self, index: Any) -> TorchError:
        """Return the error for an index that is no whole number."""
        return TorchError(
            "python", type="TypeError", text=f"can't index a torch.UntypedStorage with {type_name(index)}"
        )

    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        name: read for name, read in TypedStorage.ATTRIBUTES.items() if name != "dtype"
    }
    METHODS: ClassVar[dict[str, Any]] = {
        **{name: method for name, method in TypedStorage.METHODS.items() if name != "untyped"},
        "type": lambda session, storage: storage.type_name,
        "resizable": lambda session, storage: True,
    }


CLASSES = (TypedStorage, UntypedStorage)


def untyped_storage(session: Session, tensor: Tensor) -> UntypedStorage:
    """``tensor.untyped_storage()``."""
    return untyped(tensor.storage, tensor.dtype)


def untyped(storage: Storage, dtype: DType) -> UntypedStorage:
    """Return the bytes of what holds elements of a type."""
    return UntypedStorage(storage, half=dtype is dtypes.bfloat16)


def typed_storage(session: Session, tensor: Tensor) -> TypedStorage:
    """``tensor.storage()``, which 2.13 warns of once."""
    if session.dialect == "torch-2.13":
        session.warn_once("typed_storage")
    return TypedStorage(tensor.storage, tensor.dtype)


def is_set_to(session: Session, self: Tensor, tensor: Tensor) -> bool:
    """Whether two tensors are the same elements of one memory, in one shape."""
    same = self.storage is tensor.storage and self.array.shape == tensor.array.shape
    return same and self.array.strides == tensor.array.strides and address(self.array) == address(tensor.array)


def address(array: Array) -> int:
    """Return the address of the first element, 0 where there is none."""
    return int(array.__array_interface__["data"][0]) if array.size else 0


def to_list(storage: TypedStorage) -> list[Any]:
    """Return all elements."""
    elements = storage.elements()
    require_few_items([], elements.size)
    made: list[Any] = elements.tolist()
    return made


def element(storage: TypedStorage, index: Any) -> Any:
    """Return one element, the last ones by negative numbers."""
    if not isinstance(index, int):
        raise storage.wrong_index(index)
    elements = storage.elements()
    size = elements.size
    place = index + size if index < 0 else index
    if not 0 <= place < size:
        shown = index if type(storage) is TypedStorage else place
        text = f"index {shown} out of range for storage of size {size}"
        raise TorchError("python", type="IndexError", text=text)
    return elements[place].item()
