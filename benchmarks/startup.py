"""Time whole processes: a short scenario, bare imports, and the same program in PyTorch.

    python benchmarks/startup.py

The scenario is the fourth program of the tutorial about detach, its output piped. Rounds are interleaved; the ratios
printed are medians over the rounds.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCENARIO = ROOT / "scenarios" / "detach" / "edit.yaml"
ROUNDS = 15
SLOWER_THAN_IMPORTS = 2.0
FASTER_THAN_TORCH = 5.0


def seconds(command: list[str]) -> float:
    """Return the wall time of one process; a failing one (PyTorch's script ends with its error) counts, too."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, env=environment, check=False)
    return time.perf_counter() - start


def main() -> int:
    """Print medians and ratios; status 1 where a target is missed."""
    python = sys.executable
    detachsim = [python, "-m", "detachsim"]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "edit.py"
        exported = subprocess.run(
            [*detachsim, "export", str(SCENARIO)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        script.write_text(exported.stdout, encoding="utf-8")
        commands = {
            "detachsim run": [*detachsim, "run", str(SCENARIO)],
            "import numpy, yaml": [python, "-c", "import numpy, yaml"],
            "pass": [python, "-c", "pass"],
        }
        if not subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode:
            commands["torch script"] = [python, str(script)]
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(seconds(command))
    for name, values in times.items():
        print(f"{name:20} {statistics.median(values) * 1000:6.0f} ms")
    run = times["detachsim run"]
    imports = statistics.median(a / b for a, b in zip(run, times["import numpy, yaml"], strict=True))
    print(f"detachsim run takes {imports:.2f} times as long as the imports (target {SLOWER_THAN_IMPORTS})")
    good = imports <= SLOWER_THAN_IMPORTS
    if "torch script" in times:
        torch = statistics.median(b / a for a, b in zip(run, times["torch script"], strict=True))
        print(f"and is {torch:.1f} times as fast as PyTorch (target {FASTER_THAN_TORCH})")
        good = good and torch >= FASTER_THAN_TORCH
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
