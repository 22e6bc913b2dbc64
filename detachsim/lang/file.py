"""The keys of a scenario file around its steps, and one pass over the steps for each run of ``vary``."""

from detachsim.lang.nodes import Mapping, Node, Scalar, Sequence
from detachsim.lang.places import Places
from detachsim.lang.schema import FILE_KEYS, KINDS
from detachsim.lang.step_texts import Texts
from detachsim.lang.steps import StepReader
from detachsim.lang.syntax import (
    DEFAULT_DIALECT,
    DIALECTS,
    AnyStep,
    Dialect,
    Mistake,
    Scenario,
    ScenarioError,
    Variant,
)
from detachsim.lang.traps import cut_by_comment
from detachsim.lang.values import is_missing, resolve
from detachsim.lang.vary import MOST_RUNS, NAME, combinations
from detachsim.marks import Source, Span
from detachsim.ops.vocabulary import Vocabulary

MOST_STEPS = 1_000_000
SMALLEST_SEED, LARGEST_SEED = -(2**63), 2**64 - 1


class FileReader:
    """Reads the root node of one file, collecting mistakes."""

    def __init__(self, source: Source, vocabulary: Vocabulary, mistakes: list[Mistake]) -> None:
        self.source = source
        self.places = Places(source.text)
        self.texts = Texts(vocabulary)
        self.mistakes = mistakes

    def read(self, root: Node | None) -> Scenario:
        """Return the scenario, or raise all mistakes."""
        if root is None:
            self._refuse(Span(1, 1, 2), "the file holds no scenario", "it needs `steps:` and a list of steps")
            raise self._error()
        if not isinstance(root, Mapping):
            hint = "write `steps:` above the list" if isinstance(root, Sequence) else "a scenario begins with `steps:`"
            self._refuse(self.places.of_node(root), "a scenario file is a mapping with the key `steps`", hint)
            raise self._error()
        values = self._values(root)
        title = self._text(values, "title", one_line=True)
        about = self._text(values, "about", one_line=False)
        dialect = self._dialect(values.get("dialect"))
        seed = self._seed(values.get("seed"))
        vary = self._vary(values.get("vary"))
        variants = self._variants(root, values.get("steps"), vary)
        if self.mistakes:
            raise self._error()
        return Scenario(self.source, title, about, dialect, seed, variants)

    def _error(self) -> ScenarioError:
        ordered = sorted(self.mistakes, key=lambda mistake: (mistake.span.line, mistake.span.column))
        return ScenarioError(self.source, tuple(dict.fromkeys(ordered)))

    def _refuse(self, span: Span, message: str, hint: str | None = None) -> None:
        self.mistakes.append(Mistake(span, message, hint))

    def _values(self, root: Mapping) -> dict[str, Node]:
        values: dict[str, Node] = {}
        for key, value in root.pairs:
            if key.value in FILE_KEYS:
                values.setdefault(key.value, value)
            elif key.value in KINDS:
                hint = f"steps stand in a list under `steps:`, each beginning with `- `: `- {key.value}: …`"
                self._refuse(self.places.of_node(key), f"`{key.value}` is a kind of step, not a key of the file", hint)
            elif key.value != "<<":
                hint = self.texts.words.nearest(key.value, FILE_KEYS) or f"the keys are {', '.join(FILE_KEYS)}"
                self._refuse(self.places.of_node(key), f"`{key.value}` is no key of a scenario file", hint)
        return values

    def _text(self, values: dict[str, Node], key: str, one_line: bool) -> str | None:
        node = values.get(key)
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self._refuse(self.places.of_node(node), f"`{key}` is a text", f'quote it: `{key}: "…"`')
            return None
        if is_missing(node):
            self._refuse(self.places.of_node(node), f"`{key}` has no text", "write one, or leave the key out")
            return None
        if node.plain and (mistake := cut_by_comment(self.source.text, node.end)):
            self.mistakes.append(mistake)
        text = node.value.strip()
        if one_line and "\n" in text:
            self._refuse(self.places.of_node(node), f"`{key}` is one line", "put the rest under `about:`")
        return text

    def _dialect(self, node: Node | None) -> Dialect:
        if node is None:
            return DEFAULT_DIALECT
        text = node.value if isinstance(node, Scalar) else ""
        for dialect in DIALECTS:
            if text == dialect:
                return dialect
        if isinstance(node, Scalar) and is_missing(node):
            self._refuse(self.places.of_node(node), "`dialect` has no name", "leave the key out for the newest")
            return DEFAULT_DIALECT
        hint = self.texts.words.nearest("torch-" + text.removeprefix("torch").lstrip("-= "), DIALECTS)
        message = f"`dialect` is one of {', '.join(f'`{dialect}`' for dialect in DIALECTS)}"
        self._refuse(self.places.of_node(node), message, hint)
        return DEFAULT_DIALECT

    def _seed(self, node: Node | None) -> int | None:
        if node is None:
            return None
        value = resolve(node) if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(self.places.of_node(node), "`seed` is an integer", "for example `seed: 0`")
            return None
        if not SMALLEST_SEED <= value <= LARGEST_SEED:
            self._refuse(self.places.of_node(node), "`seed` must fit in 64 bits", "for example `seed: 0`")
            return None
        return value

    def _vary(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        if node is None:
            return {}
        form = "write `vary:` and below it, indented, `NAME: [text, text]`"
        if not isinstance(node, Mapping) or not node.pairs:
            self._refuse(self.places.of_node(node), "`vary` is a mapping of a NAME to a list of texts", form)
            return {}
        vary: dict[str, tuple[str, ...]] = {}
        runs = 1
        for key, value in node.pairs:
            if not NAME.match(key.value):
                self._refuse(
                    self.places.of_node(key), f"`{key.value}` is no name for `vary`", "letters, digits and `_`"
                )
                continue
            texts = self._vary_texts(key.value, value)
            if texts:
                vary[key.value] = texts
                runs *= len(texts)
        if runs > MOST_RUNS:
            message = f"`vary` asks for {runs} runs, and {MOST_RUNS} is the most"
            self._refuse(self.places.of_node(node.pairs[0][0]), message, "give it fewer texts")
            return {name: texts[:1] for name, texts in vary.items()}
        return vary

    def _vary_texts(self, name: str, node: Node) -> tuple[str, ...]:
        if not isinstance(node, Sequence) or not node.items:
            hint = f"write `{name}: [text, text]`, or one `- text` a line"
            self._refuse(self.places.of_node(node), f"`{name}` is a list of texts", hint)
            return ()
        texts: list[str] = []
        for item in node.items:
            if isinstance(item, Scalar):
                texts.append(item.value)
            else:
                hint = 'quote it, so that YAML takes it as a text: "[1, 2]"'
                self._refuse(self.places.of_node(item), f"each choice of `{name}` is a text", hint)
                texts.append("0")
        return tuple(texts)

    def _variants(self, root: Mapping, node: Node | None, vary: dict[str, tuple[str, ...]]) -> tuple[Variant, ...]:
        if node is None:
            self._refuse(
                self.places.span(root.start, root.start + 1), "the file has no `steps`", "add `steps:` and a list"
            )
            return ()
        runs = combinations(vary)
        steps = _count(node)
        if steps * len(runs) > MOST_STEPS:
            message = f"these are {steps * len(runs)} steps over all runs, and {MOST_STEPS} is the most"
            self._refuse(self.places.span(node.start, node.start + 1), message, "use `repeat:`")
            return ()
        if len(runs) == 1:
            return (self._variant(node, runs[0], self.mistakes),)
        found: list[list[Mistake]] = []
        variants: list[Variant] = []
        for choices in runs:
            mistakes: list[Mistake] = []
            variants.append(self._variant(node, choices, mistakes))
            found.append(mistakes)
        self.mistakes.extend(_merge(runs, found))
        return tuple(variants)

    def _variant(self, node: Node, choices: dict[str, str], mistakes: list[Mistake]) -> Variant:
        reader = StepReader(self.source, self.places, self.texts, choices, mistakes)
        steps: tuple[AnyStep, ...] = reader.read(node)
        return Variant(tuple(choices.items()), steps)


def _merge(runs: list[dict[str, str]], found: list[list[Mistake]]) -> list[Mistake]:
    """Return each mistake once; one that only some runs have says which choices bring it about."""
    where: dict[Mistake, list[int]] = {}
    for number, mistakes in enumerate(found):
        for mistake in dict.fromkeys(mistakes):
            where.setdefault(mistake, []).append(number)
    merged: list[Mistake] = []
    for mistake, numbers in where.items():
        if len(numbers) == len(runs):
            merged.append(mistake)
            continue
        first = runs[numbers[0]]
        common = {name: text for name, text in first.items() if all(runs[number][name] == text for number in numbers)}
        told = ", ".join(f"{name}={text}" for name, text in (common or first).items())
        merged.append(Mistake(mistake.span, f"{mistake.message} (with {told})", mistake.hint))
    return merged


def _count(node: Node) -> int:
    """Return a bound for the number of steps in a list: its items, and those of the lists below them."""
    return node.size // 3 if isinstance(node, Sequence) else 1
