"""Write the signatures that PyTorch's functions take their arguments by: ``engine/texts/signatures*.txt``.

Run it with the interpreter of the PyTorch to ask and the file to write; a second file, of a newer PyTorch, says what
need not be repeated::

    python tools/write_signatures.py detachsim/engine/texts/signatures.txt
    python3 tools/write_signatures.py detachsim/engine/texts/signatures_1_13.txt detachsim/engine/texts/signatures.txt

The signatures stand as text in PyTorch's compiled library. Which of them a method or function has, and in what
order, is what it says itself when it is called with far too many arguments. What PyTorch writes in Python has a
signature of Python's.
"""

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional
import torch.optim

sys.path.insert(0, str(Path(__file__).parent.parent))

from detachsim.engine.signatures import WORDS

HEAD = """\
# The signatures of PyTorch {version}, in its own notation and order; written by tools/write_signatures.py.
# m: a tensor's method; t: a function of torch; b and v: those below them where they are written in Python; n: of
# torch._C._nn; l: of torch._C._linalg; s: of torch._C._special; F: of torch.nn.functional, "=" saying which of the
# others it is; o: a constructor of torch.optim. "noargs" and "onearg" take just that many; "def" is written in Python,
# one "if" the argument behind it (name and place) is true.
"""

_TEXT = re.compile(rb"(?<![\x20-\x7e])([a-zA-Z_0-9]+)(\([\x20-\x7e]*\)(?:\|deprecated)?)(?=\x00)")

# An argument that fits nowhere; its name is short, since PyTorch cuts its texts off at 1023 characters.
_ODD = type("x", (), {})()
_MANY = 30

OPTIMIZERS = ["ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD"]
_IN_PYTHON = ("torch", "torch.functional", "torch.random", "torch.nn.functional")
_BUILTIN = ("method_descriptor", "builtin_function_or_method")
_OTHER_DEVICES = re.compile(r"cudnn|mkldnn|miopen|fbgemm|quantize|sparse|\bq_|fake_|mps|cuda|xpu")


def compiled() -> dict[str, list[str]]:
    """Return the texts of the library that look like signatures, by name."""
    library = Path(torch.__file__).parent / "lib" / "libtorch_python.so"
    found: dict[str, list[str]] = {}
    for name, text in _TEXT.findall(library.read_bytes()):
        texts = found.setdefault(name.decode(), [])
        if text.decode() not in texts:
            texts.append(text.decode())
    return found


def endings(found: dict[str, list[str]], name: str) -> list[str]:
    """Return the texts that may be a function's too although they are a part of a longer one's.

    A linker keeps one text for two where one ends with the other.
    """
    parts = [text for longer, texts in found.items() if longer.endswith(name) for text in texts]
    return list(dict.fromkeys(parts))


def written_types(text: str) -> list[tuple[str, str]]:
    """Return the types, as PyTorch prints them, and names of a signature."""
    pairs = []
    for part in text.partition("|")[0][1:-1].split(", "):
        kind, _, rest = part.partition(" ")
        if rest:
            bare = re.sub(r"(\[\d*\])?\??$", "", kind)
            pairs.append((WORDS.get(bare, bare), rest.partition("=")[0]))
    return pairs


def printed_types(line: str) -> list[tuple[str, str]]:
    """Return the same of a signature as PyTorch prints it."""
    pairs = []
    for part in line.strip()[1:-1].split(", "):
        kind, _, name = part.partition(" = ")[0].rpartition(" ")
        if kind:
            pairs.append((kind.replace("SymInt", "int"), name))
    return pairs


def said(call: Any, count: int = _MANY) -> str:
    """Return what PyTorch says of a call with far too many arguments, or with none."""
    try:
        call(*[_ODD] * count)
    except Exception as error:  # whatever it is: its text is what we came for
        return str(error)
    return ""


def fits_count(signature: str, text: str) -> bool:
    """Whether a signature has as many positional parameters as "takes from 1 to 3 positional arguments" says."""
    parts = [part for part in signature[1 : signature.rindex(")")].split(", ") if part]
    positional = len(parts[: parts.index("*")] if "*" in parts else parts)
    fewest = sum("=" not in part for part in parts if part != "*")
    found = re.search(r"takes (?:from (\d+) to )?(\d+) positional", text)
    return found is None or (int(found[1] or found[2]), int(found[2])) == (fewest, positional)


def fits_names(signature: str, text: str) -> bool:
    """Whether a signature has those parameters that an error says are missing."""
    names = re.findall(r'"(\w+)"', text) if "missing" in text else []
    return all(re.search(rf" {name}\b", signature) for name in names)


def signatures(call: Any, own: list[str], others: list[str], *, method: bool) -> list[str]:
    """Return the signatures of one function in PyTorch's order, nothing where they cannot be told.

    Those that its ``own`` texts do not have are looked for in ``others``.
    """
    text = said(call)
    if "takes no arguments" in text:
        return ["noargs"]
    if "takes exactly one argument" in text:
        return ["onearg"]
    pools = [[c for c in texts if not c.endswith("|deprecated")] for texts in (own, others)]
    ordered: list[str] = []
    lines = re.findall(r"(?: \* |but expected )(\(.*\))", text)
    for line in lines or [""]:
        for pool in pools:
            if line:
                fits = [c for c in pool if written_types(c) == printed_types(line)]
            else:
                fits = [c for c in pool if fits_count(c, text) and fits_names(c, said(call, 0))]
                of_place = [c for c in fits if bool(re.search(r"\bTensor input[,)=]", c)) != method]
                fits = of_place if method else of_place or fits
            if fits:
                break
        if len(fits) != 1:
            return []
        ordered += fits
    if lines:
        # PyTorch tries the deprecated ones last and never prints them.
        for hidden in (c for c in own if c.endswith("|deprecated")):
            on_tensor = any(name == "input" for _, name in written_types(hidden)[:2])
            if on_tensor != method:
                ordered.append(hidden)
    return ordered


def python_signature(function: Any) -> str:
    """Return the head of a function that is written in Python, without its annotations."""
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    plain = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    # 1.13 has an object of its own for a learning rate that must be given.
    return f"def {function.__qualname__}{plain}".replace("<required parameter>", "required")


def python_signatures(function: Any) -> list[str]:
    """Return the heads of a function in Python: several where arguments decide between functions."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    if "if_true" not in cells:
        return [python_signature(inspect.unwrap(function))]
    values = {name: cell.cell_contents for name, cell in cells.items()}
    flag = f") if {values['arg_name']} {values['arg_index']}"
    heads = [flag.join(head.rsplit(")", 1)) for head in python_signatures(values["if_true"])]
    return [*heads, *python_signatures(values["if_false"])]


def collect() -> dict[str, list[str]]:
    """Return what the file has: signatures by place and name."""
    found = compiled()
    table: dict[str, list[str]] = {}
    homes: dict[int, str] = {}
    tensor = torch.ones(2, 3)
    core: Any = torch._C
    spaces = {"m": torch.Tensor, "t": core._VariableFunctions, "n": core._nn, "l": core._linalg, "s": core._special}
    for place, space in spaces.items():
        for name in sorted(dir(space)):
            owner = getattr(space, name)
            if name in ("_is_view", "_unique2") or not (name.startswith("_") or _OTHER_DEVICES.search(name)):
                if type(owner).__name__ in _BUILTIN:
                    homes[id(owner)] = f"{place} {name}"
                    call = getattr(tensor, name) if place == "m" else owner
                    entry = signatures(call, found.get(name, []), endings(found, name), method=place == "m")
                    if entry:
                        table[f"{place} {name}"] = entry
                elif inspect.isfunction(owner):
                    table[f"{place} {name}"] = python_signatures(owner)
                    below = getattr(super(torch.Tensor, tensor), name, None)
                    if below and (entry := signatures(below, found.get(name, []), [], method=True)):
                        table[f"b {name}"] = entry
    for place, space in (("t", torch), ("F", torch.nn.functional)):
        for name in sorted(set(dir(space)) - {name for name in dir(space) if name.startswith("_")}):
            owner = getattr(space, name)
            if f"{place} {name}" in table and type(owner).__name__ in _BUILTIN:
                continue
            if inspect.isfunction(owner) and owner.__module__ in _IN_PYTHON:
                if f"{place} {name}" in table:
                    table[f"v {name}"] = table[f"{place} {name}"]
                table[f"{place} {name}"] = python_signatures(owner)
            elif place == "F" and type(owner).__name__ in _BUILTIN and id(owner) in homes:
                table[f"{place} {name}"] = [f"= {homes[id(owner)]}"]
            elif type(owner).__name__ in _BUILTIN and "takes no arguments" in said(owner):
                table[f"{place} {name}"] = ["noargs"]
    for name in OPTIMIZERS:
        table[f"o {name}"] = [python_signature(getattr(torch.optim, name).__init__)]
    return table


def read(path: Path) -> dict[str, list[str]]:
    """Return what a file has."""
    table: dict[str, list[str]] = {}
    key = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            table[key].append(line.strip())
        elif not line.startswith("#"):
            key = line
            table[key] = []
    return table


if __name__ == "__main__":
    made = collect()
    known = read(Path(sys.argv[2])) if len(sys.argv) > 2 else {}
    lines = [HEAD.format(version=str(torch.__version__).partition("a")[0].partition("+")[0]).rstrip()]
    for key in sorted(key for key in made if made[key] != known.get(key)):
        lines += [key, *(f"    {text}" for text in made[key])]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")
