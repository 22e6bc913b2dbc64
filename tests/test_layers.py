"""Who may import whom: the layers of the package, and the few places where a heavy library comes in."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import detachsim

PACKAGE = Path(detachsim.__file__).parent

# Each layer, and the layers that it may import besides itself.
FACTS = {"events", "marks", "records"}
BELOW = {
    "records": set[str](),
    "marks": {"records"},
    "events": {"marks", "records"},
    "printing": set[str](),
    "engine": FACTS | {"printing"},
    "ops": FACTS | {"printing", "engine"},
    "lang": {"marks", "records", "ops"},
    "run": FACTS | {"printing", "engine", "ops", "lang"},
    "explain": FACTS | {"printing", "ops"},
    "render": FACTS | {"printing", "lang", "explain"},
    "golden": FACTS | {"ops", "lang", "run", "explain", "render"},
    "oracle": FACTS | {"engine", "ops", "lang", "run"},
    "cli": FACTS | {"ops", "lang", "run", "explain", "render", "golden", "oracle"},
    "__init__": set[str](),
    "__main__": {"cli"},
}
# Libraries that only some layers may import.
HOMES = {
    "rich": "render",
    "yaml": "lang",
    "click": "cli",
    "torch": "oracle",
    "numpy": ("printing", "engine", "ops", "run"),
}
ONE_FILE = ("rich", "yaml", "torch")

FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def layer_of(module: str) -> str:
    """Return the part of a module's name that is its layer (``__init__`` for the package itself)."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of everything that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            assert node.module is not None
            if node.module == "detachsim":
                yield from ((node.lineno, f"detachsim.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down(path: Path) -> None:
    layer = layer_of(module_of(path))
    assert layer in BELOW, f"{path} belongs to no layer; add it to BELOW"
    for line, name in imports_of(path):
        if name.split(".")[0] != "detachsim":
            continue
        wanted = layer_of(name)
        if name == "detachsim.__version__" or wanted == layer:
            continue
        assert wanted in BELOW[layer], f"{path}:{line}: {layer} may not import {wanted}"


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_in_its_place_only(library: str) -> None:
    places = {path: line for path in FILES for line, name in imports_of(path) if name.split(".")[0] == library}
    home = HOMES[library]
    homes = home if isinstance(home, tuple) else (home,)
    for path, line in places.items():
        assert layer_of(module_of(path)) in homes, f"{path}:{line}: {library} belongs in {homes}"
    if library in ONE_FILE:
        assert len(places) <= 1, f"{library} is imported in several files: {sorted(map(str, places))}"


def imported_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh Python has after ``code``."""
    script = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    return set(
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    )


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert not imported_by("import detachsim") & {"numpy", "rich", "yaml", "click", "torch"}


HEAVY = ("numpy", "rich", "yaml", "torch")


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--version"], set[str]()),
        (["--help"], set[str]()),
        (["run", "--help"], set[str]()),
        (["check", "scenarios"], {"yaml"}),
        (["run", "--format", "torch", "scenarios/detach"], {"yaml", "numpy"}),
        (["run", "--format", "plain", "scenarios/detach"], {"yaml", "numpy"}),
        (["run", "--format", "json", "scenarios/detach"], {"yaml", "numpy"}),
    ],
    ids=str,
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], allowed: set[str]) -> None:
    code = f"""
import contextlib, io, os
from detachsim.cli.main import run
os.chdir({str(PACKAGE.parent)!r})
with contextlib.redirect_stdout(io.StringIO()):
    assert run({arguments!r}) == 0
"""
    assert not imported_by(code) & (set(HEAVY) - allowed)


def test_every_module_begins_with_what_it_knows() -> None:
    for path in FILES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"
