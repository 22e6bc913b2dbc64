"""Which functions, methods, attributes and namespaces an expression may name, and what others may have meant."""

import builtins
import difflib
from collections.abc import Iterable, Set
from typing import NamedTuple

from detachsim.ops.vocabulary import Vocabulary

NAMESPACES = {
    "torch": "torch",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "optim": "torch.optim",
}
PYTHON_FUNCTIONS = frozenset(("len", "float", "int", "bool", "abs"))
PYTHON_CONSTANTS = frozenset(("inf", "nan"))
# The lines that a step stands for use these three, so a scenario can't give them another meaning.
UNBINDABLE = frozenset(("torch", "print", "range"))

_ONE_DEVICE = "there is one device, the CPU: leave it out"
# What people write who know Python, numpy or another PyTorch interface, and what a scenario has for it.
_INSTEAD = {
    "true": "Python spells it `True`",
    "false": "Python spells it `False`",
    "null": "Python spells it `None`",
    "none": "Python spells it `None`",
    "nil": "Python spells it `None`",
    "np": "there is no numpy in a scenario: use torch's functions",
    "numpy": "there is no numpy in a scenario: use torch's functions",
    "math": "there is no `math` in a scenario: use torch's functions",
    "pi": "write `torch.pi`",
    "no_grad": "write a block: `- no_grad:` with its steps below",
    "enable_grad": "write a block: `- enable_grad:` with its steps below",
    "inference_mode": "write a block: `- inference_mode:` with its steps below",
    "detect_anomaly": "write a block: `- detect_anomaly:` with its steps below",
    "set_grad_enabled": "write a block: `- no_grad:` or `- enable_grad:` with its steps below",
    "Variable": "since PyTorch 0.4 a tensor is enough",
    "forward_ad": "derivatives in forward mode are not simulated: use `torch.autograd.functional.jvp`",
    "func": "of the functional transforms there is `torch.autograd.functional`",
    "vmap": "`vmap` is not simulated: repeat steps with `repeat:`",
    "graph": "hooks on saved tensors are not simulated: read these as `grad_fn._saved_self`, and so on",
    "utils": "of `torch.utils` nothing is simulated, no checkpoints either",
    "gradcheck": "compare gradients with `expect:`",
    "Function": "functions of your own are not simulated: make the value from PyTorch's",
    "cuda": _ONE_DEVICE,
    "cuda()": _ONE_DEVICE,
    **dict.fromkeys(dir(builtins), "of Python's own functions there are `len`, `float`, `int`, `bool` and `abs`"),
    "print": "write a step of its own: `- print: EXPR`",
    "range": "repeat steps with `repeat:`",
}
MOST_GUESSES = 200


class Word(NamedTuple):
    """One name of an expression, with its place in the expression's text."""

    text: str
    start: int
    end: int


class Fault(NamedTuple):
    """A mistake within a text: the characters, what is wrong, how to mend it."""

    start: int
    end: int
    message: str
    hint: str | None = None


class Use(NamedTuple):
    """A name with the attributes that follow it: ``F.relu``, called or handed to a call as it is."""

    root: Word
    path: tuple[Word, ...]
    called: bool
    handed: bool


class Words:
    """The vocabulary, asked about the names of an expression."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        spaces = {*vocabulary.functions, *vocabulary.constants, *NAMESPACES.values()}
        self.spaces = frozenset(
            ".".join(name.split(".")[: n + 1]) for name in spaces for n in range(name.count(".") + 1)
        )
        empty: frozenset[str] = frozenset()
        self.bare = vocabulary.functions.get("torch", empty) | vocabulary.functions.get("torch.nn.functional", empty)
        self.guesses = 0
        # What the scenario itself names: parts of its modules, which are attributes from then on.
        self.named: set[str] = set()

    def nearest(self, word: str, among: Iterable[str]) -> str | None:
        """Return the hint with the right spelling nearest to ``word``, ``None`` where nothing is near."""
        self.guesses += 1
        if self.guesses > MOST_GUESSES:
            return None
        known = among if isinstance(among, (set, frozenset, dict)) else set(among)
        for same in (word.lower(), word.upper(), word):
            if same in known:
                return f"did you mean `{same}`?"
        near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.65)
        near = near or sorted(one for one in known if sorted(one) == sorted(word))  # `po` for `op`
        return f"did you mean `{near[0]}`?" if near else None

    def check(self, use: Use, bound: Set[str]) -> Fault | None:
        """Return what is wrong with a name and its attributes, given the names bound so far."""
        if use.root.text in bound:
            return self.check_path(use.path, use.called)
        return self._check_free(use, bound)

    def check_path(self, path: tuple[Word, ...], called: bool) -> Fault | None:
        """Return what is wrong with attributes of a value, the last one ``called`` or only read."""
        last = len(path) - 1
        for number, word in enumerate(path):
            fault = self._check_member(word, called and number == last)
            if fault is not None:
                return fault
        return None

    def _check_member(self, word: Word, called: bool) -> Fault | None:
        text, vocabulary = word.text, self.vocabulary
        if text in (vocabulary.methods if called else vocabulary.attributes) or text in self.named:
            return None
        if text.startswith("_") and text not in vocabulary.methods and text not in vocabulary.attributes:
            return Fault(word.start, word.end, f"names with a leading underscore, like `{text}`, are not allowed")
        if called and text in vocabulary.attributes:
            return Fault(
                word.start, word.end, f"`{text}` is an attribute, not a method", f"write `.{text}` without `()`"
            )
        if not called and text in vocabulary.methods:
            return Fault(word.start, word.end, f"`{text}` is a method, and it is not called", f"write `.{text}()`")
        what = "method" if called else "attribute"
        hint = _INSTEAD.get(text + "()") if called else None
        if hint is None and text in self.bare:
            hint = f"write it as a function: `{text}(…)`"
        hint = hint or self.nearest(text, vocabulary.methods if called else vocabulary.attributes | vocabulary.methods)
        return Fault(word.start, word.end, f"there is no {what} `{text}`", hint)

    def _check_free(self, use: Use, bound: Set[str]) -> Fault | None:
        root = use.root
        name = root.text
        if name in NAMESPACES:
            return self._check_namespace(use)
        if name in PYTHON_FUNCTIONS or name in self.bare:
            if use.path:
                hint = f"write `torch.{use.path[0].text}`" if use.path[0].text in self.bare else None
                return Fault(root.start, use.path[0].end, f"the function `{name}` has no attributes", hint)
            near = self.nearest(name, bound) if bound and not use.called and not use.handed else None
            fault = self._check_function_use(use, name, root.start, root.end)
            return fault if fault is None or near is None else Fault(fault.start, fault.end, fault.message, near)
        if name in PYTHON_CONSTANTS:
            return self.check_path(use.path, use.called)
        if name.startswith("_"):
            return Fault(root.start, root.end, f"names with a leading underscore, like `{name}`, are not allowed")
        what = "function" if use.called and not use.path else "name"
        return Fault(root.start, root.end, self._unknown(name, what), self._advice(name, bound))

    def _unknown(self, name: str, what: str) -> str:
        if what == "function":
            return f"there is no function `{name}`, and no step before this one binds it"
        return f"no step before this one binds `{name}`"

    def _advice(self, name: str, bound: Set[str]) -> str | None:
        if name in _INSTEAD:
            return _INSTEAD[name]
        vocabulary = self.vocabulary
        if name in vocabulary.constants.get("torch", ()):
            return f"write `torch.{name}`"
        for alias in ("nn", "optim"):
            if name in vocabulary.functions.get(NAMESPACES[alias], ()):
                return f"write `{alias}.{name}`"
        if "torch." + name in self.spaces:
            return f"write `torch.{name}`"
        near = self.nearest(name, bound) if bound else None
        if near is None and difflib.get_close_matches(name, NAMESPACES, n=1, cutoff=0.8):
            near = self.nearest(name, NAMESPACES)
        return near or self.nearest(name, self.bare | PYTHON_FUNCTIONS)

    def _check_namespace(self, use: Use) -> Fault | None:
        space, shown = NAMESPACES[use.root.text], use.root.text
        vocabulary = self.vocabulary
        for number, word in enumerate(use.path):
            deeper = f"{space}.{word.text}"
            rest = use.path[number + 1 :]
            if word.text in vocabulary.functions.get(space, ()) and not (rest and deeper in self.spaces):
                if rest:
                    return Fault(word.start, rest[0].end, f"the function `{word.text}` has no attributes")
                return self._check_function_use(use, f"{shown}.{word.text}", use.root.start, word.end)
            if word.text in vocabulary.constants.get(space, ()):
                if use.called and not rest:
                    message = f"`{shown}.{word.text}` is a value, not a function"
                    return Fault(use.root.start, word.end, message, "write it without `()`")
                return self.check_path(rest, use.called)
            if deeper not in self.spaces:
                return self._unknown_member(space, shown, word)
            space, shown = deeper, f"{shown}.{word.text}"
        end = use.path[-1].end if use.path else use.root.end
        message = f"`{shown}` is a module, not a value"
        return Fault(use.root.start, end, message, f"name something in it: `{shown}.…`")

    def _unknown_member(self, space: str, shown: str, word: Word) -> Fault:
        vocabulary = self.vocabulary
        if word.text.startswith("_"):
            message = f"names with a leading underscore, like `{word.text}`, are not allowed"
            return Fault(word.start, word.end, message)
        hint = _INSTEAD.get(word.text)
        if hint is None:
            for alias, other in NAMESPACES.items():
                if word.text in vocabulary.functions.get(other, ()):
                    hint = f"write `{alias}.{word.text}`"
                    break
        if hint is None:
            known = vocabulary.functions.get(space, frozenset()) | vocabulary.constants.get(space, frozenset())
            below = {name[len(space) + 1 :] for name in self.spaces if name.startswith(space + ".")}
            hint = self.nearest(word.text, known | below)
        return Fault(word.start, word.end, f"`{shown}` has no `{word.text}` that detachsim knows", hint)

    def _check_function_use(self, use: Use, shown: str, start: int, end: int) -> Fault | None:
        if use.called or use.handed:
            return None
        return Fault(start, end, f"`{shown}` is a function, and it is not called", f"write `{shown}(…)`")
