"""Errors and warnings that PyTorch itself would give: a key into the texts and what fills them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detachsim.engine.dtypes import Array
    from detachsim.events import Evidence


class TorchError(Exception):
    """PyTorch's own error, part of the simulation.

    ``key`` names a text of ``engine.texts``; ``details`` fill it. The text is made at the edge, where the dialect
    is known. ``evidence`` says which saved tensor was at fault, for explanations; ``written`` is what an edit has made
    of its target before it failed.
    """

    def __init__(self, key: str, evidence: "Evidence | None" = None, /, **details: Any) -> None:
        super().__init__(key)
        self.key = key
        self.details = details
        self.evidence = evidence
        self.written: Array | None = None

    def spell(self, dialect: str) -> tuple[str, str]:
        """Return the exception's type name and its message in ``dialect``."""
        from detachsim.engine.texts import spell

        return spell(self.key, dialect, self.details)


class LimitError(Exception):
    """The scenario asks for more memory or time than the simulator grants; not something that PyTorch says."""
