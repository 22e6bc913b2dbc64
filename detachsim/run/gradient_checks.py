"""``torch.autograd.gradcheck`` and ``gradgradcheck``: gradients against differences of a scenario's own function.

The steps are PyTorch's: what a function does besides (random numbers, lists that it fills) happens as often as there.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from detachsim.engine import autograd, dtypes
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.leaves import requires_grad_
from detachsim.engine.limits import require_few_differences
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh, strides
from detachsim.engine.views import requires_grad
from detachsim.ops.python_calls import function
from detachsim.run.derivatives import call_function
from detachsim.run.spelling import printed
from detachsim.run.values import Function, type_name

Tensors = tuple[Any, ...]


def gradcheck(
    session: Session,
    func: Any,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of ``func`` are what small steps of its inputs say; raises ``GradcheckError``."""
    if not (check_forward_ad or check_backward_ad):
        raise TorchError("gradcheck_nothing")
    if check_forward_ad or check_batched_grad or check_batched_forward_grad or fast_mode:
        raise LimitError("gradcheck of batches, in forward mode or in its fast mode")
    try:
        with session.unrecorded():
            _check(session, func, _as_tuple(inputs), eps, (rtol, atol), nondet_tol, check_undefined_grad)
    except TorchError as error:
        if raise_exception or not error.key.startswith("gradcheck_failed"):
            raise
        return False
    return True


def gradgradcheck(
    session: Session,
    func: Any,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the gradients of the gradients of ``func`` are what small steps say."""
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise TorchError("gradgradcheck_nothing")
    if check_fwd_over_rev or gen_non_contig_grad_outputs:
        raise LimitError("gradgradcheck in forward mode, or with gradients that lie apart in memory")
    given = _as_tuple(inputs)
    if grad_outputs is None:
        with session.unrecorded():
            outputs = _differentiable(call_function(session, func, given))
            seeds = tuple(_random_like(session, output) for output in outputs)
    else:
        seeds = _as_tuple(grad_outputs)
    wanted = [index for index, value in enumerate(given) if isinstance(value, Tensor) and requires_grad(value)]

    def slopes(*values: Any) -> Any:
        first, weights = values[: len(given)], values[len(given) :]
        outputs = _differentiable(call_function(session, func, first))
        chosen = [first[index] for index in wanted]
        found = autograd.grad(session, outputs, chosen, weights, create_graph=True, allow_unused=True)
        return tuple(one for one in found if one is not None)

    return gradcheck(
        session,
        Function("new_func", slopes),
        (*given, *seeds),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
    )


def _random_like(session: Session, output: Tensor) -> Any:
    """Return numbers between -1 and 1 that require grad."""
    made = session.call("uniform_", session.call("empty", output.shape, dtype=output.dtype), -1.0, 1.0)
    return requires_grad_(session, made)


def _as_tuple(value: Any) -> Tensors:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _differentiable(made: Any) -> Tensors:
    """Return the outputs that require grad; raises Python's error for what is no tensor."""
    outputs = _as_tuple(made)
    for output in outputs:
        if not isinstance(output, Tensor):
            text = f"'{type_name(output)}' object has no attribute 'requires_grad'"
            raise TorchError("python", type="AttributeError", text=text)
    return tuple(output for output in outputs if requires_grad(output))


def _check(
    session: Session,
    func: Any,
    inputs: Tensors,
    eps: Any,
    tolerance: tuple[Any, Any],
    nondet_tol: float,
    check_undefined_grad: bool,
) -> None:
    chosen = _chosen(session, inputs)
    made = _as_tuple(call_function(session, func, inputs))
    outputs = _differentiable(made)
    by_steps = [list(_numerical(session, func, inputs, made, tensor, eps)) for tensor in chosen]
    if not outputs:
        if any(np.any(found.array) for row in by_steps for found in row):
            raise TorchError("gradcheck_failed_zero")
        return
    numbers = [number for number, output in enumerate(made) if requires_grad(output)]
    for place, (number, output) in enumerate(zip(numbers, outputs, strict=True)):
        first, second = (_analytical(session, output, chosen) for _ in range(2))
        apart = (np.abs(one.array - other.array) for one, other in zip(first, second, strict=True))
        if any(found.size and found.max() > nondet_tol for found in apart):
            raise TorchError("gradcheck_failed_again", tolerance=nondet_tol)
        for index, analytical in enumerate(first):
            numerical = by_steps[index][number]
            for position, (word, value) in enumerate(zip(("rtol", "atol"), tolerance, strict=True), start=3):
                if not isinstance(value, (int, float)):
                    text = f"allclose(): argument '{word}' (position {position}) must be float, not {type_name(value)}"
                    raise TorchError("python", type="TypeError", text=text)
            if not np.allclose(analytical.array, numerical.array, *tolerance):
                shown = {"numerical": printed(session, numerical), "analytical": printed(session, analytical)}
                raise TorchError("gradcheck_failed", output=place, input=index, **shown)
    if any(found is not None and np.any(found.array) for found in _pass(session, outputs, chosen, 0.0)):
        raise TorchError("gradcheck_failed_factor")
    if check_undefined_grad:
        _check_without_gradients(session, func, inputs, chosen, len(outputs))


def _chosen(session: Session, inputs: Tensors) -> Tensors:
    """Return the inputs that require grad."""
    chosen = []
    for index, value in enumerate(inputs):
        if not (isinstance(value, Tensor) and requires_grad(value)):
            continue
        if value.dtype is not dtypes.float64:
            session.warn("gradcheck_precision", index=index)
        if any(step == 0 and size > 1 for step, size in zip(strides(value.array), value.shape, strict=True)):
            raise TorchError("gradcheck_overlap", index=index)
        chosen.append(value)
    if not chosen:
        raise TorchError("gradcheck_no_input")
    return tuple(chosen)


def _numerical(
    session: Session, func: Any, inputs: Tensors, outputs: Tensors, tensor: Tensor, eps: Any
) -> Iterator[Tensor]:
    """Yield for each output how it changes with each element: one row for each element."""
    require_few_differences(tensor.array.size)
    if not isinstance(eps, (int, float)):
        text = f"unsupported operand type(s) for -: 'Tensor' and '{type_name(eps)}'"
        raise TorchError("python", type="TypeError", text=text)
    call = session.call
    rows: list[list[Tensor]] = []
    for place in np.ndindex(tensor.array.shape):
        kept = fresh(tensor.array[place].copy(), tensor.dtype)
        ends = []
        for name in ("sub", "add"):
            # Past the counter, as through ``.data``.
            tensor.array[place] = call(name, kept, eps).array
            try:
                made = _as_tuple(call_function(session, func, inputs))
                ends.append([fresh(output.array.copy(), output.dtype) for output in made])
            finally:
                tensor.array[place] = kept.array
        rows.append([call("div", call("sub", high, low), 2 * eps) for low, high in zip(*ends, strict=True)])
    for number, output in enumerate(outputs):
        size = output.array.size if output.dtype.is_floating else 0
        table = np.zeros((len(rows), size), output.dtype.numpy)
        for row, found in zip(table, rows, strict=True) if size else ():
            row[:] = found[number].array.reshape(-1)
        yield fresh(table, output.dtype)


def _analytical(session: Session, output: Tensor, chosen: Tensors) -> list[Tensor]:
    """Return the jacobians of one output by backward passes: one column for each of its elements."""
    tables = [np.zeros((tensor.array.size, output.array.size), tensor.dtype.numpy) for tensor in chosen]
    for column in range(output.array.size):
        seed = np.zeros(output.array.size, output.dtype.numpy)
        seed[column] = 1
        start = fresh(seed.reshape(output.shape), output.dtype)
        found = autograd.grad(session, (output,), chosen, (start,), retain_graph=True, allow_unused=True)
        for table, gradient in zip(tables, found, strict=True):
            if gradient is not None:
                table[:, column] = gradient.array.reshape(-1)
    return [fresh(table, tensor.dtype) for table, tensor in zip(tables, chosen, strict=True)]


def _pass(session: Session, outputs: Sequence[Any], chosen: Tensors, value: float) -> Tensors:
    """Return the gradients that one number for each element of the outputs gives."""
    seeds = tuple(fresh(np.full(output.shape, value, output.dtype.numpy), output.dtype) for output in outputs)
    return autograd.grad(session, outputs, chosen, seeds, allow_unused=True)


def _check_without_gradients(session: Session, func: Any, inputs: Tensors, chosen: Tensors, count: int) -> None:
    """Run passes in which outputs get no gradient at all: all of them, then each of several."""
    call_function(session, func, inputs)
    for missing in range(count) if count > 1 else ():
        outputs = _differentiable(call_function(session, func, inputs))
        rest = [output for index, output in enumerate(outputs) if index != missing]
        if any(found is not None and np.any(found.array) for found in _pass(session, rest, chosen, 0.0)):
            raise TorchError("gradcheck_failed_undefined")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "gradcheck": function(gradcheck),
    "gradgradcheck": function(gradgradcheck),
}
