"""Breaking the text of random scenarios, and running what comes of it as a user does."""

import io
import os
import re
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import strategies as st

from detachsim.lang.schema import KINDS, STEP_KEYS
from tests.fuzz.scenarios import THEMES, scenario_texts

SCRAPS = (
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    " ",
    "\n",
    "\t",
    "'",
    '"',
    "#",
    "&",
    "*",
    "!",
    "|",
    "-",
    "- ",
    "=",
    "==",
    ".",
    ",",
    "\x00",
    "é",
    "\u2028",
    "steps:",
    "raises: true",
    "None",
    "1e999",
    "9" * 30,
    "lambda",
    "t1",
    "_",
    "__class__",
    "for x in t1",
    "if",
    "import os",
    "\\",
    "%",
    "@",
    "<<: *a",
    "dtype: ",
    "${A}",
    "print: ",
    "backward: t1",
    "...",
    "!!python/object:os.system",
    "2**9999",
    "t1.__dict__",
    "yield",
    ":=",
    "\ud7ff",
    "~",
    "99999999",
)


# What may stand anywhere in a scenario and belongs nowhere.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 2**70, 1e400, -0.5, float("nan"), "", " ", "t1", "t2", "zeros(0)", "t1.sum()", "None",
    "lambda g: g", "[t1, 2]", "x = t1", "${A}", [], ["t1"], [["t1"]], [None], [1, [2]], {}, {"t1": 1}, {"op": "t1"},
    [{"op": "t1 * 2"}], [{"say": "a"}], "é = t1", "\U0001f600", "a\u2028b", "yes", "0x10", "1_0", "~", "2020-01-01",
    "no_grad", "float64", "torch.int64", "float46", "torch-1.13",
)  # fmt: skip
# Pieces of expressions, some of which ask for more than there is.
EXPRESSIONS = (
    "2**10**9", "'a' * 10**9", "[1] * 10**8", "zeros(10**9)", "arange(10**12)", "ones(10**6, 10**6)", "eye(10**5)",
    "t1.expand(10**9, 3)", "t1.repeat(10**9)", "zeros(2**63)", "t1 + 2**64", "t1[2**65]", "t1[::2**62]", "t1[-2**70:]",
    "t1.view(-1, -1)", "t1.sum(99)", "t1.reshape(2**33, 2**33)", "torch.linspace(0, 1, 10**12)", "randn(10**10)",
    "t1.as_strided((10**9,), (0,))", "t1.as_strided((2,), (2**40,))", "F.pad(t1, (10**9, 0))", "t1.unfold(0, 1, 0)",
    "torch.cat([t1] * 10**5)", "torch.stack([t1] * 10**6)", "F.one_hot(torch.tensor([10**9]))", "bool(t1)", "t1.item()",
    "torch.tensor([[1], 2])", "torch.tensor(t1.tolist())", "t1.grad", "t1.grad_fn", "t1.grad_fn.next_functions[0][0]",
    "t1.dtype", "t1.shape", "(lambda a, b: a)(1)", "lambda: t1", "t1.register_hook(lambda g: g[5])", "-(-(-t1))",
    "t1 < t1 < t1", "not t1", "t1 and t1", "t1 is None", "t1[None, ..., 0]", "t1[t1 > 0]", "t1[[True]]", "t1[()]",
    "t1[True, None, False]", "t1 @ t1", "t1 @ 2", "None + t1", "t1 ** None", "t1 % 0", "1 // 0", "inf - inf", "nan",
    "float('1e999')", "int(inf)", "int(nan)", "len(t1)", "abs('a')", "torch.manual_seed(2**70)", "'%d' % t1",
    "'%s' % 3", "'%100000000d' % 3", "optim.SGD([t1], lr=nan)", "optim.Adam([], lr=0)", "nn.Linear(10**6, 10**6)",
    "nn.Linear(0, 0)",
    "nn.Sequential()(t1)", "nn.Linear(2, 2)", "nn.Parameter(t1)", "torch.autograd.grad(t1, t1)", "F.dropout(t1, 2)",
    "torch.autograd.grad([t1], [t1], [None])", "t1.backward()", "t1.double().half().bool()", "torch.Size([1, 'a'])",
    "t1.detach().numpy()", "t1.data.numpy()[0]", "torch.from_numpy(t1.detach().numpy())", "torch.from_numpy(3)",
    "t1.detach().numpy() + t1", "t1.numpy().sum(99)",
    "t1.T.mT", "torch.einsum('ij,jk', t1, t1)", "torch.einsum('🙂', t1)", "t1.chunk(0)", "t1.split(0)", "t1.topk(99)",
    "t1.to(torch.bool) - t1", "torch.full((3,), 10**400)", "torch.normal(0, -1, (2,))", "torch.randperm(-1)",
)  # fmt: skip


@st.composite
def scrambled_texts(draw: Any, themes: tuple[str, ...] = tuple(THEMES)) -> str:
    """Draw the text of a scenario in which values stand in each other's places, or are what belongs nowhere."""
    document: dict[str, Any] = yaml.safe_load(draw(scenario_texts(themes, steps=8)))
    ways: tuple[str, ...] = ("expression",)
    if draw(st.booleans()):
        ways = ("value", "expression", "swap", "option", "move", "kind", "nest")
    for _ in range(draw(st.integers(1, 5))):
        steps: list[Any] = document["steps"]
        step = draw(st.sampled_from(steps))
        if not isinstance(step, dict) or not step:
            continue
        key = draw(st.sampled_from(sorted(step)))
        way = draw(st.sampled_from(ways))
        if way == "value":
            step[key] = draw(st.sampled_from(VALUES))
        elif way == "expression":
            text = draw(st.sampled_from(EXPRESSIONS))
            name = draw(st.sampled_from(["t1", "t2", "t99"]))
            steps.insert(
                draw(st.integers(1, len(steps))),
                draw(
                    st.sampled_from(
                        [
                            {"op": f"{name} = {text}"},
                            {"op": text},
                            {"print": text},
                            {"inplace": f"t1[0] = {text}"},
                            {"inplace": f"t1 += {text}"},
                            {"inplace": f"t1.data = {text}"},
                            {"inplace": f"t1.grad = {text}"},
                            {"backward": "t1", "gradient": text},
                            {"backward": text},
                            {"tensor": f"{name} = {text}", "dtype": "float64"},
                            {"tensor": f"{name} = {text}", "requires_grad": True},
                            {"expect": {text: 1}},
                            {"op": f"t1.register_hook(lambda g: {text})"},
                        ]
                    )
                )
                | ({"raises": True} if draw(st.booleans()) else {}),
            )
        elif way == "swap":
            other = draw(st.sampled_from(steps))
            if isinstance(other, dict) and other:
                place = draw(st.sampled_from(sorted(other)))
                step[key], other[place] = other[place], step[key]
        elif way == "option":
            option = draw(st.sampled_from(sorted(STEP_KEYS)))
            step[option] = draw(st.sampled_from(VALUES))
        elif way == "move":
            steps.insert(draw(st.integers(0, len(steps))), steps.pop(steps.index(step)))
        elif way == "kind":
            step[draw(st.sampled_from(KINDS))] = step.pop(key)
        else:
            mode = draw(st.sampled_from(["no_grad", "inference_mode", "detect_anomaly", "enable_grad"]))
            steps[steps.index(step)] = {mode: [step]}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=draw(st.booleans()), width=10_000))


@st.composite
def mangled_bytes(draw: Any, themes: tuple[str, ...] = tuple(THEMES)) -> bytes:
    """Draw the bytes of a scenario, some of them others, gone, or doubled."""
    data: bytes = draw(scenario_texts(themes, steps=5)).encode("utf-8", errors="surrogatepass")
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 3)))
        data = data[:start] + draw(st.binary(max_size=3)) + data[end:]
    beginning: bytes = draw(
        st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"---\n", b"%YAML 1.1\n---\n"])
    )
    return beginning + data


@st.composite
def mangled_texts(draw: Any, themes: tuple[str, ...] = tuple(THEMES)) -> str:
    """Draw the text of a scenario with a few places cut out, doubled, exchanged or filled with scraps."""
    text: str = draw(scenario_texts(themes, steps=8))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 1, 1, 3, 10, 60])))
        way = draw(st.sampled_from(["scrap", "scrap", "cut", "double", "number", "token"]))
        if way == "scrap":
            text = text[:start] + draw(st.sampled_from(SCRAPS)) + text[end:]
        elif way == "cut":
            text = text[:start] + text[end:]
        elif way == "double":
            text = text[:end] + text[start:end] + text[end:]
        else:
            pattern = r"-?\d+(?:\.\d*)?" if way == "number" else r"[A-Za-z_]\w*"
            found = list(re.finditer(pattern, text))
            if found:
                match = draw(st.sampled_from(found))
                other = (
                    draw(st.sampled_from(found)).group()
                    if way == "token"
                    else draw(st.sampled_from(["0", "-1", "7", "1e30", "nan", "''", "True", "64"]))
                )
                text = text[: match.start()] + other + text[match.end() :]
    return text


COMMANDS = {
    "plain": ("run", "--format", "plain"),
    "torch": ("run", "--format", "torch"),
    "json": ("run", "--format", "json"),
    "rich": ("run", "--format", "rich"),
    "check": ("check",),
    "explain": ("explain",),
    "graph": ("graph",),
    "memory": ("memory",),
    "export": ("export",),
}


def outcome_of(text: str | bytes, *, command: str = "plain") -> tuple[int, str]:
    """Do with a text what a command of ``COMMANDS`` does, in this process.

    Return the exit status, and the traceback if detachsim itself has failed.
    """
    from detachsim.cli.main import run

    with TemporaryDirectory() as folder:
        path = Path(folder, "fuzz.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", errors="surrogatepass"))
        before = os.environ.get("DETACHSIM_DEBUG")
        os.environ["DETACHSIM_DEBUG"] = "1"
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                return run([*COMMANDS[command], str(path)]), ""
        except Exception:  # whatever it is, it is what this looks for
            return -1, traceback.format_exc()
        finally:
            if before is None:
                del os.environ["DETACHSIM_DEBUG"]
            else:
                os.environ["DETACHSIM_DEBUG"] = before
