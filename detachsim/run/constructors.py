"""Which classes of modules and optimizers a scenario can make; their own modules are read when one is named."""

from collections.abc import Callable
from typing import Any


def constructors(space: str) -> dict[str, Callable[..., Any]]:
    """Return what ``torch.nn``, ``torch.optim`` and what is below them have, by name; each takes the session first."""
    if space == "torch.nn":
        from detachsim.ops import modules

        return modules.CONSTRUCTORS
    if space == "torch.optim":
        from detachsim.ops import optimizers

        return optimizers.CONSTRUCTORS
    if space == "torch.optim.lr_scheduler":
        from detachsim.ops import schedulers

        return schedulers.CONSTRUCTORS
    if space == "torch":
        from detachsim.ops import generators
        from detachsim.run import legacy, type_info

        return generators.CONSTRUCTORS | legacy.CONSTRUCTORS | type_info.CONSTRUCTORS
    if space == "torch.nn.init":
        from detachsim.ops.nn import init

        return init.FUNCTIONS
    if space == "torch.nn.utils":
        from detachsim.ops.nn import spectral_norm, utils, weight_norm

        return utils.FUNCTIONS | weight_norm.FUNCTIONS | spectral_norm.FUNCTIONS
    if space == "torch.nn.utils.rnn":
        from detachsim.ops.nn import sequences

        return sequences.FUNCTIONS
    if space == "torch.nn.utils.parametrizations":
        from detachsim.ops.nn import spectral_norm, weight_norm

        return weight_norm.PARAMETRIZATIONS | spectral_norm.PARAMETRIZATIONS
    if space.startswith("torch.nn.") and space.count(".") == 2:
        from detachsim.ops.nn import embeddings, transformer

        own: dict[str, dict[str, Callable[..., Any]]] = embeddings.CLASS_METHODS | transformer.CLASS_METHODS
        return own.get(space.rpartition(".")[2], {})
    return {}


def classes() -> tuple[Any, ...]:
    """Return the classes whose ATTRIBUTES and METHODS an expression may use."""
    from detachsim.engine.generator import Generator
    from detachsim.ops import collections, modules, optimizers, schedulers
    from detachsim.ops.nn.state import Loaded
    from detachsim.run import storages, type_info
    from detachsim.run.arrays import NumpyArray

    return (
        NumpyArray,
        *storages.CLASSES,
        *type_info.CLASSES,
        Loaded,
        *modules.CLASSES,
        *optimizers.CLASSES,
        *schedulers.CLASSES,
        *collections.CLASSES,
        Generator,
    )
