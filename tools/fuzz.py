"""Compare many random scenarios with real PyTorch, and sum up where the two disagree.

``python tools/fuzz.py --examples 20000 --seed 1 --jobs 2`` needs hypothesis and torch. Each group of disagreements is
shown with the shortest of its scenarios; with ``--shrink`` hypothesis makes that one as small as it can. ``--mangle``
needs no torch: it breaks the text of each scenario, and reports what makes ``detachsim run`` show a traceback.
"""

import argparse
import re
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


@dataclass
class Findings:
    """What became of the scenarios, and one example of each kind of disagreement."""

    outcomes: Counter[str] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    other_digits: int = 0

    def add(self, group: str, example: str) -> None:
        """Note one disagreement; the shortest example of a group is kept."""
        self.groups[group] += 1
        if group not in self.examples or len(example) < len(self.examples[group]):
            self.examples[group] = example

    def merge(self, other: "Findings") -> None:
        """Add what another process found."""
        self.outcomes += other.outcomes
        self.other_digits += other.other_digits
        for group, count in other.groups.items():
            self.add(group, other.examples[group])
            self.groups[group] += count - 1


def compare(
    examples: int, seed: int, themes: tuple[str, ...], states: bool, shrink: bool, python: str | None
) -> Findings:
    """Compare so many scenarios with the PyTorch of ``python``, of this interpreter if it is ``None``."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    from detachsim.oracle.process import Oracle
    from detachsim.oracle.verify import differences_text, verify
    from tests.fuzz.judging import is_rounding
    from tests.fuzz.loading import NAME, loaded
    from tests.fuzz.scenarios import scenario_texts

    findings = Findings()
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    failing = ""

    with Oracle(python, states=states) as oracle:

        @seeded(seed)
        @settings(
            max_examples=examples, database=None, deadline=None, phases=phases, suppress_health_check=list(HealthCheck)
        )
        @given(scenario_texts(themes))
        def run(text: str) -> None:
            nonlocal failing
            scenario, text = loaded(text)
            try:
                verification = verify(oracle, scenario)
            except Exception:
                trace = traceback.format_exc()
                findings.outcomes["broke"] += 1
                findings.add(trace.strip().splitlines()[-1], text + "\n" + trace)
                return
            rounding = verification.outcome == "differs" and is_rounding(verification.differences)
            findings.outcomes["differs by rounding" if rounding else verification.outcome] += 1
            if verification.outcome == "agrees" and verification.ours.text() != verification.theirs.text():
                findings.other_digits += 1
            if verification.outcome == "differs":
                report = differences_text(NAME, verification.differences, "torch")
                findings.add("rounding" if rounding else group_of(report), text + report)
                if shrink:
                    failing = text + report
                    raise AssertionError

        try:
            run()
        except AssertionError:
            findings.examples = {"shrunk": failing}
            findings.groups = Counter({"shrunk": 1})
    return findings


def group_of(report: str) -> str:
    """Return a disagreement without what differs from scenario to scenario: numbers and names."""
    ours: list[str] = []
    theirs: list[str] = []
    facts: list[str] = []
    side = facts
    for line in report.splitlines()[1:]:
        if line.startswith("    detachsim"):
            side = ours
        elif line.startswith("    torch"):
            side = theirs
        elif "steps differ after it" not in line and "step differs" not in line:
            side.append(line.strip().removeprefix("| "))
    unlike = [pair for pair in zip([*ours, "-"], [*theirs, "-"], strict=False) if pair[0] != pair[1]]
    text = "\n".join(facts[:2] + [f"ours   {one}\ntorch  {other}" for one, other in unlike[:1]])
    text = re.sub(r"\bt\d+", "t", text)
    return re.sub(r"-?\d+(\.\d*)?(e[+-]?\d+)?", "N", text)


def break_texts(examples: int, seed: int, themes: tuple[str, ...]) -> Findings:
    """Run so many scenarios with broken texts, and note what should never come out."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    from tests.fuzz.mangling import COMMANDS, mangled_bytes, mangled_texts, outcome_of, scrambled_texts

    findings = Findings()

    @seeded(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.one_of(mangled_texts(themes), scrambled_texts(themes), mangled_bytes(themes)), st.sampled_from([*COMMANDS])
    )
    def run(text: str | bytes, command: str) -> None:
        status, trace = outcome_of(text, command=command)
        findings.outcomes[f"status {status}"] += 1
        if trace:
            findings.add(trace.strip().splitlines()[-1], f"{command}: {text!r}\n{trace}")

    run()
    return findings


def main() -> None:
    """Run it."""
    from tests.fuzz.scenarios import THEMES

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="how many processes share the work")
    parser.add_argument("--themes", default=",".join(THEMES), help="the kinds of scenario, joined by commas")
    parser.add_argument("--states", action="store_true", help="compare more than what is printed")
    parser.add_argument("--shrink", action="store_true", help="stop at the first disagreement and make it small")
    parser.add_argument("--python", help="the interpreter whose PyTorch is asked (another release, its dialect)")
    parser.add_argument("--mangle", action="store_true", help="break the texts, and look for tracebacks instead")
    parser.add_argument("--show", type=int, default=10, help="of how many groups to show an example")
    options = parser.parse_args()
    themes = tuple(options.themes.split(","))
    began = time.monotonic()
    findings = Findings()
    # Small portions: hypothesis tends to vary what it has drawn before.
    portions = [min(250, options.examples - start) for start in range(0, options.examples, 250)]
    with ProcessPoolExecutor(options.jobs) as pool:
        jobs = [
            pool.submit(break_texts, portion, options.seed * 1000 + number, themes)
            if options.mangle
            else pool.submit(
                compare, portion, options.seed * 1000 + number, themes, options.states, options.shrink, options.python
            )
            for number, portion in enumerate(portions)
        ]
        for job in jobs:
            findings.merge(job.result())
    for group, count in findings.groups.most_common():
        print(f"== {count} times\n{group}")
    for group, _ in findings.groups.most_common(options.show):
        print(f"\n== {group}\n{findings.examples[group]}")
    print(dict(findings.outcomes), f"{findings.other_digits} agree but for last digits", sep="\n")
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
