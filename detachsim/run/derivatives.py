"""``torch.autograd.functional``: products of vectors with derivatives, jacobians and hessians of a scenario's function.

All of them are backward passes over a graph that is made of copies of the inputs; a product from the other side is the
gradient of a gradient. What they return has no history unless it is asked for.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from detachsim.engine import autograd
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.leaves import requires_grad_
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from detachsim.printing import size_text
from detachsim.run.values import Function, type_name

Tensors = tuple[Any, ...]
_REVERSE, _FORWARD = "reverse-mode", "forward-mode"


def vjp(
    session: Session, func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """The outputs of ``func``, and the product of ``v`` with its jacobian."""
    with session.grad_mode(True):
        alone, copies = _inputs(session, inputs, "vjp", create_graph)
        single, outputs = _outputs(session, func, copies, "vjp", strict)
        if v is not None:
            v = _vector(session, v, outputs, single, "vjp", create_graph)
        elif len(outputs) != 1 or outputs[0].array.size != 1:
            raise TorchError("derivative_vector_output")
    with _mode(session, create_graph):
        product = _product(session, outputs, copies, v, strict, create_graph, "independent")
    return _given(session, outputs, single, create_graph), _given(session, product, alone, create_graph)


def jvp(
    session: Session, func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """The outputs of ``func``, and the product of its jacobian with ``v``: the gradient of a gradient."""
    with session.grad_mode(True):
        alone, copies = _inputs(session, inputs, "jvp", create_graph)
        v = _vector_for_inputs(session, v, copies, alone, "jvp", create_graph)
        single, outputs = _outputs(session, func, copies, "jvp", strict)
        seeds = _seeds(session, outputs)
        gradients = _grad(session, outputs, copies, seeds, create_graph=True)
        _require_grad(gradients, "grad_inputs", strict)
    with session.grad_mode(True) if create_graph else session.grad_mode(session.grad_enabled):
        product = _product(session, gradients, seeds, v, strict, create_graph, "back_trick")
    return _given(session, outputs, single, create_graph), _given(session, product, single, create_graph)


def vhp(
    session: Session, func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """The output of ``func``, and the product of ``v`` with its hessian."""
    with session.grad_mode(True):
        alone, copies, v, outputs, slopes = _slopes(session, func, inputs, v, create_graph, strict, "vhp")
    with _mode(session, create_graph):
        product = _product(session, slopes, copies, v, strict, create_graph, "double_back")
    return _given(session, outputs, True, create_graph), _given(session, product, alone, create_graph)


def hvp(
    session: Session, func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """The output of ``func``, and the product of its hessian with ``v``."""
    with session.grad_mode(True):
        alone, copies, v, outputs, slopes = _slopes(session, func, inputs, v, create_graph, strict, "hvp")
        seeds = _seeds(session, copies)
        twice = _grad(session, slopes, copies, seeds, create_graph=True)
        _require_grad(slopes, "hessian", strict)
    with _mode(session, create_graph):
        product = _product(session, twice, seeds, v, strict, create_graph, "double_back_trick")
    return _given(session, outputs, True, create_graph), _given(session, product, alone, create_graph)


def _slopes(
    session: Session, func: Any, inputs: Any, v: Any, create_graph: bool, strict: bool, name: str
) -> tuple[bool, Tensors, Tensors | None, Tensors, Tensors]:
    """Return the inputs' copies, the vector, the one output and its gradients, with a graph of theirs."""
    alone, copies = _inputs(session, inputs, name, create_graph)
    vector = _vector_for_inputs(session, v, copies, alone, name, create_graph)
    outputs = _one_number(session, func, copies, name, strict)
    slopes = _grad(session, outputs, copies, create_graph=True)
    _require_grad(slopes, "jacobian", strict)
    return alone, copies, vector, outputs, slopes


def jacobian(
    session: Session,
    func: Any,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = _REVERSE,
) -> Any:
    """The gradient of each element of each output for each input."""
    if strategy not in (_FORWARD, _REVERSE):
        raise TorchError("derivative_strategy")
    if vectorize or strategy == _FORWARD:
        raise LimitError("torch.autograd.functional by vectorize=True or in forward mode")
    with session.grad_mode(True):
        alone, copies = _inputs(session, inputs, "jacobian", create_graph)
        single, outputs = _outputs(session, func, copies, "jacobian", strict)
        rows = []
        for number, output in enumerate(outputs):
            parts: list[list[Tensor]] = [[] for _ in copies]
            for place in range(output.array.size):
                element = session.call("getitem", session.call("reshape", output, (-1,)), place)
                found = _grad(session, (element,), copies, retain_graph=True, create_graph=create_graph)
                for index, (part, gradient) in enumerate(zip(parts, found, strict=True)):
                    if gradient is None and strict:
                        raise TorchError("strict_pair", output=number, index=index)
                    if gradient is not None and strict and create_graph and not requires_grad(gradient):
                        raise TorchError("strict_graph", what="jacobian", index=number)
                    part.append(session.call("zeros_like", copies[index]) if gradient is None else gradient)
            stacked = [session.call("stack", part, 0) for part in parts]
            shapes = [(*output.array.shape, *copy.array.shape) for copy in copies]
            rows.append(tuple(session.call("view", made, shape) for made, shape in zip(stacked, shapes, strict=True)))
        made = tuple(_without_history(session, row, create_graph) for row in rows)
    inner = tuple(row[0] for row in made) if alone else made
    return inner[0] if single else inner


def hessian(
    session: Session,
    func: Any,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = _REVERSE,
) -> Any:
    """The jacobian of the jacobian of a function that gives one number."""
    alone, given = _several(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in (_FORWARD, _REVERSE):
        raise TorchError("derivative_outer_strategy")

    def one_number(*values: Any) -> Any:
        return session.call("squeeze", _one_number(session, func, values, "hessian", strict)[0])

    def slopes(*values: Any) -> Any:
        made = jacobian(session, Function("<lambda>", one_number), values, create_graph=True)
        _require_grad(made, "jacobian", strict)
        return made

    made = jacobian(
        session,
        Function("<lambda>", slopes),
        given,
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )
    return made[0][0] if alone else made


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "jacobian": jacobian,
    "hessian": hessian,
    "vjp": vjp,
    "jvp": jvp,
    "vhp": vhp,
    "hvp": hvp,
}


# What goes in


def _several(value: Any, what: str, function: str) -> tuple[bool, Tensors]:
    """Return whether a tensor stands alone, and it or several as a tuple; raises for anything else."""
    alone = not isinstance(value, tuple)
    items: Tensors = (value,) if alone else value
    for index, item in enumerate(items):
        if not isinstance(item, Tensor):
            key = "derivative_value" if alone else "derivative_item"
            shown = f"<class '{type_name(item)}'>"
            raise TorchError(key, what=what, function=function, index=index, type=shown)
    return alone, items


def _copies(session: Session, tensors: Sequence[Tensor], create_graph: bool, *, recorded: bool) -> Tensors:
    """Return new tensors of the same memory, so that what a function uses besides is told from its inputs."""
    made = []
    for tensor in tensors:
        if create_graph and requires_grad(tensor):
            made.append(session.call("view_as", tensor, tensor))
        else:
            made.append(requires_grad_(session, session.call("detach", tensor), recorded))
    return tuple(made)


def _inputs(session: Session, inputs: Any, function: str, create_graph: bool) -> tuple[bool, Tensors]:
    alone, given = _several(inputs, "inputs", function)
    return alone, _copies(session, given, create_graph, recorded=True)


def _outputs(session: Session, func: Any, inputs: Tensors, function: str, strict: bool) -> tuple[bool, Tensors]:
    made = call_function(session, func, inputs)
    alone, outputs = _several(made, "outputs of the user-provided function", function)
    _require_grad(outputs, "output", strict)
    return alone, outputs


def call_function(session: Session, func: Any, inputs: Tensors) -> Any:
    """Call a scenario's function, or a module; raises Python's error for what is neither."""
    if isinstance(func, Function):
        return func.call(*inputs)
    if (call := getattr(type(func), "call", None)) is not None:  # a module
        return call(func, session, list(inputs), {})
    raise TorchError("python", type="TypeError", text=f"'{type_name(func)}' object is not callable")


def _one_number(session: Session, func: Any, inputs: Tensors, function: str, strict: bool) -> Tensors:
    """Return the one output of a function that gives a single number; raises for any other."""
    single, outputs = _outputs(session, func, inputs, function, strict)
    if not single:
        raise TorchError("derivative_single", function=function)
    if outputs[0].array.size != 1:
        raise TorchError("derivative_element", function=function)
    return outputs


def _vector(session: Session, v: Any, others: Tensors, alone: bool, function: str, create_graph: bool) -> Tensors:
    _, given = _several(v, "v", function)
    made = _copies(session, given, create_graph, recorded=False)
    if len(made) != len(others):
        if alone:
            raise TorchError("derivative_vector")
        raise TorchError("derivative_vectors", expected=len(others), found=len(made))
    for index, (one, other) in enumerate(zip(made, others, strict=True)):
        if one.array.shape != other.array.shape:
            entry = "" if alone else f"Entry {index} in "
            sizes = {"expected": size_text(other.array.shape), "found": size_text(one.array.shape)}
            raise TorchError("derivative_vector_size", entry=entry, **sizes)
    return made


def _vector_for_inputs(
    session: Session, v: Any, copies: Tensors, alone: bool, function: str, create_graph: bool
) -> Tensors | None:
    if v is not None:
        return _vector(session, v, copies, alone, function, create_graph)
    if len(copies) != 1 or copies[0].array.size != 1:
        raise TorchError("derivative_vector_input")
    return None


def _seeds(session: Session, tensors: Tensors) -> Tensors:
    """Return zeros to differentiate for: a gradient is linear in what it begins with."""
    return tuple(session.call("zeros_like", tensor, requires_grad=True) for tensor in tensors)


def _mode(session: Session, create_graph: bool) -> AbstractContextManager[None]:
    return session.grad_mode(create_graph or session.grad_enabled)


# Passes, and what comes out


def _grad(
    session: Session,
    outputs: Sequence[Any],
    inputs: Tensors,
    gradients: Sequence[Any] | None = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> Tensors:
    """``torch.autograd.grad`` of the outputs that have a graph; ``None`` for what none of them depends on."""
    seeds = gradients or (None,) * len(outputs)
    pairs = [pair for pair in zip(outputs, seeds, strict=True) if pair[0] is not None and requires_grad(pair[0])]
    if not pairs:
        return (None,) * len(inputs)
    roots, seeds = zip(*pairs, strict=True)
    return autograd.grad(
        session, roots, inputs, seeds, create_graph=create_graph, retain_graph=retain_graph, allow_unused=True
    )


def _require_grad(tensors: Any, what: str, strict: bool) -> None:
    if not strict:
        return
    for index, tensor in enumerate(tensors if isinstance(tensors, tuple) else (tensors,)):
        if tensor is None:
            raise TorchError("strict_independent", index=index)
        if not requires_grad(tensor):
            raise TorchError(f"strict_{what}", index=index)


def _product(
    session: Session,
    outputs: Sequence[Any],
    inputs: Tensors,
    v: Tensors | None,
    strict: bool,
    create_graph: bool,
    stage: str,
) -> Tensors:
    """Return the gradients that ``v`` gives, with zeros for those that there are not, which ``strict`` refuses."""
    made = []
    for index, gradient in enumerate(_grad(session, outputs, inputs, v, create_graph=create_graph)):
        if gradient is None and strict:
            raise TorchError(f"strict_{stage}", index=index)
        if gradient is not None and strict and create_graph and not requires_grad(gradient):
            raise TorchError("strict_graph", what="hessian" if "double" in stage else "jacobian", index=index)
        made.append(session.call("zeros_like", inputs[index]) if gradient is None else gradient)
    return tuple(made)


def _without_history(session: Session, tensors: Tensors, create_graph: bool) -> Tensors:
    return tensors if create_graph else tuple(session.call("detach", tensor) for tensor in tensors)


def _given(session: Session, tensors: Tensors, alone: bool, create_graph: bool) -> Any:
    made = _without_history(session, tensors, create_graph)
    return made[0] if alone else made
