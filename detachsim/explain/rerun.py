"""What explanations ask of whoever can run a scenario again."""

from typing import Protocol

from detachsim.events import Event, NonFiniteMade

Choices = tuple[tuple[str, str], ...]


class Rerun(Protocol):
    """Runs the scenario in question again; a run never changes anything for another one."""

    @property
    def text(self) -> str:
        """The text of the scenario."""

    @property
    def length(self) -> int:
        """How many steps a run takes, every round of a loop counted."""

    def kept(self, choices: Choices, *, checked: bool) -> list[Event]:
        """Return the events of a run in which backward uses what was saved as it was saved.

        With ``checked`` the version errors stay; without, there are none.
        """

    def first_nonfinite(self, choices: Choices) -> tuple[NonFiniteMade, ...]:
        """Return where a nan or inf first came up; after the forward pass, also where backward met it first."""

    def mended(self, text: str, choices: Choices) -> list[Event] | None:
        """Return the events of the run that a changed text gives; None if the text has mistakes."""
