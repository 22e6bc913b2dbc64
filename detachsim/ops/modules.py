"""The constructors of ``torch.nn``: every module by name, and ``Parameter``; each takes the session first."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.parser import type_word
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor, fresh
from detachsim.ops.nn import (
    adaptive,
    attention,
    containers,
    convolutions,
    distance_losses,
    dropout,
    embeddings,
    linear,
    norms,
    padding,
    parameter_containers,
    pooling,
    recurrent,
    recurrent_layers,
    stateless,
    transformer,
)
from detachsim.ops.nn.base import Module, parameter
from detachsim.ops.python_calls import call_python, maker

CLASSES: tuple[type[Module], ...] = (
    Module,
    *linear.CLASSES,
    *embeddings.CLASSES,
    *attention.CLASSES,
    *transformer.CLASSES,
    *norms.CLASSES,
    *convolutions.CLASSES,
    *recurrent.CLASSES,
    *recurrent_layers.CLASSES,
    *stateless.CLASSES,
    *dropout.CLASSES,
    *padding.CLASSES,
    *pooling.CLASSES,
    *containers.CLASSES,
    *parameter_containers.CLASSES,
    *distance_losses.CLASSES,
    *adaptive.CLASSES,
)


def _parameter(session: Session, *args: Any, **kwargs: Any) -> Tensor:
    def new(cls: None, data: Any = None, requires_grad: Any = True) -> Tensor:
        if data is None:
            return parameter(fresh(np.zeros(0, dtypes.float32.numpy), dtypes.float32), requires_grad)
        if not isinstance(data, Tensor):
            raise TorchError("parameter_type", type=type_word(data))
        if not isinstance(requires_grad, bool):
            raise TorchError("parameter_flag", type=type_word(requires_grad))
        if requires_grad and data.inference and not session.inference:
            raise TorchError("inference_requires_grad")
        return parameter(data, requires_grad)

    new.__qualname__ = "Parameter.__new__"
    made: Tensor = call_python(new, (None, *args), kwargs)
    return made


CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "Parameter": _parameter,
    **{made.__name__: maker(made) for made in CLASSES},
}
