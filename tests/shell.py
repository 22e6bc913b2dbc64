"""How tests run detachsim as a user does: as a process of its own, in an environment without surprises."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "detachsim"]
SURPRISES = {
    *("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CI", "DETACHSIM_DEBUG"),
    *("PYTHONIOENCODING", "PYTHONUTF8", "PYTHONUNBUFFERED", "PYTHONWARNINGS"),
}


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without what changes the output, and with ``extra``."""
    kept = {name: value for name, value in os.environ.items() if name not in SURPRISES}
    return kept | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | extra


def detachsim(
    *arguments: str | Path, cwd: Path | None = None, stdin: str | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; ``extra`` are variables of its environment."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        env=environment(**extra),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
