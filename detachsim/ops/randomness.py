"""Random numbers in a tensor that exists, and random draws whose parameters are tensors."""

from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.broadcasting import broadcast_shape
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.generator import Generator, put
from detachsim.engine.op import Op
from detachsim.engine.tensor import Tensor
from detachsim.ops.draw_bounds import check_bounds
from detachsim.ops.row import composite, factory, general, inplace


def _placed(target: Array, drawn: Array) -> Array:
    """Return drawn numbers in a target's layout, in which PyTorch fills it."""
    made = np.empty_like(target)
    put(made, np.asarray(drawn))
    return made


def normal(generator: Generator, self: Array, mean: float = 0, std: float = 1) -> Array:
    drawn = generator.normal(self.shape, generator.target, mean, std, contiguous=bool(self.flags.c_contiguous))
    return _placed(self, drawn)


def uniform(generator: Generator, self: Array, low: float = 0, high: float = 1) -> Array:
    return _placed(self, generator.uniform(self.shape, generator.target, low, high))


# Up to this number (2 to the bits of the significand) random_ draws for a floating type.
_LARGEST = {
    "float32": 1 << 24,
    "float64": 1 << 53,
    "float16": 1 << 11,
    "bfloat16": 1 << 8,
    "int64": (1 << 63) - 1,
    "bool": 1,
}


def random_from(generator: Generator, self: Array, low: int, high: int | None) -> Array:
    if high is None:
        return random_any(generator, self)
    return _placed(self, generator.integers(self.shape, low, high).astype(self.dtype))


def random_to(generator: Generator, self: Array, high: int) -> Array:
    return random_from(generator, self, 0, high)


def random_any(generator: Generator, self: Array) -> Array:
    name = generator.target
    largest = _LARGEST.get(name)
    top = int(np.iinfo(self.dtype).max) if largest is None else largest
    return _placed(self, generator.integers(self.shape, 0, top + 1).astype(self.dtype))


def bernoulli_fill(generator: Generator, self: Array, p: float = 0.5) -> Array:
    return _placed(self, generator.bernoulli(self.shape, p).astype(self.dtype))


def bernoulli_fill_each(generator: Generator, self: Array, p: Array) -> Array:
    return _placed(self, generator.bernoulli_each(np.broadcast_to(p, self.shape)).astype(self.dtype))


def bernoulli(generator: Generator, self: Array) -> Array:
    return _placed(self, generator.bernoulli_each(self).astype(self.dtype))


def exponential(generator: Generator, self: Array, lambd: float = 1) -> Array:
    return _placed(self, generator.exponential(self.shape, generator.target, lambd))


def log_normal(generator: Generator, self: Array, mean: float = 1, std: float = 2) -> Array:
    return _placed(self, generator.log_normal(self.shape, generator.target, mean, std))


def cauchy(generator: Generator, self: Array, median: float = 0, sigma: float = 1) -> Array:
    return _placed(self, generator.cauchy(self.shape, generator.target, median, sigma))


def geometric(generator: Generator, self: Array, p: float) -> Array:
    return _placed(self, generator.geometric(self.shape, p).astype(self.dtype))


def poisson(generator: Generator, self: Array) -> Array:
    return _placed(self, generator.poisson(self).astype(self.dtype))


def multinomial(generator: Generator, self: Array, num_samples: int, replacement: bool = False) -> Array:
    """The places drawn, each row of self a distribution: without replacement, the winners of a race of waiting
    times."""
    rows = self.reshape(-1, self.shape[-1])
    if replacement and num_samples > 1:
        made = generator.choices(rows, num_samples)
    else:
        waits = np.empty_like(self)
        put(waits, generator.exponential(self.shape, generator.target))
        speed = np.true_divide(self, waits).reshape(rows.shape)
        made = np.argsort(-speed, axis=-1, kind="stable")[:, :num_samples]
    return np.ascontiguousarray(made).reshape(*self.shape[:-1], num_samples).astype(np.int64)


def gumbel_softmax(ops: Any, logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any:
    """A random choice along dim, soft, or hard with the gradient of the soft one."""
    if eps != 1e-10:
        logits.session.warn("gumbel_eps")
    gumbels = -ops.log(ops.exponential_(ops.empty_like(logits)))
    soft = ops.softmax((logits + gumbels) / tau, dim)
    if not hard:
        return soft
    index = ops.max_dim(soft, dim, True)[1]
    chosen = ops.scatter_(ops.zeros_like(logits), dim, index, 1.0)
    return chosen - ops.detach(soft) + soft


def normal_of(generator: Generator, mean: Any, std: Any) -> Array:
    """Standard numbers, times std, plus mean; of the mean's type if that is a tensor."""
    shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
    drawn = generator.normal(shape, generator.target)
    kind = drawn.dtype.type
    spread = std if isinstance(std, np.ndarray) else kind(std)
    widened = np.asarray(drawn * spread).astype(drawn.dtype)
    return np.asarray(widened + (mean if isinstance(mean, np.ndarray) else kind(mean))).astype(drawn.dtype)


def _check_floating(kernel: str, text: str = "") -> Any:
    def check(session: Any, op: Op, bound: list[Any]) -> None:
        dtype = bound[0].dtype
        if not dtype.is_floating:
            if text:
                raise TorchError(text, dtype=dtype.scalar)
            raise TorchError("not_implemented_for", kernel=kernel, dtype=dtype.scalar)
        _check_bounds(op, bound)

    return check


def _check_bounds(op: Op, bound: list[Any]) -> None:
    name = op.name
    if name == "normal_" and not bound[2] >= 0:
        raise TorchError("normal_std", std=f"{bound[2]:g}")
    if name == "uniform_" and not bound[1] <= bound[2]:
        raise TorchError("uniform_bounds", low=f"{bound[1]:g}", high=f"{bound[2]:g}")
    if name == "log_normal_" and not bound[2] > 0:
        raise TorchError("log_normal_std", std=f"{bound[2]:g}")
    if name == "cauchy_" and not bound[2] > 0:
        raise TorchError("cauchy_sigma", sigma=f"{bound[2]:g}")
    if name == "exponential_" and not bound[1] > 0:
        raise TorchError("exponential_rate", rate=f"{bound[1]:g}")


def _check_random(session: Any, op: Op, bound: list[Any]) -> None:
    low, high = (0, bound[1]) if len(bound) == 2 else (bound[1], bound[2])
    if high is not None:
        check_bounds(session, bound[0].dtype, low, high)


def _check_probability(session: Any, op: Op, bound: list[Any]) -> None:
    p = bound[-1]
    if isinstance(p, Tensor):
        if op.mutates:
            with session.unrecorded(), session.grad_mode(False):
                session.call("expand", p, bound[0].shape)
            if not p.dtype.is_floating:
                raise TorchError("not_implemented_for", kernel="bernoulli_tensor_cpu_p_", dtype=p.dtype.scalar)
        if not ((p.array >= 0) & (p.array <= 1)).all():
            raise TorchError("bernoulli_each")
    elif not 0 <= p <= 1:
        raise TorchError("bernoulli_range", p=f"{p:g}")


def _check_geometric(session: Any, op: Op, bound: list[Any]) -> None:
    if not 0 < bound[1] < 1:
        raise TorchError("geometric_range", p=f"{bound[1]:g}")


def _check_poisson(session: Any, op: Op, bound: list[Any]) -> None:
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="poisson_cpu", dtype=bound[0].dtype.scalar)
    if not (bound[0].array >= 0).all():
        raise TorchError("poisson_rate")


def _check_multinomial(session: Any, op: Op, bound: list[Any]) -> None:
    self, count, replacement = bound
    if not 1 <= self.array.ndim <= 2:
        raise TorchError("multinomial_dims")
    if not self.dtype.is_floating:
        raise TorchError("multinomial_dtype", dtype=self.dtype.scalar)
    if count <= 0:
        raise TorchError("multinomial_none")
    if not replacement and count > self.shape[-1]:
        raise TorchError("multinomial_many")
    if not (np.isfinite(self.array).all() and (self.array >= 0).all()):
        raise TorchError("multinomial_elements")
    if (self.array.sum(-1) <= 0).any():
        raise TorchError("multinomial_sum")


def _check_each(session: Any, op: Op, bound: list[Any]) -> None:
    if not bound[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="bernoulli_tensor_cpu_p_", dtype=bound[0].dtype.scalar)
    _check_probability(session, op, bound)


def _check_normal(session: Any, op: Op, bound: list[Any]) -> None:
    std = bound[1]
    if isinstance(std, Tensor):
        if not (std.array >= 0).all():
            raise TorchError("normal_std_each")
    elif not std >= 0:
        raise TorchError("normal_std", std=f"{std:g}")
    tensors = [value for value in bound[:2] if isinstance(value, Tensor)]
    if len(tensors) == 2:
        broadcast_shape(tensors[0].shape, tensors[1].shape)
    if not tensors[0].dtype.is_floating:
        raise TorchError("not_implemented_for", kernel="normal_kernel_cpu", dtype=tensors[0].dtype.scalar)


def _normal_size(session: Any, mean: float, std: float, size: Any, dtype: Any, requires_grad: bool) -> Tensor:
    from detachsim.ops.creation import checked_size, leaf

    if not std >= 0:
        raise TorchError("normal_std", std=f"{std:g}")
    kind = dtype or dtypes.float32
    drawn = session.generator.normal(checked_size(size, kind.itemsize), kind.name, float(mean), float(std))
    return leaf(session, np.asarray(drawn), kind, requires_grad)


_GONE = {"self": "zeros_of(grad)"}


def _filling(signature: str, node: str, kernel: Any, doc: str, **fields: Any) -> Op:
    return inplace(signature, node, kernel, grad=_GONE, random=True, doc=doc, **fields)


def _drawn(signature: str, node: str, positions: tuple[str, ...]) -> Op:
    return general(
        signature,
        node,
        normal_of,
        where="t",
        random=True,
        grad={name: f"zeros_sized(grad, {name}_size)" for name in positions},
        result_edits=1 + ("std" in positions),
        check=_check_normal,
        doc="random numbers of normal distributions",
    )


ROWS = [
    _filling(
        "normal_(Tensor self, Number mean=0, Number std=1)",
        "NormalBackward0",
        normal,
        "self takes random numbers of a normal distribution",
        check=_check_floating("normal_kernel_cpu"),
    ),
    _filling(
        "uniform_(Tensor self, Number low=0, Number high=1)",
        "UniformBackward0",
        uniform,
        "self takes random numbers between two bounds",
        check=_check_floating("check_uniform_bounds"),
    ),
    _filling("random_(Tensor self)", "RandomBackward2", random_any, "self takes random whole numbers"),
    _filling(
        "random_.to(Tensor self, int to)",
        "RandomBackward1",
        random_to,
        "self takes random whole numbers below a bound",
        check=_check_random,
    ),
    _filling(
        "random_.from(Tensor self, int low, int? to)",
        "RandomBackward0",
        random_from,
        "self takes random whole numbers between two bounds",
        check=_check_random,
    ),
    inplace(
        "bernoulli_.Tensor(Tensor self, MaskTensor p)",
        "BernoulliBackward1",
        bernoulli_fill_each,
        grad={"self": "zeros_of(grad)", "p": "zeros_sized(grad, p_size)"},
        random=True,
        check=_check_probability,
        doc="self takes 0 and 1, each with a probability of its own",
    ),
    _filling(
        "bernoulli_.float(Tensor self, Number p=0.5)",
        "BernoulliBackward2",
        bernoulli_fill,
        "self takes 0 and 1",
        check=_check_probability,
    ),
    _filling(
        "exponential_(Tensor self, Number lambd=1)",
        "ExponentialBackward0",
        exponential,
        "self takes random numbers of an exponential distribution",
        check=_check_floating("", "exponential_dtype"),
    ),
    _filling(
        "log_normal_(Tensor self, Number mean=1, Number std=2)",
        "LogNormalBackward0",
        log_normal,
        "self takes the exponential function of random numbers of a normal distribution",
        check=_check_floating("log_normal_cpu"),
    ),
    _filling(
        "cauchy_(Tensor self, Number median=0, Number sigma=1)",
        "CauchyBackward0",
        cauchy,
        "self takes random numbers of a Cauchy distribution",
        check=_check_floating("", "cauchy_dtype"),
    ),
    _filling(
        "geometric_(Tensor self, Number p)",
        "GeometricBackward0",
        geometric,
        "self takes random numbers of trials until the first success",
        check=_check_geometric,
    ),
    general(
        "poisson(Tensor self)",
        "PoissonBackward0",
        poisson,
        where="t",
        random=True,
        result_edits=1,
        grad={"self": "zeros_sized(grad, self_size)"},
        check=_check_poisson,
        doc="random numbers of events, with the rates in self",
    ),
    general(
        "multinomial(Tensor self, int num_samples, bool replacement=False)",
        "",
        multinomial,
        random=True,
        check=_check_multinomial,
        out={"text": "out_multinomial"},
        doc="random places along the last dim, with the weights in self",
    ),
    composite(
        "gumbel_softmax(Tensor logits, float tau=1, bool hard=False, float eps=1e-10, int dim=-1)",
        gumbel_softmax,
        where="F",
        doc="a random choice along dim that gradients flow through",
    ),
    general(
        "bernoulli(Tensor self)",
        "BernoulliBackward0",
        bernoulli,
        random=True,
        result_edits=1,
        grad=_GONE,
        check=_check_each,
        doc="0 and 1, with the probabilities in self",
        samples=("torch.bernoulli(a)",),
    ),
    general(
        "bernoulli.p(Tensor self, Number p)",
        "torch::autograd::NotImplemented",
        lambda generator, self, p: bernoulli_fill(generator, self, p),
        random=True,
        result_edits=1,
        grad={"self": "no_derivative('aten::bernoulli')"},
        check=_check_probability,
        doc="0 and 1 in the shape of self, with one probability",
    ),
    _drawn("normal.Tensor_Tensor(Tensor mean, Tensor std)", "NormalBackward3", ("mean", "std")),
    _drawn("normal.Tensor_float(Tensor mean, Number std=1)", "NormalBackward1", ("mean",)),
    _drawn("normal.float_Tensor(Number mean, Tensor std)", "NormalBackward2", ("std",)),
    factory(
        "normal.float_float(Number mean, Number std, int[] size, *, dtype? dtype=None, bool requires_grad=False)",
        _normal_size,
        random=True,
        doc="random numbers of a normal distribution",
    ),
]
