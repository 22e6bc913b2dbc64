"""Named tuples that ops return, such as ``torch.return_types.max``."""

from collections.abc import Sequence
from typing import Any


class ReturnType(tuple[Any, ...]):
    """A tuple whose items have names; ``type_name`` is what PyTorch calls it."""

    type_name: str
    fields: tuple[str, ...]

    def like(self, values: Sequence[Any]) -> "ReturnType":
        """Return other values under the same names."""
        made = ReturnType(values)
        made.type_name, made.fields = self.type_name, self.fields
        return made


def named_tuple(name: str, fields: tuple[str, ...], values: Sequence[Any]) -> ReturnType:
    """Return ``values`` as ``torch.return_types.NAME`` with ``fields``."""
    made = ReturnType(values)
    made.type_name = f"torch.return_types.{name}"
    made.fields = fields
    return made
