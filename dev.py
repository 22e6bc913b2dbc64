#!/usr/bin/env python3
"""Run a command of this project in an environment that is made on the first use.

    python3 dev.py detachsim run scenarios/detach
    python3 dev.py pytest
    python3 dev.py ruff check

The environment is the folder .venv beside this file (another one with DETACHSIM_VENV=FOLDER). It is brought
up to date whenever pyproject.toml changes or a command needs more than what is installed. Nothing outside
that folder is touched. Only Python's own library is used here, and the file has to parse under any Python 3,
so that an old one can still say that it is too old.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("DETACHSIM_VENV") or ROOT / ".venv")
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "detachsim.stamp"

# What each command needs besides detachsim itself, as extras of pyproject.toml.
EXTRAS = {"detachsim": (), "python": ("test",), "pytest": ("test",), "ruff": ("lint",), "mypy": ("test", "lint")}


def main(arguments):
    """Make the environment ready for the command, then become the command."""
    extras = set()
    while len(arguments) > 1 and arguments[0] == "--with":
        extras.update(arguments[1].split(","))
        arguments = arguments[2:]
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.exit(__doc__.strip() + "\n\nAdd `--with EXTRA` before the command for an extra of pyproject.toml (torch).")
    if sys.version_info < OLDEST:
        use_newer_python()
    command, rest = arguments[0], arguments[1:]
    prepare(extras.union(EXTRAS.get(command, ())))
    become(str(BIN / command), rest)


def use_newer_python():
    """Start again under the newest Python that is on the PATH, or say that there is none."""
    for minor in range(19, OLDEST[1] - 1, -1):
        python = shutil.which("python3.%d" % minor)  # noqa: UP031 (an old Python must parse this)
        if python:
            become(python, [str(Path(__file__))] + sys.argv[1:])  # noqa: RUF005
    sys.exit("dev.py: Python 3.11 or newer is needed, and this is Python %d.%d" % sys.version_info[:2])  # noqa: UP031


def become(program, arguments):
    """Replace this process by the program (on Windows: run it and pass its status on)."""
    if os.name == "nt":
        sys.exit(subprocess.call([program] + arguments))  # noqa: RUF005
    try:
        os.execv(program, [program] + arguments)  # noqa: RUF005
    except OSError as error:
        sys.exit("dev.py: cannot run %s: %s" % (program, error.strerror))  # noqa: UP031


def prepare(extras):
    """Make or update the environment, unless it already holds what is asked for."""
    state = (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode() + sys.version.encode()
    fingerprint = hashlib.sha256(state).hexdigest()
    known = STAMP.read_text().split() if STAMP.exists() else []
    fresh = known[:1] == [fingerprint]
    if fresh and extras <= set(known[1:]):
        return
    if not fresh:
        print("dev.py: making %s (once)" % VENV.name, file=sys.stderr)  # noqa: UP031
        shutil.rmtree(VENV, ignore_errors=True)
    installed = extras.union(known[1:] if fresh else ())
    with tempfile.TemporaryDirectory() as scratch:
        pip = make_venv(Path(scratch))
        wanted = str(ROOT) + ("[%s]" % ",".join(sorted(installed)) if installed else "")  # noqa: UP031
        call = pip + ["install", "--quiet", "--disable-pip-version-check", "--editable", wanted]  # noqa: RUF005
        if subprocess.call(call, stdin=subprocess.DEVNULL):
            sys.exit("dev.py: the installation failed; the lines above say why")
    STAMP.write_text(" ".join([fingerprint, *sorted(installed)]))


def make_venv(scratch):
    """Make the virtual environment, unless it is there, and return the pip command that installs into it.

    Debian and its children take ensurepip, and often pip, out of their Python. So three ways are
    tried: Python's own; a pip elsewhere that can install into another environment; the pip that
    Debian packs for its own venv module, unpacked into a scratch folder, for which nobody has to be root.
    """
    python = str(BIN / "python")
    if (VENV / "pyvenv.cfg").exists() and works(python, "-m", "pip", "--version"):
        return [python, "-m", "pip"]
    if importlib.util.find_spec("ensurepip") and works(sys.executable, "-m", "venv", "--clear", str(VENV)):
        return [python, "-m", "pip"]
    if not works(sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)):
        sys.exit("dev.py: this Python cannot make a virtual environment (python3 -m venv)")
    if works(sys.executable, "-m", "pip", "--python", python, "--version"):
        return [sys.executable, "-m", "pip", "--python", python]
    wheel = debian_pip(scratch)
    if wheel is None:
        sys.exit("dev.py: no pip was found; install it first (on Debian and Ubuntu: apt install python3-venv)")
    return [python, str(wheel / "pip")]


def debian_pip(scratch):
    """Fetch Debian's wheel of pip into the scratch folder with apt-get; None where that is not possible."""
    package = "python3-pip-whl"
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    if not works("apt-get", "download", package, cwd=scratch):
        works("apt-get", "update")
        if not works("apt-get", "download", package, cwd=scratch):
            return None
    for archive in scratch.glob(package + "*.deb"):
        works("dpkg-deb", "-x", str(archive), str(scratch))
    return next(iter(sorted(scratch.glob("usr/share/python-wheels/pip-*.whl"))), None)


def works(*command, cwd=None):
    """Say whether the command ran and ended with status 0; its output is dropped."""
    quiet = subprocess.DEVNULL
    try:
        return subprocess.call(command, cwd=cwd, stdin=quiet, stdout=quiet, stderr=quiet) == 0
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
