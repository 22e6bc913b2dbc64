"""The PyTorch script that a scenario stands for.

One walk over the steps writes both the script that a person reads and the one that the worker runs: the second
has lines besides that tell the worker where each step begins.
"""

import re
import textwrap
from collections.abc import Sequence
from itertools import count
from typing import Literal

from detachsim.lang.code import bound_by, code_lines, quoted, with_bound
from detachsim.lang.syntax import AnyStep, BlockStep, ExpectStep, RepeatStep, Scenario, Variant

INDENT = "    "
COMMENT_WIDTH = 100

# What a script prints has to be one stream with its warnings and the error that ends it, as in a transcript.
HEADER = """\
# Warnings, and the error that ends the script, are printed among its other lines: the text alone,
# without places in files.
def show_warning(message, category, *place):
    text = f"{message}".split("\\n  File ")[0].split(" (Triggered internally at")[0]
    print(f"{category.__name__}: {text.strip()}")


def show_error(kind, error, trace):
    print(f"{kind.__name__}: {error}")


warnings.simplefilter("always")
warnings.showwarning = show_warning
sys.excepthook = show_error
"""

# Several runs in one script: each starts from the same state, and its error ends no other run.
HEADER_OF_SEVERAL = """\
# PyTorch gives these warnings once in a process; here they are to come once in each run.
ONCE = (
    {once},
)
WARNED = set()


# Warnings, and the error that ends a run, are printed among the other lines: the text alone, without
# places in files.
def show_warning(message, category, *place):
    text = f"{{message}}".split("\\n  File ")[0].split(" (Triggered internally at")[0].strip()
    if not text.startswith(ONCE) or text not in WARNED:
        print(f"{{category.__name__}}: {{text}}")
    WARNED.add(text)


# Each run starts fresh: afterwards its names and its warnings are forgotten.
@contextlib.contextmanager
def run(choices):
    print(f"# {{choices}}")
    before = {{**globals()}}
    try:
        yield
    except Exception as error:
        print(f"{{error.__class__.__name__}}: {{error}}")
    for name in {{*globals()}} - {{*before}}:
        del globals()[name]
    globals().update(before)
    WARNED.clear()


warnings.simplefilter("always")
warnings.showwarning = show_warning
torch.set_warn_always(True)
"""

ADDRESS_FREE_PRINT = """\
# An object's address differs each time, so it is left out.
def print(text):
    builtins.print(re.sub("at 0x[0-9a-f]+", "at 0x…", text))
"""

# Code whose result may be printed with its address, and code that needs the random generator.
HAS_ADDRESS = re.compile(r"^[^#]*\b(lambda|grad_fn\b(?!\.name)|next_functions|register_\w*)", re.MULTILINE)
IS_RANDOM = re.compile(
    r"^[^#]*\b(rand\w*|normal_?|uniform_|bernoulli_?|dropout_?|Dropout|multinomial|exponential_|nn\.\w+)\("
)


def script(scenario: Scenario, variant: int | None = None) -> str:
    """Return the script as a person would write it: one run of a ``vary`` (``variant``, from 0), or all without it."""
    variants = scenario.variants if variant is None else (scenario.variants[variant],)
    several = len(variants) > 1
    steps = "\n".join(run_text(scenario, each, several=several) for each in variants)
    has_address = HAS_ADDRESS.search(steps) is not None
    parts = [imports(steps, several=several, has_address=has_address)]
    if has_address:
        parts.append(ADDRESS_FREE_PRINT)
    parts += [header_of_several() if several else HEADER, steps]
    return docstring(scenario) + "\n\n".join(parts)


def program(scenario: Scenario, variant: Variant) -> str:
    """Return the steps of one run with calls that tell the worker where each begins; the rest the worker has itself."""
    lines = Writer(variant.steps, marked=True).lines(variant.steps)
    return "\n".join([*seed_lines(scenario, lines), *lines]) + "\n"


def choices_text(variant: Variant) -> str:
    """Return the choices of a run as a transcript names them."""
    return ", ".join(f"{name}={text}" for name, text in variant.choices)


def run_text(scenario: Scenario, variant: Variant, *, several: bool) -> str:
    """Return the steps of one run, under what makes it fresh if it is one of several."""
    lines = Writer(variant.steps, marked=False).lines(variant.steps)
    if several and not does_something(lines):
        lines.append("pass")
    lines = [*seed_lines(scenario, lines), *lines]
    if several:
        lines = [f"with run({quoted(choices_text(variant))}):", *indented(lines)]
    elif variant.choices:
        lines = [f"print({quoted('# ' + choices_text(variant))})", *lines]
    return "\n".join(lines) + "\n"


def seed_lines(scenario: Scenario, lines: Sequence[str]) -> list[str]:
    """Return the line that makes the random numbers those of the simulation; none where there are no random numbers."""
    if scenario.seed is not None:
        return [f"torch.manual_seed({scenario.seed})"]
    if any(IS_RANDOM.search(line) for line in lines):
        from detachsim.engine.generator import DEFAULT_SEED

        return [f"torch.manual_seed({DEFAULT_SEED})  # where detachsim starts; PyTorch starts elsewhere each time"]
    return []


def docstring(scenario: Scenario) -> str:
    """Return the title and what the scenario teaches as the script's docstring; empty without both."""
    paragraphs = [
        textwrap.fill(paragraph, COMMENT_WIDTH)
        for text in (scenario.title, scenario.about)
        if text
        for paragraph in text.strip().split("\n\n")
    ]
    text = "\n\n".join(paragraphs).replace("\\", "\\\\").replace('"""', '\\"""')
    if not text:
        return ""
    return f'"""{text}\n"""\n\n' if "\n" in text or text.endswith('"') else f'"""{text}"""\n\n'


def imports(steps: str, *, several: bool, has_address: bool) -> str:
    """Return the import lines of what the script uses."""
    standard = ["import warnings"]
    standard += ["import contextlib"] if several else ["import sys"]
    standard += ["import builtins", "import re"] if has_address else []
    torch = ["import torch"]
    if re.search(r"\bF\.", steps):
        torch.append("import torch.nn.functional as F")
    parts = [name for name in ("nn", "optim") if re.search(rf"(?<!\.)\b{name}\.", steps)]
    if parts:
        torch.append(f"from torch import {', '.join(parts)}")
    return "\n".join([*sorted(standard), "", *torch]) + "\n"


def header_of_several() -> str:
    """Return what stands before the runs of a ``vary``."""
    from detachsim.oracle.worker import ONCE

    return HEADER_OF_SEVERAL.format(once=f",\n{INDENT}".join(map(quoted, ONCE)))


def indented(lines: Sequence[str]) -> list[str]:
    """Return the lines one level deeper."""
    return [INDENT + line if line else "" for line in lines]


class Writer:
    """Writes the steps of one run as Python lines; with ``marked``, together with what tells the worker where it is."""

    def __init__(self, steps: Sequence[AnyStep], *, marked: bool) -> None:
        self.marked = marked
        self.bound: set[str] = set()
        names = {name for step, _ in with_bound(steps) for name in bound_by(step)}
        self.error = next(name for length in count() if (name := "error" + "_" * length) not in names)
        self.type_of_error = f"{self.error}.__class__" if "type" in names else f"type({self.error})"

    def lines(self, steps: Sequence[AnyStep], outer: str = "") -> list[str]:
        """Return the lines of a list of steps, ``outer`` being what their numbers begin with."""
        lines: list[str] = []
        apart = False
        for step in steps:
            comments, code, compound = self.step(step, f"{outer}{step.index}")
            if lines and (comments or compound or apart):
                lines.append("")
            lines += comments
            lines += code
            apart = compound
        return lines

    def step(self, step: AnyStep, number: str) -> tuple[list[str], list[str], bool]:
        """Return the comments of a step, its code, and whether that is a compound statement."""
        from detachsim.ops.vocabulary import VOCABULARY

        comments = comment(step.note) if step.note else []
        if step.warns is not None:
            comments += comment(f"warns: {step.warns}")
        code = list(code_lines(step, self.bound, VOCABULARY))
        self.bound.update(bound_by(step))
        if isinstance(step, ExpectStep):
            comments, code = comments + code + (comment(f"raises: {step.raises}") if step.raises else []), []
        elif isinstance(step, BlockStep):
            code += indented(self.block(step.steps, f"{number}."))
        elif isinstance(step, RepeatStep):
            inner = self.block(step.steps, f"{number}[].")
            code += indented([f"_next({number!r})", *inner] if self.marked else inner)
            if self.marked:
                code.insert(0, f"_loop({number!r})")
        guarded = step.raises is not None and not isinstance(step, ExpectStep)
        compound = isinstance(step, BlockStep | RepeatStep) or guarded
        if step.raises is not None and guarded:
            code = self.guarded(code, step.raises)
        if self.marked:
            code.insert(0, f"_step({number!r})")
        return comments, code, compound

    def block(self, steps: Sequence[AnyStep], outer: str) -> list[str]:
        """Return the lines inside a compound statement, where Python wants at least one that does something."""
        lines = self.lines(steps, outer)
        return lines if does_something(lines) else [*lines, "pass"]

    def guarded(self, code: Sequence[str], raises: str | Literal[True]) -> list[str]:
        """Return code whose error is expected: it is printed, and the script goes on; another error passes through."""
        line = f'f"{{{self.type_of_error}.__name__}}: {{{self.error}}}"'
        check = [] if raises is True else [f"if {quoted(raises)} not in {line}:", f"{INDENT}raise"]
        return [
            "try:",
            *indented(code if does_something(code) else [*code, "pass"]),
            f"except Exception as {self.error}:",
            *indented([*check, f"print({line})"]),
        ]


def comment(text: str) -> list[str]:
    """Return text as comment lines."""
    lines = (line for part in text.split("\n") for line in textwrap.wrap(part, COMMENT_WIDTH) or [""])
    return [f"# {line}".rstrip() for line in lines]


def does_something(lines: Sequence[str]) -> bool:
    """Say whether any of the lines is more than a comment or a word to the worker."""
    return any(line and not line.startswith(("#", "_")) for line in lines)
