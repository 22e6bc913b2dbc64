"""The options of steps: those that every kind has, and the values of a kind's own."""

from typing import Literal

from detachsim.lang.nodes import Node, Scalar
from detachsim.lang.schema import COMMON_OPTIONS, INSTEAD, KINDS, OPTIONS, kind_of_option
from detachsim.lang.step_texts import StepTexts
from detachsim.lang.syntax import BLOCK_MODES
from detachsim.lang.traps import cut_by_comment
from detachsim.lang.values import resolve
from detachsim.marks import Span

DEFAULT_TOLERANCE = 1e-4
_NOT_DTYPES = frozenset(("inf", "nan", "pi", "e", "newaxis"))


class Common:
    """The fields that every step has, as they are gathered."""

    __slots__ = ("index", "note", "raises", "span", "warns")

    def __init__(self, index: int, span: Span) -> None:
        self.index = index
        self.span = span
        self.note: str | None = None
        self.warns: str | None = None
        self.raises: str | Literal[True] | None = None

    @property
    def fields(self) -> tuple[int, Span, str | None, str | None, str | Literal[True] | None]:
        """All of them, in the order in which a step takes them."""
        return self.index, self.span, self.note, self.warns, self.raises


class OptionReader(StepTexts):
    """Reads the options beside a step's kind."""

    def _read_options(self, kind: str, options: list[tuple[Scalar, Node]], common: Common) -> dict[str, Node]:
        own: dict[str, Node] = {}
        for key, node in options:
            name = key.value
            if name in OPTIONS[kind]:
                own.setdefault(name, node)
            elif name == "note":
                common.note = self._reader_text(node, name)
            elif name == "warns":
                common.warns = self._expected_text(node, name)
            elif name == "raises":
                value = self._value_node(node)
                if isinstance(value, Scalar) and value.plain and value.value in ("true", "True", "TRUE"):
                    common.raises = True
                else:
                    common.raises = self._expected_text(node, name)
            elif name != "<<":
                self._refuse_option(kind, key)
        return own

    def _refuse_option(self, kind: str, key: Scalar) -> None:
        name = key.value
        owner = kind_of_option(name)
        known = (*OPTIONS[kind], *COMMON_OPTIONS)
        if name == "steps" and kind in BLOCK_MODES:
            self._refuse(key, f"`{kind}` has no `steps`", f"the list of steps stands right under `{kind}:`")
        elif owner is not None:
            self._refuse(key, f"`{name}` is an option of `{owner}`, not of `{kind}`", None)
        else:
            hint = INSTEAD.get(name) or self.words.nearest(name, known) or self.words.nearest(name, KINDS)
            hint = hint or f"its options are {', '.join(known)}"
            self._refuse(key, f"`{kind}` has no option `{name}`", hint)

    def _reader_text(self, node: Node, key: str) -> str | None:
        """Return a text that people read."""
        scalar = self._text(node, key)
        if scalar is None:
            return None
        if scalar.plain and (mistake := cut_by_comment(self.text, scalar.end)):
            self.mistakes.append(mistake)
        return scalar.value.rstrip("\n") if key == "note" else scalar.value

    def _expected_text(self, node: Node, key: str) -> str | None:
        what = "a part of the warning's text" if key == "warns" else "a part of the error's text, or `true`"
        scalar = self._text(node, key, what)
        if scalar is None:
            return None
        value = self._value_node(node)
        if isinstance(value, Scalar) and value.plain and isinstance(resolve(value), (bool, type(None))):
            self._refuse(node, f"`{key}` takes {what}", f"leave `{key}` out to expect nothing")
            return None
        if not scalar.value.strip():
            hint = "write `raises: true` for any error" if key == "raises" else "write a part of the warning"
            self._refuse(node, f"`{key}` is an empty text", hint)
            return None
        return self._reader_text(node, key)

    def _boolean(self, own: dict[str, Node], key: str) -> bool | None:
        if (node := own.get(key)) is None:
            return None
        value = self._value_node(node)
        found = resolve(value) if isinstance(value, Scalar) else None
        if isinstance(found, bool):
            return found
        self._refuse(node, f"`{key}` is `true` or `false`", f"write `{key}: true`")
        return None

    def _tolerance(self, own: dict[str, Node], key: str) -> float:
        if (node := own.get(key)) is None:
            return DEFAULT_TOLERANCE
        value = self._value_node(node)
        found = resolve(value) if isinstance(value, Scalar) else None
        if isinstance(found, (int, float)) and not isinstance(found, bool) and found >= 0:
            return float(found)
        self._refuse(node, f"`{key}` is a number that is not negative", f"for example `{key}: 1e-6`")
        return DEFAULT_TOLERANCE

    def _dtype(self, own: dict[str, Node]) -> str | None:
        if (node := own.get("dtype")) is None:
            return None
        dtypes = self.words.vocabulary.constants.get("torch", frozenset()) - _NOT_DTYPES
        value = self._value_node(node)
        name = value.value.strip().removeprefix("torch.") if isinstance(value, Scalar) else ""
        if name in dtypes:
            return name
        hint = (self.words.nearest(name, dtypes) if name else None) or "for example `dtype: float64`"
        self._refuse(
            node, f"`dtype` is the name of a dtype, and `{name}` is none" if name else "`dtype` has no name", hint
        )
        return None
