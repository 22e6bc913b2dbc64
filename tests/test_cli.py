"""The command line, as processes: what goes where, and the exit status."""

import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

import detachsim as package
from detachsim.cli import main as entry
from detachsim.cli.commands import check as check_command
from detachsim.cli.group import cli
from detachsim.lang.syntax import Scenario
from tests.shell import COMMAND, detachsim, environment

ROOT = Path(__file__).parents[1]

GOOD = "steps:\n  - tensor: a = [1.0, 2.0]\n    requires_grad: true\n  - print: a\n"
PRINTED = "a: tensor([1., 2.], requires_grad=True)\n"
RAISES = "steps:\n  - tensor: a = 1.0\n  - backward: a\n"
RAISED = "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn\n"
UNMET = "steps:\n  - tensor: a = 1.0\n  - expect: {a: 2.0}\n"
WRONG = "steps:\n  - tensr: a = 1.0\n"
LONG = "steps:\n  - tensor: a = [1.0]\n  - repeat: 1000000\n    steps:\n      - print: a\n"
ANSI = "\x1b["


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"good": GOOD, "raises": RAISES, "unmet": UNMET, "wrong": WRONG, "long": LONG}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


# --- run ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "status"),
    [
        (["good"], 0),
        (["raises"], 1),
        (["unmet"], 1),
        (["wrong"], 2),
        (["raises", "good"], 1),
        (["wrong", "raises", "good"], 2),
    ],
    ids=str,
)
def test_exit_status_is_the_highest(folder: Path, files: list[str], status: int) -> None:
    done = detachsim("run", *(f"{name}.yaml" for name in files), cwd=folder)
    assert done.returncode == status


def test_every_file_is_run_whatever_the_others_do(folder: Path) -> None:
    done = detachsim("run", "--format=torch", "wrong.yaml", "raises.yaml", "missing.yaml", "good.yaml", cwd=folder)
    assert done.stdout == RAISED + PRINTED
    assert "wrong.yaml:2:5" in done.stderr
    assert "missing.yaml" in done.stderr
    assert done.returncode == 2


def test_standard_input(folder: Path) -> None:
    done = detachsim("run", "--format=torch", "-", stdin=GOOD)
    assert (done.stdout, done.stderr, done.returncode) == (PRINTED, "", 0)


def test_what_the_transcript_has_no_room_for_goes_to_standard_error(tmp_path: Path) -> None:
    text = "steps:\n  - tensor: a = [1., 2.]\n  - expect: {a: [1, 3], a.shape: [2]}\n  - print: a\n    raises: x\n"
    done = detachsim("run", "--format", "torch", "-", stdin=text)
    assert (done.stdout, done.returncode) == ("a: tensor([1., 2.])\n", 1)
    assert done.stderr.split("\n") == [
        "<stdin>:3:5: expectation failed: a",
        "  expected  [1, 3]",
        "  actual    tensor([1., 2.])",
        "<stdin>:4:12: expectation failed: the error that `raises` expects",
        "  expected  x",
        "  actual    no error",
        "",
    ]
    assert detachsim("run", "--format", "plain", "-", stdin=text).stderr == ""


def test_an_expectation_that_raises_has_failed_and_the_run_goes_on() -> None:
    text = "steps:\n  - tensor: a = [1., 2.]\n  - expect: {a.view(3): 3, a: [1, 2]}\n  - print: a\n"
    text += "  - expect: {a.view(3): 3}\n    raises: x\n"
    done = detachsim("run", "--format", "torch", "-", stdin=text)
    assert (done.stdout, done.returncode) == ("a: tensor([1., 2.])\n", 1)
    assert done.stderr.split("\n") == [
        "<stdin>:3:5: expectation failed: a.view(3)",
        "  expected  3",
        "  actual    RuntimeError: shape '[3]' is invalid for input of size 2",
        "<stdin>:5:5: expectation failed: the error that `raises` expects",
        "  expected  x",
        "  actual    RuntimeError: shape '[3]' is invalid for input of size 2",
        "",
    ]


def test_a_folder_stands_for_the_scenarios_below_it(tmp_path: Path) -> None:
    for number, name in enumerate(["b.yaml", "a/z.yml", "a/b/c.yaml", ".hidden/x.yaml", ".y.yaml", "note.txt"]):
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"steps:\n  - say: '{number}'\n")
    done = detachsim("run", "--format=torch", "all", "all/b.yaml", cwd=tmp_path)
    assert done.stdout.split() == ["2", "1", "0"]


def test_a_folder_without_scenarios_is_an_error(tmp_path: Path) -> None:
    done = detachsim("run", tmp_path)
    assert done.returncode == 2
    assert "No scenarios" in done.stderr


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"steps: [\n", b"&a [*a, *a]\n", b"\x00\n"])
def test_a_file_that_is_no_scenario(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    done = detachsim("run", path)
    assert done.returncode == 2
    assert f"{path}:1:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_dialect_over_the_files_own(folder: Path) -> None:
    (folder / "s.yaml").write_text(
        "dialect: torch-2.13\nsteps:\n  - tensor: a = [1.0]\n    requires_grad: true\n  - print: a.sigmoid()\n"
    )
    old = detachsim("run", "--format=torch", "--dialect=torch-1.7", "s.yaml", cwd=folder)
    new = detachsim("run", "--format=torch", "s.yaml", cwd=folder)
    assert "grad_fn=<SigmoidBackward>" in old.stdout
    assert "grad_fn=<SigmoidBackward0>" in new.stdout


# --- check -------------------------------------------------------------------------------------------------------


def test_check_is_silent_about_good_files(folder: Path) -> None:
    done = detachsim("check", "good.yaml", "raises.yaml", cwd=folder)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_check_reports_all_mistakes_of_all_files(folder: Path) -> None:
    (folder / "two.yaml").write_text("steps:\n  - op: a = nothing(1)\n  - op: b = a.nothing()\n")
    done = detachsim("check", "two.yaml", "good.yaml", "wrong.yaml", cwd=folder)
    assert re.findall(r"^\S+\.yaml:\d+", done.stderr, re.MULTILINE) == ["two.yaml:2", "two.yaml:3", "wrong.yaml:2"]
    assert done.returncode == 2


@pytest.mark.parametrize("files", [["wrong.yaml", "good.yaml"], ["good.yaml", "wrong.yaml"]], ids=str)
def test_check_fails_whichever_file_is_wrong(folder: Path, files: list[str]) -> None:
    assert detachsim("check", *files, cwd=folder).returncode == 2


# --- the look of the output --------------------------------------------------------------------------------------


def test_piped_output_is_plain(folder: Path) -> None:
    piped = detachsim("run", "good.yaml", cwd=folder, COLUMNS="40")
    assert piped.stdout == detachsim("run", "--format=plain", "good.yaml", cwd=folder, FORCE_COLOR="1").stdout
    assert ANSI not in piped.stdout


@pytest.mark.parametrize(
    ("option", "variables", "colored"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": ""}, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(folder: Path, option: str, variables: dict[str, str], colored: bool) -> None:
    done = detachsim("run", "--format=rich", "--color", option, "good.yaml", cwd=folder, **variables)
    assert (ANSI in done.stdout) == colored


def on_terminal(*arguments: str, cwd: Path, **variables: str) -> str:
    """Run detachsim with a terminal as its standard output, and return what the terminal received."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, *arguments], cwd=cwd, stdout=theirs, env=environment(**variables)) as process:
        os.close(theirs)
        received = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other side is closed
                break
            if not chunk:
                break
            received += chunk
        assert process.wait(timeout=60) == 0
    os.close(ours)
    return received.decode().replace("\r\n", "\n")


def test_a_terminal_gets_color_and_its_own_width(folder: Path) -> None:
    shown = on_terminal("run", "good.yaml", cwd=folder, COLUMNS="70")
    assert ANSI in shown
    assert shown == detachsim("run", "--format=rich", "--color=always", "--width=70", "good.yaml", cwd=folder).stdout


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_without_color(folder: Path, variables: dict[str, str]) -> None:
    assert ANSI not in on_terminal("run", "good.yaml", cwd=folder, **variables)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_width(width: int) -> None:
    done = detachsim("run", "--format=rich", "--width", str(width), "scenarios/detach", cwd=ROOT)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= width


def test_the_help_fits_a_narrow_terminal() -> None:
    shown = detachsim("run", "--help", COLUMNS="40").stdout.partition("Examples:")[0]
    assert max(map(len, shown.splitlines())) <= 40


def test_a_terminal_of_any_width_is_believed_up_to_a_bound(folder: Path) -> None:
    shown = detachsim("run", "--format=rich", "good.yaml", cwd=folder, COLUMNS="99999999").stdout
    assert max(map(len, shown.splitlines())) == 10_000


def test_an_ascii_terminal_shows_escapes(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("steps:\n  - say: 保存 é\n", encoding="utf-8")
    done = detachsim("run", "--format=torch", "s.yaml", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (done.stdout, done.returncode) == ("\\u4fdd\\u5b58 \\xe9\n", 0)


# --- endings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["rich", "plain", "torch", "json"])
def test_a_reader_that_stops_ends_the_run_quietly(folder: Path, format: str) -> None:
    command = [*COMMAND, "run", "--format", format, "long.yaml"]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_a_reader_that_never_reads_is_no_error(folder: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    command = [*COMMAND, "run", "good.yaml"]
    done = subprocess.run(command, cwd=folder, env=environment(), stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    assert (done.stderr, done.returncode) == (b"", 141)


def default_interrupt() -> None:
    """Undo that a shell lets its background jobs, and so these tests, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c(folder: Path) -> None:
    command = [*COMMAND, "run", "--format=torch", "long.yaml"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=default_interrupt,
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (errors, process.returncode) == (b"", 130)


full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")


@full_device
@pytest.mark.parametrize("files", [["good.yaml"], ["good.yaml", "wrong.yaml"], ["long.yaml"]], ids=str)
def test_a_full_disk(folder: Path, files: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [*COMMAND, "run", *files]
        done = subprocess.run(command, cwd=folder, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.stderr.decode() == "detachsim: cannot write the output: No space left on device\n"
    assert done.returncode == 74


@full_device
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "-h"], ["explain", "V1"]], ids=str)
def test_a_full_disk_has_no_room_for_the_help(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.stderr.decode() == "detachsim: cannot write the output: No space left on device\n"
    assert done.returncode == 74


@full_device
@pytest.mark.parametrize(("arguments", "status"), [(["check", "missing.yaml"], 2), (["rum"], 2)], ids=str)
def test_a_full_disk_for_errors_keeps_the_status(arguments: list[str], status: int) -> None:
    with open("/dev/full", "w") as full:
        assert subprocess.run([*COMMAND, *arguments], env=environment(), stderr=full, check=False).returncode == status


def test_no_standard_output_at_all(folder: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "run", "good.yaml", "raises.yaml"]
    done = subprocess.run(command, cwd=folder, env=environment(), stderr=subprocess.PIPE, check=False)
    assert (done.stderr, done.returncode) == (b"", 1)


def broken(path: str) -> Scenario:
    raise ZeroDivisionError("of ours")


def test_an_internal_error_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_command, "try_load", broken)
    monkeypatch.setattr("sys.argv", ["detachsim", "check", "good.yaml"])
    monkeypatch.delenv("DETACHSIM_DEBUG", raising=False)
    assert entry.run(["check", str(folder / "good.yaml")]) == 70
    shown = capsys.readouterr().err
    assert shown.startswith("detachsim: internal error: ZeroDivisionError: of ours\n")
    assert "DETACHSIM_DEBUG=1 detachsim check good.yaml" in shown
    assert "Traceback" not in shown


def test_an_internal_error_shows_its_traceback_on_request(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_command, "try_load", broken)
    monkeypatch.setenv("DETACHSIM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        entry.run(["check", str(folder / "good.yaml")])


# --- the command line itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runn", "x"], "No such command 'runn'. Did you mean 'run'?"),
        (["x.yaml"], "No such command 'x.yaml'. Did you mean 'detachsim run x.yaml'?"),
        (["qqq"], "No such command 'qqq'. There are: check, "),
        (["run"], "Missing argument 'FILE...'."),
        (["run", "--format", "plian", "x"], "'plian' is not one of rich, plain, torch, json. Did you mean 'plain'?"),
        (["run", "--dialect", "1.7", "x"], "torch-1.7, torch-1.13, torch-2.13. Did you mean 'torch-1.7'?"),
        (["run", "--color", "qqq", "x"], "'qqq' is not one of auto, always, never.\n"),
        (["run", "--width", "0", "x"], "0 is not in the range"),
        (["run", "--width", "wide", "x"], "'wide' is not a valid integer"),
        (["run", "--width", "99999999", "x"], "99999999 is not in the range"),
        (["verify", "--timeout", "nan", "x"], "nan is not a number of seconds."),
        (["verify", "--timeout", "inf", "x"], "inf is not in the range"),
        (["test", "-"], "Standard input has no golden file beside it."),
    ],
)  # fmt: skip
def test_a_wrong_command_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert not shown.out


def test_version() -> None:
    done = detachsim("--version")
    assert done.stdout == f"detachsim {package.__version__} (semantics torch-2.13)\n"
    assert done.returncode == 0


def test_no_arguments_show_the_help_and_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run([]) == 2
    bare = capsys.readouterr().out
    assert entry.run(["-h"]) == 0
    assert capsys.readouterr().out == bare


def commands() -> list[str]:
    return cli.list_commands(cli.make_context("detachsim", ["run"]))


def test_the_commands() -> None:
    assert commands() == sorted(path.stem for path in (ROOT / "detachsim/cli/commands").glob("[a-z]*.py"))


# The examples of `verify` need real torch; tests/torch/ has them.
@pytest.mark.parametrize("name", sorted({*commands()} - {"verify"}))
def test_the_examples_of_each_help_work(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    assert entry.run([name, "--help"]) == 0
    examples = re.findall(r"^ +(detachsim .*)", capsys.readouterr().out.partition("Examples:")[2], re.MULTILINE)
    assert examples
    for example in examples:
        line = f'detachsim() {{ {" ".join(COMMAND)} "$@"; }}\n{example.strip()}'
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment(), capture_output=True, check=False)
        assert done.returncode == 0, (example, done.stderr)
