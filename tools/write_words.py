"""Write what is known of the tables without importing them: ``ops/words.py`` and ``ops/names.py``.

``words.py`` has every word that an expression may use, ``names.py`` which family of rows has which names.

Reading a scenario must not wait for the tables (and numpy) to be imported, so their words are kept as plain text. A
test holds the file to the tables; run this after adding an op: ``python tools/write_words.py``.
"""

import textwrap
from importlib import import_module
from pathlib import Path

OPS = Path(__file__).parent.parent / "detachsim" / "ops"
WIDTH = 110


def collect() -> dict[str, set[str]]:
    """Return the words by what they are."""
    from detachsim.ops.nn import adaptive, spectral_norm, weight_norm
    from detachsim.ops.table import whole_library
    from detachsim.run import constructors, functions, nodes, sequences, tensors

    words: dict[str, set[str]] = {
        "TORCH": {*functions.FUNCTIONS["torch"], *constructors.constructors("torch")},
        "FUNCTIONAL": set(functions.FUNCTIONS["torch.nn.functional"]),
        "LINALG": set(),
        "SPECIAL": set(),
        "AUTOGRAD": set(functions.FUNCTIONS["torch.autograd"]),
        "DERIVATIVES": set(functions.FUNCTIONS["torch.autograd.functional"]),
        "MODULES": set(constructors.constructors("torch.nn")),
        "INIT": set(constructors.constructors("torch.nn.init")),
        "UTILS": set(constructors.constructors("torch.nn.utils")),
        "PARAMETRIZATIONS": set(constructors.constructors("torch.nn.utils.parametrizations")),
        "SEQUENCES": set(constructors.constructors("torch.nn.utils.rnn")),
        "TRANSFORMERS": set(constructors.constructors("torch.nn.Transformer")),
        "TABLES": set(constructors.constructors("torch.nn.Embedding")),
        "SCHEDULES": set(constructors.constructors("torch.optim.lr_scheduler")),
        "OPTIMIZERS": set(constructors.constructors("torch.optim")),
        "CONSTANTS": set(functions.CONSTANTS) | {"bool"},
        "METHODS": set(tensors.METHODS) | nodes.METHODS | sequences.LIST_METHODS | {"remove"},
        "ATTRIBUTES": set(tensors.ATTRIBUTES) | {"next_functions", "variable", "metadata"},
        "SETTABLE": set(tensors.SETTERS) | {"is_leaf", "grad_fn", "_version"},
        "INPLACE_METHODS": {"step", "zero_grad"},
    }
    for name, overloads in whole_library().sets.items():
        for op in overloads.ops:
            if "m" in op.where:
                words["METHODS"].add(name)
            if "t" in op.where:
                words["TORCH"].add(name)
            if "F" in op.where:
                words["FUNCTIONAL"].add(name)
            if "l" in op.where:
                words["LINALG"].add(name.removeprefix("linalg_"))
            if "s" in op.where:
                words["SPECIAL"].add(name.removeprefix("special_"))
            words["ATTRIBUTES"].update(op.outputs)
            if op.grad_fn:
                words["ATTRIBUTES"].update(nodes.saved_names(op))
    words["ATTRIBUTES"].update((*weight_norm.NAMES, *spectral_norm.NAMES, *adaptive.FIELDS))
    for kind in constructors.classes():
        words["METHODS"].update(name for name in kind.METHODS if not name.startswith("__"))
        words["ATTRIBUTES"].update(kind.ATTRIBUTES)
        words["SETTABLE"].update(getattr(kind, "SETTERS", {}))
    return words


def names() -> dict[str, set[str]]:
    """Return the names of each family's rows and helpers, overloads too."""
    from detachsim.ops.table import FAMILIES

    found: dict[str, set[str]] = {}
    for family in FAMILIES:
        module = import_module(f"detachsim.ops.{family}")
        rows = [row for op in module.ROWS for row in ([op, op.in_place()] if op.inplace else [op])]
        found[family] = {*(row.name for row in rows), *(row.label for row in rows), *getattr(module, "HELPERS", {})}
    return found


def names_text(found: dict[str, set[str]]) -> str:
    """Return the source of ``names.py``."""
    lines = [
        '"""Which family of rows has which names; written by tools/write_words.py from the tables."""',
        "",
        "NAMES = {",
    ]
    for family, members in found.items():
        lines.append(f'    "{family}": """')
        lines += [*textwrap.wrap(" ".join(sorted(members)), WIDTH, break_on_hyphens=False), '""",']
    return "\n".join([*lines, "}"]) + "\n"


def text(words: dict[str, set[str]]) -> str:
    """Return the module's source."""
    lines = [
        '"""Every word that an expression may use; written by tools/write_words.py from the tables."""',
    ]
    for group, members in words.items():
        lines += ["", f'{group} = """']
        line = ""
        for word in sorted(members):
            if line and len(line) + len(word) + 1 > WIDTH:
                lines.append(line)
                line = ""
            line = f"{line} {word}" if line else word
        lines += [*([line] if line else []), '"""']
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (OPS / "names.py").write_text(names_text(names()), encoding="utf-8")
    (OPS / "words.py").write_text(text(collect()), encoding="utf-8")
