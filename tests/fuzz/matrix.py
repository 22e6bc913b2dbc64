"""The in-place matrix: every op form, an edit of each input and of the result in every way, then backward.

One scenario for each form; its runs are the edits. The forms are those of ``data/saved.json``.
"""

import re
from collections.abc import Iterator
from typing import Any

from detachsim.engine.tensor import Tensor
from tests.ops.harness import build, cases

WAYS = (
    "{}.mul_(2)",
    "{}.detach().mul_(2)",
    "{}.view_as({}).mul_(2)",
    "{}[...].detach().zero_()",
    "{}.data.mul_(2)",
    "{}.requires_grad_(False).mul_(2)",
    "{}.copy_({} * 2)",
)


def scenarios() -> Iterator[tuple[str, str]]:
    """Yield a name and the text of a scenario, two for each op form: a plain edit, and one under ``no_grad``."""
    for name, form in cases().items():
        for kind, text in (("op", form["expr"]), ("inplace", form.get("inplace", {}).get("expr", ""))):
            if not text or "SETITEM" in text or "detach()" in text:
                continue
            label = name if kind == "op" else f"{name}-inplace"
            if kind == "op" and re.search(r"\w_\(", text):
                kind, text = "inplace", f"out = {text}"
            targets = [*form["inputs"], "out"]
            edits = [
                way.replace("{}", target)
                for target in targets
                for way in WAYS
                # PyTorch reads whatever memory an index edited behind its back leads to.
                if not (".data" in way and "long" in form["inputs"].get(target, ()))
            ]
            yield label, scenario(form["inputs"], kind, text, [{"inplace": "${EDIT}", "raises": True}], edits)
            edits = [f"{target}.mul_(2)" for target in targets]
            block = {"no_grad": [{"inplace": "${EDIT}", "raises": True}]}
            yield f"{label}-no_grad", scenario(form["inputs"], kind, text, [block], edits)


def scenario(inputs: dict[str, Any], kind: str, text: str, editing: list[Any], edits: list[str]) -> str:
    """Return the text of a scenario: leaves, tensors made of them, the op, an edit, backward, what came of it."""
    import yaml

    steps: list[Any] = []
    made: dict[str, Tensor] = build(inputs)
    for name, tensor in made.items():
        spec = inputs[name]
        options: dict[str, Any] = {"dtype": tensor.dtype.name}
        if tensor.dtype.is_floating and "const" not in spec:
            options["requires_grad"] = True
        steps.append({"tensor": f"{name}0 = {rounded(tensor.array.tolist())}", **options})
        steps.append({"op": f"{name} = {name}0.clone()"})
    if kind == "op":
        steps.append({"op": f"out = {text}", "raises": True})
    else:
        steps.append({"inplace": text, "raises": True})
        if not text.startswith("out = "):
            steps.append({"op": "out = a"})
    steps += editing
    steps.append({"backward": "out.sum()", "raises": True})
    for name in [*made, "out"]:
        steps.append({"print": [f"{name}._version", f"{name}.grad_fn", name], "raises": True})
    steps.append({"print": [f"{name}0.grad" for name in made], "raises": True})
    document = {"seed": 0, "vary": {"EDIT": edits}, "steps": steps}
    made_text: str = yaml.safe_dump(document, sort_keys=False, width=1000)
    return made_text


def rounded(value: Any) -> Any:
    """Return numbers with few digits, which read well and stay apart."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value
