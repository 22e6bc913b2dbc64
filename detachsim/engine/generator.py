"""PyTorch's random numbers on the CPU: the same Mersenne Twister, and the same way from its words to each
distribution.

The rules come from ATen's headers as PyTorch 2.13 installs them (``core/MT19937RNGEngine.h``,
``core/DistributionsHelper.h``, ``core/TransformationHelper.h``, ``native/cpu/DistributionTemplates.h``), measured on
its CPU build. What differs between processors follows the build with AVX2.

Words come from Python's own generator, which is the same Mersenne Twister; ``numpy.random`` is a slow import, and
only a great many words are worth it.
"""

import math
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detachsim.engine.boxmuller import normal_from_uniform
from detachsim.engine.dtypes import round_bfloat16
from detachsim.engine.errors import TorchError
from detachsim.engine.fused import fused32, fused64
from detachsim.engine.limits import require_few_draws

Array = NDArray[Any]
Shape = tuple[int, ...]

# The seed of a new torch.Generator(). PyTorch seeds its global generator from the operating system instead.
DEFAULT_SEED = 67280421310721

_STATE_WORDS = 624
_BATCH_WORDS = 1 << 14
_MANY_WORDS = 1 << 18
_BLOCK = 16  # normal numbers are made in blocks of this many when there are at least so many
_WIDE_RANGE = 1 << 28  # from this range on, an integer takes a word of 64 bits
_MOST_NARROW_PERMUTATION = 0xFFFFFFFF // 20

_MANY_EVENTS = 10  # from this rate on, a Poisson number is drawn by rejection

_DOUBLE_BITS = 53
_FLOAT_BITS = 24


class Generator:
    """A source of random numbers, in the state that ``torch.manual_seed(seed)`` leaves.

    Each method returns a new C-ordered array; ``put`` stores one into an array of any strides. ``dtype`` is the
    bare name; ``bfloat16`` values come rounded, in a float32 array.
    """

    __slots__ = ("_next_normal", "_twister", "seed", "target")

    # The type of the tensor that numbers are drawn for, where there is one.
    target: str

    type_name = "torch._C.Generator"

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self._twister = Random()
        self.manual_seed(seed)

    def __repr__(self) -> str:
        return "<torch._C.Generator object at 0x…>"

    def manual_seed(self, seed: int) -> "Generator":
        """Start over from a seed, of which only the lower 32 bits count. Returns the generator itself."""
        self.seed = seed
        self._next_normal: float | None = None
        word = seed & 0xFFFFFFFF
        state = [word]
        for index in range(1, _STATE_WORDS):
            word = (1812433253 * (word ^ (word >> 30)) + index) & 0xFFFFFFFF
            state.append(word)
        self._twister.setstate((3, (*state, _STATE_WORDS), None))
        return self

    # What a scenario may call; its class takes no other attributes.
    ATTRIBUTES: ClassVar[dict[str, Callable[..., Any]]] = {}
    METHODS: ClassVar[dict[str, Callable[..., Any]]] = {
        "manual_seed": lambda session, generator, seed: _seeded(generator, seed),
        "initial_seed": lambda session, generator: generator.seed,
    }

    def random(self) -> int:
        """Return the next word of 32 bits."""
        return self._twister.getrandbits(32)

    def random64(self) -> int:
        """Return the next two words as one of 64 bits, the first word on top."""
        return self._twister.getrandbits(32) << 32 | self._twister.getrandbits(32)

    def uniform(self, shape: Shape, dtype: str = "float32", low: float = 0.0, high: float = 1.0) -> Array:
        """``torch.rand`` and ``uniform_``: numbers in [low, high)."""
        size = math.prod(shape)
        if dtype == "float64":
            values = fused64(self._doubles(size), high - low, low)
        else:
            begin, end = np.float32(low), np.float32(high)
            values = self._floats(size)
            if (low, high) != (0.0, 1.0):
                values = fused32(values, end - begin, begin)
            if dtype != "float32":
                values = _rounded(values, dtype)
                values[values == _rounded(end.reshape(1), dtype)] = _rounded(begin.reshape(1), dtype)[0]
        return values.reshape(shape)

    def normal(
        self, shape: Shape, dtype: str = "float32", mean: float = 0.0, std: float = 1.0, *, contiguous: bool = True
    ) -> Array:
        """``torch.randn`` and ``normal_``. ``contiguous`` says whether the tensor to be filled is."""
        size = math.prod(shape)
        if size >= _BLOCK and contiguous:
            return self._normal_blocks(size, dtype, mean, std).reshape(shape)
        values = np.array([self._normal() for _ in range(size)], dtype=np.float64)
        return _rounded(fused64(values, std, mean), dtype).reshape(shape)

    def integers(self, shape: Shape, low: int, high: int) -> Array:
        """``torch.randint``: int64 numbers in [low, high)."""
        size = math.prod(shape)
        span = high - low
        words = self._words64(size) if span >= _WIDE_RANGE else self._words(size).astype(np.uint64)
        numbers = words % np.uint64(span) if span < 1 << 64 else words
        return (numbers.astype(np.int64) + np.int64(low)).reshape(shape)

    def permutation(self, size: int) -> Array:
        """``torch.randperm``: the int64 numbers below ``size``, shuffled."""
        require_few_draws(size)
        order = list(range(size))
        draws = max(0, size - 1)
        words = self._words(draws) if size < _MOST_NARROW_PERMUTATION else self._words64(draws)
        steps = words % np.arange(size, size - draws, -1, dtype=words.dtype)
        for here, step in enumerate(steps.tolist()):
            there = here + step
            order[here], order[there] = order[there], order[here]
        return np.array(order, dtype=np.int64)

    def bernoulli(self, shape: Shape, probability: float) -> Array:
        """``bernoulli_(p)``: True with one probability. ``dropout(p)`` keeps what ``bernoulli(shape, 1 - p)``
        marks."""
        return (self._doubles(math.prod(shape)) < probability).reshape(shape)

    def bernoulli_each(self, probabilities: Array) -> Array:
        """``torch.bernoulli(p)``: True with a probability for each element."""
        size = probabilities.size
        drawn = self._doubles(size) if probabilities.dtype == np.float64 else self._floats(size)
        return np.less(drawn.reshape(probabilities.shape), probabilities)

    def exponential(self, shape: Shape, dtype: str = "float32", rate: float = 1.0) -> Array:
        """``exponential_``."""
        drawn = -self._doubles(math.prod(shape))
        # numpy's own logarithm is another one on some processors; it is for a great many numbers only.
        logs = np.log1p(drawn) if drawn.size > _MANY_WORDS else np.array([math.log1p(x) for x in drawn.tolist()])
        values = -1.0 / rate * logs
        return _rounded(values, dtype).reshape(shape)

    def log_normal(self, shape: Shape, dtype: str = "float32", mean: float = 1.0, std: float = 2.0) -> Array:
        """``log_normal_``."""
        values = [math.exp(self._normal() * std + mean) for _ in range(math.prod(shape))]
        return _rounded(np.array(values, dtype=np.float64), dtype).reshape(shape)

    def cauchy(self, shape: Shape, dtype: str = "float32", median: float = 0.0, sigma: float = 1.0) -> Array:
        """``cauchy_``."""
        values = median + sigma * np.tan(math.pi * (self._doubles(math.prod(shape)) - 0.5))
        return _rounded(values, dtype).reshape(shape)

    def geometric(self, shape: Shape, probability: float) -> Array:
        """``geometric_``: how many trials the first success takes, as float64 numbers."""
        values: Array = np.ceil(np.log(self._doubles(math.prod(shape))) / math.log1p(-probability))
        return values.reshape(shape)

    def poisson(self, rates: Array) -> Array:
        """``torch.poisson``: a number of events for each rate, as float64 numbers."""
        made = [self._poisson(float(rate)) for rate in rates.ravel()]
        return np.array(made, dtype=np.float64).reshape(rates.shape)

    def _poisson(self, rate: float) -> float:
        """Return one number of events: for small rates by waiting times, else by Hoermann's rejection (PTRS)."""
        if rate < _MANY_EVENTS:
            limit, product, events = math.exp(-rate), self._double() if rate else 0.0, 0
            while product > limit:
                product *= self._double()
                events += 1
            return events
        slope = 0.931 + 2.53 * math.sqrt(rate)
        shape = -0.059 + 0.02483 * slope
        inverse = 1.1239 + 1.1328 / (slope - 3.4)
        border = 0.9277 - 3.6224 / (slope - 2)
        while True:
            place, height = self._double() - 0.5, self._double()
            rest = 0.5 - abs(place)
            guess = (2 * shape / rest + slope) * place + rate + 0.43
            # What fits no int64 becomes the least of them, as processors convert it.
            found = math.floor(guess) if abs(guess) < 2**63 else -(2**63)
            if rest >= 0.07 and height <= border:
                return found
            if found < 0 or (rest < 0.013 and height > rest):
                continue
            left = math.log(height) + math.log(inverse) - math.log(shape / (rest * rest) + slope)
            if left <= -rate + found * math.log(rate) - math.lgamma(found + 1):
                return found

    def choices(self, weights: Array, count: int) -> Array:
        """``torch.multinomial`` with replacement: ``count`` int64 places for each row of weights."""
        require_few_draws(len(weights) * count)
        made = np.empty((len(weights), count), dtype=np.int64)
        for row, target in zip(weights, made, strict=True):
            sums = np.add.accumulate(row)
            shares = sums / sums[-1]
            for place in range(count):
                target[place] = min(np.searchsorted(shares, self._double(), side="left"), row.size - 1)
        return made

    def _words(self, size: int) -> NDArray[np.uint32]:
        """Return the next words of 32 bits."""
        if size >= _MANY_WORDS:
            return self._many_words(size)
        drawn = self._twister.getrandbits(32 * size).to_bytes(4 * size, "little") if size else b""
        return np.frombuffer(drawn, dtype="<u4")

    def _many_words(self, size: int) -> NDArray[np.uint32]:
        """Return the next words by way of numpy's Mersenne Twister: worth its import and the exchange of states."""
        version, state, _ = self._twister.getstate()
        twister = np.random.MT19937()
        key = np.array(state[:-1], dtype=np.uint32)
        twister.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": state[-1]}}
        words = np.empty(size, dtype=np.uint32)
        for start in range(0, size, _BATCH_WORDS):
            words[start : start + _BATCH_WORDS] = twister.random_raw(min(_BATCH_WORDS, size - start))
        after: Any = twister.state["state"]
        self._twister.setstate((version, (*after["key"].tolist(), int(after["pos"])), None))
        return words

    def _words64(self, size: int) -> NDArray[np.uint64]:
        """Return the next words of 64 bits."""
        words = self._words(2 * size).astype(np.uint64)
        return words[::2] << np.uint64(32) | words[1::2]

    def _floats(self, size: int) -> Array:
        """Return float32 numbers in [0, 1), from the lower 24 bits of a word each."""
        bits = self._words(size) & np.uint32((1 << _FLOAT_BITS) - 1)
        return bits.astype(np.float32) * np.float32(2.0**-_FLOAT_BITS)

    def _doubles(self, size: int) -> Array:
        """Return float64 numbers in [0, 1), from the lower 53 bits of two words each."""
        bits = self._words64(size) & np.uint64((1 << _DOUBLE_BITS) - 1)
        return bits.astype(np.float64) * 2.0**-_DOUBLE_BITS

    def _double(self) -> float:
        return (self.random64() & ((1 << _DOUBLE_BITS) - 1)) * 2.0**-_DOUBLE_BITS

    def _normal(self) -> float:
        """Return one standard normal number; they are made in pairs, and the second waits for the next call."""
        if self._next_normal is not None:
            value, self._next_normal = self._next_normal, None
            return value
        turn, length = self._double(), self._double()
        radius = math.sqrt(-2.0 * math.log1p(-length))
        self._next_normal = radius * math.sin(2.0 * math.pi * turn)
        return radius * math.cos(2.0 * math.pi * turn)

    def _normal_blocks(self, size: int, dtype: str, mean: float, std: float) -> Array:
        """Return at least a block of normal numbers.

        A rest that does not fill a block is drawn anew, together with the numbers before it, as one last block::

            |---- block ----|---- block ----|- rest -|
                                     |--- last block ---|   (ends with the rest)

        float32 and float64 draw for the rest first, and then again; the half types don't.
        """
        draw = self._doubles if dtype == "float64" else self._floats
        rest = size % _BLOCK
        whole = size - rest
        values = np.empty(size, dtype=np.float64 if dtype == "float64" else np.float32)
        values[:whole] = normal_from_uniform(draw(whole), mean, std)
        if rest:
            if dtype in {"float32", "float64"}:
                draw(rest)
            values[size - _BLOCK :] = normal_from_uniform(draw(_BLOCK), mean, std)
        return _rounded(values, dtype)


def _seeded(generator: Generator, seed: Any) -> Generator:
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TorchError("generator_seed", type=type(seed).__name__)
    return generator.manual_seed(seed)


def put(target: Array, values: Array) -> None:
    """Store C-ordered values into an array as PyTorch fills a tensor: along the smallest stride first."""
    order = sorted(range(target.ndim), key=lambda axis: -abs(target.strides[axis]))
    view = target.transpose(order)
    view[...] = values.reshape(view.shape)


def _rounded(values: Array, dtype: str) -> Array:
    """Round values to a floating dtype; PyTorch rounds to the half types by way of float32."""
    if dtype == "bfloat16":
        return round_bfloat16(values)
    if dtype == "float16":
        values = values.astype(np.float32, copy=False)
    return values.astype(dtype, copy=False)
