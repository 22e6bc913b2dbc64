"""One warm process with real PyTorch in it, which runs scenarios and is replaced when it hangs or dies."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, Any, Self

from detachsim.lang.syntax import DIALECTS, Dialect, Scenario, Variant
from detachsim.oracle.export import choices_text, program
from detachsim.oracle.transcript import Recorder, RunLines, Transcript

WORKER = Path(__file__).with_name("worker.py")
STEP_TIMEOUT = 30.0
"""How many seconds PyTorch may be silent in a run before it counts as hanging."""
START_PATIENCE = 10
"""How many times as long ``import torch`` may take: on a cold disk, minutes."""
START_LEAST = 20.0
"""How many seconds it may take at least."""


class NoTorch(Exception):
    """The interpreter that was asked for has no PyTorch that works; the text says why."""


class WorkerDied(Exception):
    """The worker hung, crashed or was killed; the text says which."""


class Oracle:
    """Real PyTorch, asked what it prints. Use it in a ``with`` statement, or call ``start`` and ``close``.

    Everything stays in one process of ``python`` (the running interpreter, if none is given), so that thousands of
    small scenarios cost what they compute. Each run starts fresh. ``timeout`` is in seconds; ``states`` asks for the
    facts about each tensor besides what is printed, which takes longer.
    """

    def __init__(self, python: str | None = None, *, timeout: float = STEP_TIMEOUT, states: bool = False) -> None:
        self.python = python or sys.executable
        self.timeout = timeout
        self.states = states
        self.version = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._reports: SimpleQueue[bytes | None] = SimpleQueue()
        self._reader: Thread | None = None
        self._errors: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def dialect(self) -> Dialect:
        """The dialect nearest to this PyTorch's version."""
        return nearest_dialect(self.version)

    def start(self) -> None:
        """Start the process, unless it runs; wait until PyTorch is there. Raises NoTorch."""
        if self._process is not None:
            return
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by ``close``)
        try:
            self._process = subprocess.Popen(
                [self.python, str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for this process, which then ends that one
            )
        except OSError as error:
            self._errors.close()
            raise NoTorch(f"{self.python} cannot be run: {error.strerror}") from error
        # A thread reads, because waiting for a pipe with a time limit is possible on every system only so.
        self._reports = SimpleQueue()
        self._reader = Thread(target=forward, args=(self._process.stdout, self._reports), daemon=True)
        self._reader.start()
        try:
            report = self._receive(max(START_PATIENCE * self.timeout, START_LEAST))
        except WorkerDied as error:
            raise NoTorch(f"{self.python} gives no answer: {error}") from error
        except KeyboardInterrupt:
            self.close()
            raise
        if report[0] != "ready":
            self.close()
            raise NoTorch(f"{self.python} has no PyTorch that works ({report[1]})")
        self.version = report[1]

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            kill(process)
            process.wait()
            if self._reader is not None:
                self._reader.join()  # it holds the stream's lock until it has seen the end
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()
        if self._errors is not None:
            self._errors.close()

    def transcripts(self, scenarios: Iterable[Scenario]) -> list[Transcript]:
        """Return what PyTorch prints for each scenario; one that hung or died says so in its ``failure``."""
        return [self.transcript(scenario) for scenario in scenarios]

    def transcript(self, scenario: Scenario) -> Transcript:
        """Return what PyTorch prints for one scenario."""
        return Transcript(tuple(self._run(scenario, variant) for variant in scenario.variants))

    def _run(self, scenario: Scenario, variant: Variant) -> RunLines:
        recorder = Recorder(choices_text(variant))
        request = {"code": program(scenario, variant), "states": self.states}
        try:
            self.start()
            self._send(request)
            for report in iter(lambda: self._receive(self.timeout), ["done"]):
                if report[0] == "step":
                    recorder.begin(report[1])
                elif report[0] == "lines":
                    recorder.say(report[1])
                elif report[0] == "state":
                    recorder.know(report[1], report[2])
                elif report[0] == "states end":
                    recorder.states_known = False
        except NoTorch as missing:  # it was there before, so this is about the one run only
            if not self.version:
                raise
            return recorder.end(str(missing))
        except WorkerDied as death:
            where = f" at step {recorder.number}" if recorder.number is not None else ""
            return recorder.end(f"{death}{where}")
        return recorder.end()

    def _send(self, request: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerDied(self._bury()) from error

    def _receive(self, timeout: float) -> list[Any]:
        """Return the next report; raise WorkerDied if none comes."""
        while True:
            try:
                line = self._reports.get(timeout=timeout)
            except Empty:
                self.close()
                raise WorkerDied(f"it hangs: nothing was heard of it for {timeout:g} seconds") from None
            if line is None:
                raise WorkerDied(self._bury())
            # An interpreter may print something of its own (a module that it imports as it starts): no report.
            if line.startswith(b"["):
                with suppress(ValueError):
                    report: list[Any] = json.loads(line)
                    return report

    def _bury(self) -> str:
        """Clear away the process that ended by itself, and return what it died of."""
        assert self._process is not None
        assert self._errors is not None
        status = self._process.wait()
        self._errors.seek(0)
        last_words = self._errors.read().decode("utf-8", errors="replace").strip().splitlines()[-1:]
        self.close()
        if status < 0:
            try:
                reason = f"it was killed by {signal.Signals(-status).name}"
            except ValueError:
                reason = f"it was killed by signal {-status}"
        else:
            reason = f"it ended with status {status}"
        return ": ".join([reason, *last_words])


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and with it what it started: ``python`` may be a script around the interpreter."""
    if process.poll() is None and hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def forward(stream: IO[bytes], queue: "SimpleQueue[bytes | None]") -> None:
    """Put each line of a stream into a queue, and None at its end."""
    for line in stream:
        queue.put(line)
    queue.put(None)


def nearest_dialect(version: str) -> Dialect:
    """Return the dialect whose release is nearest to a version of PyTorch (``2.6.0+cpu``), the newer one of two."""
    wanted = release(version)
    return min(reversed(DIALECTS), key=lambda dialect: abs(release(dialect) - wanted))


def release(version: str) -> int:
    """Return which release a version is, counting from 1.0: after 1.13 came 2.0."""
    major, minor = next(numbers(version), (2, 13))
    return minor + 14 * (major - 1)


def numbers(version: str) -> Iterator[tuple[int, int]]:
    """Yield the major and minor number of a version."""
    for found in re.finditer(r"(\d+)\.(\d+)", version):
        yield int(found[1]), int(found[2])
