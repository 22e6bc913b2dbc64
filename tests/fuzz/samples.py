"""An op's sample as a scenario: its result, its gradients, and what is behind both."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.dialects import NEWEST
from detachsim.engine.dtypes import Array
from detachsim.engine.errors import TorchError
from detachsim.engine.tensor import Tensor
from detachsim.engine.views import requires_grad
from tests.ops.harness import Evaluator, backward, leaf, new_session, tensors_of

Inputs = Mapping[str, tuple[Array, str]]


def sample_scenario(text: str, inputs: Inputs, dialect: str = NEWEST) -> str:
    """Return the text of a scenario for an expression over tensors of these values and types.

    What there is to ask of the result (how many tensors, which have a gradient) is what detachsim says in a dialect.
    """
    import yaml

    steps: list[dict[str, Any]] = []
    leaves: dict[str, Tensor] = {}
    for name, (array, dtype) in inputs.items():
        kind = dtypes.BY_NAME[{"i": "int64", "m": "bool"}.get(name, dtype)]
        made = leaf(dtypes.cast(np.asarray(array, dtype=np.float64), dtypes.float64, kind), kind)
        made.requires = kind.is_floating
        leaves[name] = made
        creation = f"{name} = tensor({made.array.tolist()}, dtype=torch.{kind.name}).reshape({made.array.shape})"
        steps.append({"tensor": creation, **({"requires_grad": True} if made.requires else {})})
    steps.append({"op": f"y = {text}", "raises": True})
    wanted = ", ".join(name for name, made in leaves.items() if made.requires)
    outputs, grads = _ours(text, leaves, dialect)
    for name, output in outputs.items():
        asked = [name, f"{name}.dtype", f"{name}.requires_grad", *_behind(name, output)]
        steps.append({"print": asked, "raises": True})
    roots = [name for name, output in outputs.items() if requires_grad(output)]
    if roots:
        ones = ", ".join(f"torch.ones_like({name})" for name in roots)
        call = f"torch.autograd.grad([{', '.join(roots)}], [{wanted}], [{ones}], create_graph=True, allow_unused=True)"
        steps.append({"op": f"g = {call}", "raises": True})
    for name, grad in grads.items():
        steps.append({"print": [name, *_behind(name, grad)], "raises": True})
    again = [name for name, grad in grads.items() if requires_grad(grad)]
    if again:
        ones = ", ".join(f"torch.ones_like({name})" for name in again)
        call = f"torch.autograd.grad([{', '.join(again)}], [{wanted}], [{ones}], allow_unused=True)"
        steps.append({"print": call, "raises": True})
    made_text: str = yaml.safe_dump({"steps": steps}, sort_keys=False, width=1000)
    return made_text


def _behind(name: str, tensor: Tensor) -> list[str]:
    return [f"{name}.grad_fn", f"{name}.grad_fn.next_functions"] if tensor.node is not None else [f"{name}.grad_fn"]


def _ours(text: str, leaves: dict[str, Tensor], dialect: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the results and the gradients by how a scenario names them, those that there are."""
    session = new_session(dialect=dialect)
    try:
        value = Evaluator(session, leaves).run(text)
    except TorchError:
        return {}, {}
    several = isinstance(value, (tuple, list))
    outputs = tensors_of(value)
    named = {f"y[{index}]": output for index, output in enumerate(outputs)} if several else {"y": outputs[0]}
    roots = [output for output in outputs if requires_grad(output)]
    wanted = [made for made in leaves.values() if made.requires]
    try:
        first = backward(session, roots, create_graph=True, inputs=wanted, accumulate=False)
    except TorchError:
        return named, {}
    return named, {f"g[{index}]": grad for index, grad in enumerate(first) if grad is not None}
