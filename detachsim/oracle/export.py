"""The PyTorch script that a scenario stands for.

One walk over the steps writes both the script that a person reads and the one that the worker runs: the second
has lines besides that tell the worker where each step begins.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

from detachsim.lang.code import code_lines
from detachsim.lang.syntax import (
    AnyStep,
    BlockStep,
    Call,
    DetachStep,
    ExpectStep,
    Expression,
    InplaceStep,
    OpStep,
    RepeatStep,
    Scenario,
    TensorStep,
    Variant,
    YamlValue,
)

INDENT = "    "
COMMENT_WIDTH = 100

# What a script prints has to be one stream with its warnings and the error that ends it, as in a transcript.
HEADER = '''\
def show_warning(message, category, *place):
    """Print a warning where it happens, without the place in PyTorch's source or the frames of anomaly mode."""
    text = f"{message}".split("\\n  File ")[0].split(" (Triggered internally at")[0]
    print(f"{category.__name__}: {text.strip()}")


def show_error(kind, error, trace):
    """Print the error that ends the script as one line, among the other lines."""
    print(f"{kind.__name__}: {error}")


warnings.simplefilter("always")
warnings.showwarning = show_warning
sys.excepthook = show_error
'''

# Several runs in one script: each starts from the same state, and its error ends no other run.
HEADER_OF_SEVERAL = '''\
warned = set()
once = (
    {once},
)


def show_warning(message, category, *place):
    """Print a warning where it happens, without the place in PyTorch's source or the frames of anomaly mode."""
    text = f"{{message}}".split("\\n  File ")[0].split(" (Triggered internally at")[0].strip()
    # PyTorch gives these once in a process; here they are to come once in each run.
    if text.startswith(once) and text in warned:
        return
    warned.add(text)
    print(f"{{category.__name__}}: {{text}}")


@contextlib.contextmanager
def run(choices):
    """Print the choices of a run, print the error that ends it, and forget its names and warnings."""
    print(f"# {{choices}}")
    before = dict(globals())
    try:
        yield
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}")
    for name in set(globals()) - set(before):
        del globals()[name]
    globals().update(before)
    warned.clear()


warnings.simplefilter("always")
warnings.showwarning = show_warning
torch.set_warn_always(True)
'''

ADDRESS_FREE_PRINT = '''\
def print(text):
    """Print without the addresses of objects, which differ each time."""
    builtins.print(re.sub("at 0x[0-9a-f]+", "at 0x…", text))
'''

HAS_ADDRESS = re.compile(r"\b(lambda|grad_fn|next_functions|register_\w*)\b")
IS_RANDOM = re.compile(
    r"\b(rand\w*|normal_?|uniform_|bernoulli_?|dropout_?|Dropout|multinomial|exponential_|nn\.\w+)\("
)


def script(scenario: Scenario, variant: int | None = None) -> str:
    """Return the script as a person would write it: one run of a ``vary`` (``variant``, from 0), or all without it."""
    variants = scenario.variants if variant is None else (scenario.variants[variant],)
    several = len(variants) > 1
    steps = "\n".join(run_text(scenario, each, several=several) for each in variants)
    has_address = HAS_ADDRESS.search(steps) is not None
    parts = [docstring(scenario), imports(steps, several=several, has_address=has_address)]
    if has_address:
        parts.append(ADDRESS_FREE_PRINT)
    parts.append(header_of_several() if several else HEADER)
    return "\n\n".join(part for part in parts if part) + "\n\n" + steps


def program(scenario: Scenario, variant: Variant) -> str:
    """Return the steps of one run with calls that tell the worker where each begins; the rest the worker has itself."""
    return "\n".join(Writer(variant.steps, marked=True).lines(variant.steps)) + "\n"


def choices_text(variant: Variant) -> str:
    """Return the choices of a run as a transcript names them."""
    return ", ".join(f"{name}={text}" for name, text in variant.choices)


def run_text(scenario: Scenario, variant: Variant, *, several: bool) -> str:
    """Return the steps of one run, under what makes it fresh if it is one of several."""
    lines = Writer(variant.steps, marked=False).lines(variant.steps)
    if (seed := seed_line(scenario, lines)) is not None:
        lines = [seed, *lines]
    if several:
        lines = [f"with run({choices_text(variant)!r}):", *indented(lines)]
    elif variant.choices:
        lines = [f"print({'# ' + choices_text(variant)!r})", *lines]
    return "\n".join(lines) + "\n"


def seed_line(scenario: Scenario, lines: Sequence[str]) -> str | None:
    """Return the line that makes the random numbers those of the simulation; None where there are none."""
    if scenario.seed is not None:
        return f"torch.manual_seed({scenario.seed})"
    if any(IS_RANDOM.search(line) for line in lines):
        from detachsim.engine.generator import DEFAULT_SEED

        return f"torch.manual_seed({DEFAULT_SEED})  # where detachsim starts; PyTorch starts elsewhere each time"
    return None


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
    return f'"""{text}\n"""\n' if "\n" in text or text.endswith('"') else f'"""{text}"""\n'


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

    return HEADER_OF_SEVERAL.format(once=f",\n{INDENT}".join(repr(text) for text in ONCE))


def indented(lines: Sequence[str]) -> list[str]:
    """Return the lines one level deeper."""
    return [INDENT + line if line else "" for line in lines]


class Writer:
    """Writes steps as Python lines; with ``marked``, together with what tells the worker where each begins."""

    def __init__(self, steps: Sequence[AnyStep], *, marked: bool) -> None:
        self.marked = marked
        names = set(bound_names(steps))
        self.error = next(
            name for name in ("error", "failure", *(f"error{n}" for n in range(len(names)))) if name not in names
        )
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
        comments = comment(step.note) if step.note else []
        if step.warns is not None:
            comments += comment(f"warns: {step.warns}")
        match step:
            case ExpectStep():
                comments += [line for each in step.expectations for line in comment(expectation_text(*each))]
                code = []
            case BlockStep():
                code = [*code_lines(step), *indented(self.block(step.steps, f"{number}."))]
            case RepeatStep():
                inner = self.block(step.steps, f"{number}[].")
                if self.marked:
                    inner = [f"_next({number!r})", *inner]
                code = [*code_lines(step), *indented(inner)]
                if self.marked:
                    code = [f"_loop({number!r})", *code]
            case _:
                code = list(code_lines(step))
        compound = isinstance(step, (BlockStep, RepeatStep)) or step.raises is not None
        if step.raises is not None:
            code = self.guarded(code, step.raises)
        if self.marked:
            code = [f"_step({number!r})", *code]
        return comments, code, compound

    def block(self, steps: Sequence[AnyStep], outer: str) -> list[str]:
        """Return the lines inside a compound statement, where Python wants at least one that does something."""
        lines = self.lines(steps, outer)
        return lines if any(line and not line.startswith("#") for line in lines) else [*lines, "pass"]

    def guarded(self, code: Sequence[str], raises: str | bool) -> list[str]:
        """Return code whose error is expected: it is printed, and the script goes on."""
        reason = "" if raises is True else f"  # {' '.join(str(raises).split())}"
        return [
            "try:",
            *indented(code or ["pass"]),
            f"except Exception as {self.error}:{reason}",
            f'{INDENT}print(f"{{{self.type_of_error}.__name__}}: {{{self.error}}}")',
        ]


def comment(text: str) -> list[str]:
    """Return text as comment lines."""
    lines = (line for part in text.split("\n") for line in textwrap.wrap(part, COMMENT_WIDTH) or [""])
    return [f"# {line}".rstrip() for line in lines]


def expectation_text(expression: Expression, value: YamlValue) -> str:
    """Return what an ``expect`` says, as a comment says it."""
    return f"{expression.text} is {value!r} here"


def bound_names(steps: Sequence[AnyStep]) -> Iterator[str]:
    """Yield every name that a step binds."""
    for step in steps:
        match step:
            case TensorStep() | DetachStep():
                yield step.name
            case OpStep():
                yield from step.names
            case InplaceStep(statement=Call() as call):
                yield from call.names
            case RepeatStep():
                if step.variable:
                    yield step.variable
                yield from bound_names(step.steps)
            case BlockStep():
                yield from bound_names(step.steps)
            case _:
                pass
