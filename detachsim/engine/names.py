"""The names of nodes as each place and each dialect spells them."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detachsim.engine.node import Node

_BACKWARD = re.compile(r"^(.*)Backward(\d*)$")


def dialect_name(dialect: str, name: str) -> str:
    """Return the full name of a node of 2.13 as ``dialect`` calls it."""
    if dialect != "torch-1.7":
        return name
    from detachsim.engine.names_1_7 import name_in_1_7

    return name_in_1_7(name)


def class_name(dialect: str, node: "Node") -> str:
    """Return the name in ``grad_fn=<…>``: without a C++ namespace."""
    return dialect_name(dialect, node.name).rpartition("::")[2]


def object_name(dialect: str, node: "Node") -> str:
    """Return the name of the node's class as Python prints it: with the module, where PyTorch writes it in Python."""
    name = class_name(dialect, node)
    return f"torch.autograd.function.{name}" if node.name.endswith("Backward") else name


def full_name(dialect: str, node: "Node") -> str:
    """Return the name as anomaly mode prints it."""
    return dialect_name(dialect, node.name)


def message_name(dialect: str, node: "Node") -> str:
    """Return the name in "which is output 0 of …": 2.13 leaves out the last ``Backward`` and a 0."""
    name = dialect_name(dialect, node.name)
    if dialect != "torch-2.13":
        return name
    match = _BACKWARD.match(name)
    return name if match is None else match[1] + (match[2] if match[2] != "0" else "")
