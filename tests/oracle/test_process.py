"""The warm process: what it tells, and what is told of it when it hangs, crashes or has no PyTorch.

PyTorch itself is not needed: either the worker is another program that misbehaves when it is asked to, or the real
worker runs with a module in PyTorch's place that does next to nothing.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from detachsim.lang import load
from detachsim.lang.syntax import Scenario
from detachsim.marks import Source
from detachsim.ops.vocabulary import VOCABULARY
from detachsim.oracle.process import NoTorch, Oracle, nearest_dialect
from detachsim.oracle.worker import ONCE
from tests.shell import detachsim

MISBEHAVING = """\
import json, os, signal, sys

print(json.dumps(["ready", "2.13.0", "3.11"]), flush=True)
for line in sys.stdin:
    code = json.loads(line)["code"]
    print(json.dumps(["step", "1"]), flush=True)
    if "hang" in code:
        signal.pause()
    if "crash" in code:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "exit" in code:
        sys.exit("out of memory")
    print(json.dumps(["lines", "fine"]), flush=True)
    print(json.dumps(["done"]), flush=True)
"""

STAND_IN = """\
import warnings
import types

__version__ = "2.12.1+stand.in"
nn = types.SimpleNamespace(functional=None)
optim = None
autograd = types.SimpleNamespace(set_detect_anomaly=lambda mode: None)
Tensor = type("Tensor", (), {})

def set_num_threads(count): pass
def set_warn_always(mode): pass
def set_grad_enabled(mode): pass
def set_printoptions(**options): pass

def exp(text):
    warnings.warn(text)
    return text

def sigmoid(text):
    raise ValueError(text)

def relu(number):
    return object() if number else print("from C++")
"""


def scenario(steps: str) -> Scenario:
    return load(Source("test.yaml", "steps:\n" + "".join(f"  - {line}\n" for line in steps.split("\n"))), VOCABULARY)


def fake_python(folder: Path, program: str) -> str:
    """Make an interpreter that runs this program, whatever it is asked to run."""
    path = folder / "python"
    (folder / "program.py").write_text(program)
    path.write_text(f"#!/bin/sh\nexec {sys.executable} {folder / 'program.py'}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Oracle]:
    """The real worker with the module that stands in for PyTorch."""
    (tmp_path / "torch.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Oracle() as oracle:
        yield oracle


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("hang", "it hangs: nothing was heard of it for 0.5 seconds at step 1"),
        ("crash", "it was killed by SIGSEGV at step 1"),
        ("exit", "it ended with status 1: out of memory at step 1"),
    ],
)
def test_a_worker_that_dies_is_reported_and_replaced(tmp_path: Path, word: str, reason: str) -> None:
    scenarios = [scenario("say: fine"), scenario(f"say: {word}"), scenario("say: fine")]
    with Oracle(fake_python(tmp_path, MISBEHAVING), timeout=0.5) as oracle:
        first, second, third = oracle.transcripts(scenarios)
        assert oracle.transcript(scenarios[0]) == first
    assert second.failure == reason
    assert first == third
    assert (first.failure, first.text()) == (None, "fine\n")


def test_what_an_interpreter_prints_of_its_own_is_no_report(tmp_path: Path) -> None:
    with Oracle(fake_python(tmp_path, "print('hello\\n[1, 2\\n{}')\n" + MISBEHAVING)) as oracle:
        assert oracle.transcript(scenario("say: fine")).text() == "fine\n"


def test_what_an_interpreter_started_ends_with_it(tmp_path: Path) -> None:
    started = "import subprocess\nchild = subprocess.Popen(['sleep', '100'])\nprint(child.pid, file=sys.stderr)\n"
    program = MISBEHAVING.replace("import json, os, signal, sys\n", f"import json, os, signal, sys\n{started}")
    with Oracle(fake_python(tmp_path, program)) as oracle:
        assert oracle.transcript(scenario("say: fine")).text() == "fine\n"
        assert oracle._errors is not None
        oracle._errors.seek(0)
        child = int(oracle._errors.read())
    for _ in range(100):
        if (state := state_of(child)) in (None, "Z"):
            break
        time.sleep(0.01)
    assert state in (None, "Z")


def state_of(process: int) -> str | None:
    """Return the letter that Linux has for what a process does, ``None`` where there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return None


def test_each_run_of_a_vary_is_asked_for(tmp_path: Path) -> None:
    text = "vary:\n  WORD: [fine, crash]\nsteps:\n  - say: ${WORD}\n"
    with Oracle(fake_python(tmp_path, MISBEHAVING)) as oracle:
        transcript = oracle.transcript(load(Source("test.yaml", text), VOCABULARY))
    assert [run.choices for run in transcript.runs] == ["WORD=fine", "WORD=crash"]
    assert [run.failure is None for run in transcript.runs] == [True, False]
    assert transcript.text() == "# WORD=fine\nfine\n# WORD=crash\n"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit('cannot load')", "gives no answer: it ended with status 1: cannot load"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "gives no answer: it was killed by SIGKILL"),
        ('print(\'["no torch", "no module"]\')', "has no PyTorch that works (no module)"),
    ],
)
def test_an_interpreter_without_torch(tmp_path: Path, program: str, reason: str) -> None:
    python = fake_python(tmp_path, program)
    with pytest.raises(NoTorch) as error, Oracle(python):
        pass
    assert str(error.value) == f"{python} {reason}"


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NoTorch, match="cannot be run: No such file or directory"), Oracle(str(tmp_path / "python")):
        pass


NESTED = """\
steps:
  - say: a
  - repeat: 2
    steps:
      - print: exp("w")
      - repeat: 1
        steps:
          - say: b
  - op: sigmoid("e")
    raises: true
  - op: sigmoid("end")
  - say: never
"""


def test_the_worker_numbers_steps_and_orders_what_is_said(stand_in: Oracle) -> None:
    transcript = stand_in.transcript(load(Source("test.yaml", NESTED), VOCABULARY))
    assert [(step.number, step.lines) for step in transcript.runs[0].steps] == [
        ("1", ("a",)),
        ("2", ()),
        ("2[0].1", ("UserWarning: w", 'exp("w"): w')),
        ("2[0].2", ()),
        ("2[0].2[0].1", ("b",)),
        ("2[1].1", ("UserWarning: w", 'exp("w"): w')),
        ("2[1].2", ()),
        ("2[1].2[0].1", ("b",)),
        ("3", ("ValueError: e",)),
        ("4", ("ValueError: end",)),
    ]


def test_each_run_starts_fresh(stand_in: Oracle) -> None:
    first, second = stand_in.transcripts([scenario('op: a = exp("x")'), scenario('op: b = exp("y")')])
    assert (first.text(), second.text()) == ("UserWarning: x\n", "UserWarning: y\n")


def warning(text: str) -> Scenario:
    """Return a scenario that gives a warning twice."""
    step = f"op: {json.dumps(f'exp({json.dumps(text)})')}"
    return scenario(f"{step}\n{step}")


def test_what_is_said_once_in_a_process_comes_once_in_a_run(stand_in: Oracle) -> None:
    text = f"{ONCE[0]} and more"
    first, second = stand_in.transcripts([warning(text), warning(text)])
    assert first == second
    assert first.text() == f"UserWarning: {text}\n"


def test_what_is_said_each_time_comes_each_time(stand_in: Oracle) -> None:
    assert stand_in.transcript(warning("any other")).text() == "UserWarning: any other\n" * 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Broken. (Triggered internally at /a/b.cpp:1.)", "Broken."),
        ('Traceback:\n  File "a", line 1\n    x\n (Triggered internally at b.cpp:1.)', "Traceback:"),
        ("\n\nPrevious:\n  File ...", "Previous:"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_places_are_left_out(stand_in: Oracle, text: str, shown: str) -> None:
    assert stand_in.transcript(warning(text)).text() == f"UserWarning: {shown}\n" * 2


def test_addresses_are_left_out(stand_in: Oracle) -> None:
    assert stand_in.transcript(scenario("print: relu(1)")).text() == "relu(1): <object object at 0x…>\n"


@pytest.mark.parametrize(
    "trace", ["\nException raised from f at a.cpp:1", "\n\nMeta: registered at /a/b.py:54 [kernel]"]
)
def test_traces_of_cpp_are_left_out(stand_in: Oracle, trace: str) -> None:
    call = f"sigmoid({json.dumps('Broken.' + trace)})"
    assert stand_in.transcript(scenario(f"op: {json.dumps(call)}")).text() == "ValueError: Broken.\n"


def test_what_cpp_prints_does_not_disturb(stand_in: Oracle) -> None:
    assert stand_in.transcript(scenario("op: relu(0)\nsay: after")).text() == "after\n"


def test_version(stand_in: Oracle) -> None:
    assert (stand_in.version, stand_in.dialect) == ("2.12.1+stand.in", "torch-2.13")


@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        ("1.7.1", "torch-1.7"),
        ("1.4.0", "torch-1.7"),
        ("1.9.0+cpu", "torch-1.7"),
        ("1.10.2", "torch-1.13"),
        ("1.13.0a0", "torch-1.13"),
        ("2.0.1", "torch-1.13"),
        ("2.6.0+cu124", "torch-2.13"),
        ("2.13.0+cpu", "torch-2.13"),
        ("3.0.0", "torch-2.13"),
    ],
)
def test_nearest_dialect(version: str, dialect: str) -> None:
    assert nearest_dialect(version) == dialect


def test_command_without_torch(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("steps:\n  - say: a\n")
    done = detachsim("verify", "--python", tmp_path / "python", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be run: No such file or directory" in done.stderr
    assert "pip install torch" in done.stderr


def test_command_tells_who_died_and_goes_on(tmp_path: Path) -> None:
    for word in ("fine", "crash", "wrong"):
        (tmp_path / f"{word}.yaml").write_text(f"steps:\n  - say: {word}\n")
    python = fake_python(tmp_path, MISBEHAVING)
    done = detachsim("verify", "--python", python, "crash.yaml", "fine.yaml", "wrong.yaml", cwd=tmp_path)
    assert done.returncode == 1
    head, *lines, tail = done.stdout.splitlines()
    assert head == "Asking torch 2.13.0, in the dialect torch-2.13."
    assert lines == [
        "crash.yaml: no answer from torch 2.13.0: it was killed by SIGSEGV at step 1",
        "wrong.yaml: differs at step 1",
        "    detachsim (step 1):",
        "      | wrong",
        "    torch 2.13.0 (step 1):",
        "      | fine",
    ]
    assert tail.startswith("1 agree, 1 differ, 1 without an answer in ")


def test_record(tmp_path: Path) -> None:
    (tmp_path / "fine.yaml").write_text("steps:\n  - say: fine\n")
    (tmp_path / "old.yaml").write_text("dialect: torch-1.7\nsteps:\n  - say: fine\n")
    golden = tmp_path / "fine.torch.out"
    python = fake_python(tmp_path, MISBEHAVING)
    arguments = ("verify", "--python", python, ".")
    assert detachsim(*arguments, "--record", cwd=tmp_path, CI="1").returncode == 2
    assert not golden.exists()
    done = detachsim(*arguments, "--record", cwd=tmp_path)
    assert done.returncode == 0
    assert golden.read_text() == "fine\n"
    assert not (tmp_path / "old.torch.out").exists()
    assert "old.torch.out: not written" in done.stdout
    golden.write_text("stale\n")
    done = detachsim(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert "-stale\n+fine\n" in done.stdout
