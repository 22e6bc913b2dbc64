"""What the exit statuses mean."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """The status that a detachsim process ends with; with several files, the highest."""

    OK = 0
    """Everything went as the scenarios say it should."""
    DIFFERENT = 1
    """An unexpected error, an expectation that failed, or a golden file that differs."""
    WRONG_INPUT = 2
    """A file or the command line is wrong."""
    INTERNAL_ERROR = 70
    """detachsim itself is wrong."""
    OUTPUT_FAILED = 74
    """The output could not be written (a full disk)."""
    INTERRUPTED = 130
    """Ctrl-C; 128 + SIGINT, as shells count."""
    PIPE_CLOSED = 141
    """Whoever read the output stopped reading (``| head``); 128 + SIGPIPE."""
