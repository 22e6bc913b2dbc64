"""Export: the scripts as they are written, and what holds for each of them."""

import ast
from pathlib import Path

import pytest

from detachsim.lang import load, read
from detachsim.lang.code import quoted
from detachsim.lang.syntax import Scenario
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.export import program, script
from detachsim.oracle.worker import ONCE
from tests.shell import detachsim

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "data" / "export").glob("*.yaml"))
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))

WARNED_ONCE = ",\n    ".join(map(quoted, ONCE))


def scenario(text: str) -> Scenario:
    return load(Source("test.yaml", text), VOCABULARY)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_script_as_it_is_written(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").replace('"EACH OF THEM"', WARNED_ONCE)
    assert script(load(read(str(path)), VOCABULARY)) == expected


@pytest.mark.parametrize("path", [*CASES, *SCENARIOS], ids=lambda path: path.stem)
def test_every_script_is_python(path: Path) -> None:
    loaded = load(read(str(path)), VOCABULARY)
    compile(script(loaded), "script.py", "exec")
    for number, variant in enumerate(loaded.variants):
        compile(script(loaded, number), "script.py", "exec")
        compile(program(loaded, variant), "program.py", "exec")


def without_marks(node: ast.AST) -> str:
    """Return a tree as text, without the calls that tell the worker where it is."""

    class Unmark(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
            match node.value:
                case ast.Call(func=ast.Name(id=name)) if name.startswith("_"):
                    return None
            return node

    return ast.unparse(Unmark().visit(node))


@pytest.mark.parametrize("path", [*CASES, *SCENARIOS], ids=lambda path: path.stem)
def test_the_worker_runs_what_the_script_says(path: Path) -> None:
    loaded = load(read(str(path)), VOCABULARY)
    marked = without_marks(ast.parse(program(loaded, loaded.variants[0])))
    plain = ast.unparse(ast.parse(script(loaded, 0)))
    assert plain.endswith(marked)


def test_a_loop_without_code_is_python() -> None:
    loaded = scenario("steps:\n  - repeat: 2\n    steps:\n      - expect: {1: 1}\n")
    compile(script(loaded), "script.py", "exec")
    compile(program(loaded, loaded.variants[0]), "program.py", "exec")


def test_a_docstring_holds_any_text() -> None:
    title = 'a """ b \\ c "'
    loaded = scenario(f"title: '{title}'\nsteps:\n  - say: x\n")
    assert ast.get_docstring(ast.parse(script(loaded))) == title


def test_random_numbers_start_where_the_simulation_starts() -> None:
    assert "torch.manual_seed(67280421310721)" in script(scenario("steps:\n  - tensor: x = randn(2)\n"))
    assert "manual_seed" not in script(scenario("steps:\n  - say: x\n    note: randn(2)\n"))


def test_command(tmp_path: Path) -> None:
    path = CASES[0]
    expected = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert detachsim("export", path).stdout == expected
    done = detachsim("export", "-o", "out.py", path, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "out.py").read_text(encoding="utf-8") == expected


def test_command_with_mistakes(tmp_path: Path) -> None:
    done = detachsim("export", "-o", tmp_path / "out.py", "-", stdin="steps:\n  - tensr: a = 1\n")
    assert done.returncode == 2
    assert "<stdin>:2:5" in done.stderr
    assert not (tmp_path / "out.py").exists()


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    done = detachsim("export", "-o", tmp_path / "nowhere" / "out.py", CASES[0])
    assert done.returncode == 2
    assert "Cannot write" in done.stderr
