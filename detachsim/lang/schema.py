"""The keys of a scenario file, the kinds of step and the options of each."""

from detachsim.lang.syntax import BLOCK_MODES

FILE_KEYS = ("title", "about", "dialect", "seed", "vary", "steps")
COMMON_OPTIONS = ("note", "warns", "raises")
OPTIONS: dict[str, tuple[str, ...]] = {
    "tensor": ("requires_grad", "dtype"),
    "op": (),
    "detach": (),
    "inplace": (),
    "backward": ("gradient", "retain_graph", "create_graph", "inputs"),
    "print": (),
    "say": (),
    **dict.fromkeys(BLOCK_MODES, ()),
    "repeat": ("steps", "as"),
    "del": (),
    "expect": ("atol", "rtol"),
}
KINDS = tuple(OPTIONS)
# The options that are true or false.
FLAGS = ("requires_grad", "retain_graph", "create_graph")
STEP_KEYS = frozenset((*KINDS, *COMMON_OPTIONS, *(option for options in OPTIONS.values() for option in options)))

# How a step of each kind is written, for the hints.
FORMS = {
    "tensor": "tensor: a = [1., 2.]",
    "op": "op: y = a * 2",
    "detach": "detach: c = y",
    "inplace": "inplace: c.zero_()",
    "backward": "backward: y.sum()",
    "print": "print: a.grad",
    "say": "say: text",
    "del": "del: a",
}

# What people write as a key who know Python or another language of tests, and what a scenario has for it.
_LOOP = "write `- repeat: COUNT` with `steps:` below"
_RAISES = "write `raises: TEXT` under the step that raises"
INSTEAD = {
    "for": _LOOP,
    "while": _LOOP,
    "loop": _LOOP,
    "range": _LOOP,
    "if": "a scenario has no branches",
    "assert": "write `- expect: {EXPR: value}`",
    "import": "torch, `F`, `nn` and `optim` are always there",
    "try": _RAISES,
    "except": _RAISES,
    "error": _RAISES,
    "step": "write `inplace: opt.step()`",
    "zero_grad": "write `inplace: opt.zero_grad()`",
    "edit": "write `inplace:`",
    "comment": "write `note:`",
    "grad": "write `gradient:`",
    "device": "there is one device, the CPU: leave it out",
}


def kind_of_option(option: str) -> str | None:
    """Return the kind that has ``option`` of its own, ``None`` where no kind has it."""
    return next((kind for kind, options in OPTIONS.items() if option in options), None)
