"""Names that older dialects do not have yet."""

from collections.abc import Mapping

from detachsim.engine.dialects import dialects_back_to
from detachsim.engine.errors import TorchError

# By the newest of the dialects that lack them, as all older ones do: what a tensor lacks, and what ``torch`` does.
_OF_TENSORS: Mapping[str, frozenset[str]] = {
    "torch-1.13": frozenset(("itemsize", "nbytes", "untyped_storage")),
    "torch-1.7": frozenset(("mT", "mH", "H", "is_inference")),
}
_OF_TORCH: Mapping[str, frozenset[str]] = {
    "torch-1.7": frozenset(("inference_mode", "is_inference", "is_inference_mode_enabled")),
}


def tensors_lack(dialect: str, name: str) -> bool:
    """Whether tensors have no attribute or method ``name`` yet."""
    return _lacks(_OF_TENSORS, dialect, name)


def torch_lacks(dialect: str, name: str) -> bool:
    """Whether ``torch`` has no ``name`` yet."""
    return _lacks(_OF_TORCH, dialect, name)


def _lacks(table: Mapping[str, frozenset[str]], dialect: str, name: str) -> bool:
    return any(name in table.get(candidate, ()) for candidate in dialects_back_to(dialect))


def lacking_error(name: str) -> TorchError:
    """Return Python's error for what ``torch`` does not have."""
    return TorchError("python", type="AttributeError", text=f"module 'torch' has no attribute '{name}'")
