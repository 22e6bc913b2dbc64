"""Random scenarios by theme, for comparison with real PyTorch.

A theme says how often each kind of step comes. The kinds keep a rough record of shapes, so that most steps succeed;
each says ``raises: true``, so that a run goes on after an error.
"""

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.kinds import step
from tests.fuzz.writer import Known, Writer

_COMMON = {
    "leaf": 2,
    "unary": 3,
    "binary": 4,
    "view": 4,
    "edit": 5,
    "backward": 4,
    "detach": 1,
    "show": 3,
    "block": 1,
    "delete": 1,
    "retain": 1,
    "hook": 1,
}

THEMES: dict[str, dict[str, int]] = {
    "aliases": _COMMON
    | {
        "view": 6,
        "edit": 8,
        "pieces": 2,
        "detach": 2,
        "data_alias": 1,
        "rename": 1,
        "reduction": 1,
        "flag": 1,
        "grad": 1,
        "block": 2,
    },
    "edits": _COMMON
    | {
        "view": 5,
        "edit": 4,
        "rare_edit": 6,
        "pieces": 1,
        "data_alias": 1,
        "flag": 2,
        "index": 1,
        "comparison": 1,
        "several": 1,
    },
    "types": _COMMON
    | {"unary_call": 5, "binary": 7, "comparison": 2, "several": 3, "reduction": 3, "rare_edit": 1, "creation": 1},
    "ops": _COMMON
    | {
        "unary_call": 5,
        "several": 4,
        "reduction": 5,
        "product": 3,
        "index": 3,
        "comparison": 1,
        "creation": 1,
        "edit": 2,
        "random_creation": 1,
        "loss": 2,
    },
    "table": _COMMON | {"sampled": 12, "sampled_edit": 4, "second_order": 1},
    "nested": _COMMON | {"nested": 10, "nested_print": 5, "nested_edit": 5, "nested_backward": 4, "creation": 1},
    "passes": _COMMON
    | {
        "backward": 6,
        "backward_several": 2,
        "grad": 3,
        "second_order": 3,
        "hook": 3,
        "remove": 1,
        "retain": 2,
        "flag": 2,
        "repeat": 1,
        "block": 2,
        "pieces": 1,
    },
    "machine": _COMMON
    | {
        "backward": 2,
        "logging_hook": 3,
        "look_at_log": 3,
        "capturing_hook": 2,
        "seeded": 2,
        "kept_root": 2,
        "some_outputs": 2,
        "grad_of_several": 3,
        "to_inputs": 2,
        "grads": 3,
        "higher": 2,
        "look_at_nodes": 3,
        "behind": 1,
        "remove": 1,
        "retain": 2,
        "flag": 1,
        "block": 2,
        "edit": 3,
    },
    "training": _COMMON
    | {
        "module": 2,
        "layer": 5,
        "optimizer": 2,
        "optimize": 4,
        "loss": 4,
        "edit_module": 4,
        "clip": 1,
        "draw": 3,
        "repeat": 2,
        "edit": 1,
        "view": 1,
        "flag": 1,
        "product": 1,
    },
    "calls": {"call": 1},
    "mistakes": _COMMON | {"mistake": 10, "odd_index": 4, "edit": 2, "backward": 2, "creation": 1},
}

# What tests/torch/test_calls_live.py asks by itself is not among the scenarios that are counted together.
TOGETHER = tuple(theme for theme in THEMES if theme != "calls")

ALL_TYPES = ("float32", "float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool", "int8", "int16")
_TYPES = {
    "types": ALL_TYPES,
    "ops": ("float32", "float32", "float64", "int64"),
    "mistakes": ("float32", "float32", "int64", "bool"),
}


@st.composite
def scenario_texts(draw: Any, themes: tuple[str, ...] = TOGETHER, steps: int = 16) -> str:
    """Draw a scenario's YAML text, of one of ``themes`` and with at most so many steps besides the last looks."""
    theme = draw(st.sampled_from(themes))
    kinds = tuple(name for name, weight in THEMES[theme].items() for _ in range(weight))
    writer = Writer(draw, dtypes=_TYPES.get(theme, ("float32",)), kinds=kinds)
    first = draw(
        st.sampled_from(
            ["[1.5, -0.25, 2.0]", "[[0.5, 1.25, -1.0], [2.0, 0.75, 3.0]]", "0.75", "[[0.5, 1.5], [-1.0, 0.25]]"]
        )
    )
    shape = {"[1": (3,), "0.": (), "[[0.5, 1.2": (2, 3), "[[0.5, 1.5": (2, 2)}
    name = writer.new_name()
    writer.add("tensor", f"{name} = {first}", {"requires_grad": True})
    writer.names[name] = Known(next(made for start, made in shape.items() if first.startswith(start)))
    for _ in range(draw(st.integers(4, steps))):
        step(writer)
    for name in writer.names:
        writer.add("print", [name, f"{name}.grad", f"{name}._version"])
    return writer.text()
