"""Evaluating expressions: the one place where an expression's tree meets tensors.

Names are looked up in the run's names first, then among the functions. Nothing here uses Python's ``eval`` or
``getattr``: every attribute and method is an entry of a table.
"""

import ast
import builtins
import operator
import re
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from detachsim.engine.arguments import admit
from detachsim.engine.dialects import NEWEST
from detachsim.engine.errors import LimitError, TorchError
from detachsim.engine.hooks import HookHandle
from detachsim.engine.node import Node
from detachsim.engine.returns import ReturnType
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import Dictionary
from detachsim.ops.operators import BINARY_FUNCTIONS
from detachsim.run import arrays, formats, nodes, sequences, tensors
from detachsim.run.functions import NAMESPACES, find_function
from detachsim.run.names import Names
from detachsim.run.newer import tensors_lack
from detachsim.run.values import Function, Size, type_name

# A whole number of more bits is no part of a tensor program.
MAX_BITS = 4096

_PYTHON: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
    ast.MatMult: ("@", operator.matmul),
    ast.BitAnd: ("&", operator.and_),
    ast.BitOr: ("|", operator.or_),
    ast.BitXor: ("^", operator.xor),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
# With the tensor on the right: a comparison turns round, an operation that does not commute has an op of its own.
_REFLECTED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "-": "r-", "/": "r/", "**": "r**", "//": "r//", "%": "r%"}
_PYTHON_ERRORS = (TypeError, ValueError, ZeroDivisionError, OverflowError, IndexError)


class Evaluator:
    """Evaluates expressions in one run; ``read`` is told which attributes of which tensors a print looked at."""

    def __init__(self, session: Session, names: Names) -> None:
        self.session = session
        self.names = names
        # What steps before this one bind, or would have bound: such a name stands for no function of PyTorch any more.
        self.known: set[str] = set()
        # What the parameters of the lambdas around an expression stand for.
        self.scope: Mapping[str, Any] = {}
        self.quiet = False
        self.reads: list[tuple[Tensor, str, Any]] | None = None

    def evaluate(self, tree: ast.expr) -> Any:
        """Return the value of an expression; raises ``TorchError`` as Python and PyTorch would."""
        return _VISITORS[type(tree)](self, tree)

    # Leaves of the tree

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        name = node.id
        if name in self.scope:
            return self.scope[name]
        if name in self.names:
            return self.names[name]
        hidden = name in self.known and not hasattr(builtins, name)
        found = None if hidden else find_function(self.session, (name,))
        if found is None:
            raise TorchError("python", type="NameError", text=f"name '{name}' is not defined")
        return found

    # Attributes, calls, subscripts

    def _attribute(self, node: ast.Attribute) -> Any:
        path = self._namespace_path(node)
        if path is not None:
            found = self._member(path)
            return found if found is not None else self.read(find_function(self.session, path[:-1]), node.attr)
        return self.read(self.evaluate(node.value), node.attr)

    def _namespace_path(self, node: ast.expr) -> tuple[str, ...] | None:
        """Return ``("torch", "autograd", "grad")`` for a dotted name that starts at a namespace, else ``None``."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if (
            isinstance(node, ast.Name)
            and node.id in NAMESPACES
            and node.id not in self.names
            and node.id not in self.scope
        ):
            return (node.id, *reversed(parts))
        return None

    def _member(self, path: tuple[str, ...]) -> Any:
        """Return what a dotted name stands for, ``None`` if it is an attribute of what the name before it stands for.

        Raises PyTorch's error for a name that the dialect's PyTorch does not have yet.
        """
        found = find_function(self.session, path)
        if found is None and (not path[:-1] or find_function(self.session, path[:-1]) is None):
            module = ".".join((NAMESPACES.get(path[0], path[0]), *path[1:-1]))
            raise TorchError("python", type="AttributeError", text=f"module '{module}' has no attribute '{path[-1]}'")
        return found

    def read(self, value: Any, name: str) -> Any:
        """Return an attribute of a value."""
        if isinstance(value, Tensor):
            found = self._read_tensor(value, name)
            if self.reads is not None:
                self.reads.append((value, name, found))
            return found
        if isinstance(value, Node):
            found = nodes.read(self.session, value, name)
            if found is not NotImplemented:
                return found
        elif isinstance(value, ReturnType) and name in value.fields:
            return value[value.fields.index(name)]
        elif (attributes := _table(value, "ATTRIBUTES")) and name in attributes:
            return attributes[name](self.session, value)
        if (found := _held(value, name)) is not _NOTHING:
            return found
        raise _no_attribute(value, name)

    def _read_tensor(self, tensor: Tensor, name: str) -> Any:
        if self.quiet:
            # An expectation looks without effects: no warning, no node rebuilt.
            if name == "grad":
                return tensor.grad
            if name == "grad_fn":
                return tensor.node
        reader = tensors.ATTRIBUTES.get(name)
        if reader is None or (self.session.dialect != NEWEST and tensors_lack(self.session.dialect, name)):
            raise _no_attribute(tensor, name)
        return reader(self.session, tensor)

    def _call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute):
            path = self._namespace_path(function)
            if path is None or self._member(path) is None:
                method = self._bound_method(self.evaluate(function.value), function.attr)
                return method(*self._arguments(node))
        target = self.evaluate(function)
        args, kwargs = self._arguments(node)
        return self.call(target, args, kwargs)

    def _arguments(self, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        args = [self.evaluate(argument) for argument in node.args]
        return args, {keyword.arg: self.evaluate(keyword.value) for keyword in node.keywords if keyword.arg}

    def call(self, target: Any, args: list[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a function, lambda or module."""
        if isinstance(target, Function):
            return target.call(*args, **kwargs)
        caller = getattr(type(target), "call", None) if _table(target, "METHODS") is not None else None
        if caller is not None:
            return caller(target, self.session, args, kwargs)
        raise TorchError("python", type="TypeError", text=f"'{type_name(target)}' object is not callable")

    def call_method(self, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a method of a value."""
        return self._bound_method(owner, name)(args, kwargs)

    def _bound_method(self, owner: Any, name: str) -> Callable[[list[Any], dict[str, Any]], Any]:
        """Return what calls a method of a value; Python looks for it before it looks at the arguments."""
        session = self.session
        if isinstance(owner, np.generic) and name in arrays.NumpyArray.METHODS:
            owner = np.asarray(owner).view(arrays.NumpyArray)
        if isinstance(owner, Tensor):
            method = tensors.METHODS.get(name)
            if method is not None and not (session.dialect != NEWEST and tensors_lack(session.dialect, name)):
                return lambda args, kwargs: _call_admitted(session, method, owner, name, args, kwargs)
            overloads = session.library.get(name)
            if overloads is not None and any("m" in op.where for op in overloads.ops):
                return lambda args, kwargs: overloads.within("m").call(session, [owner, *args], kwargs)
        elif isinstance(owner, Node) and name in nodes.METHODS:
            return nodes.bound_method(session, owner, name)
        elif isinstance(owner, list) and name in sequences.LIST_METHODS:
            return lambda args, kwargs: self._call_list(owner, name, args, kwargs)
        elif (plain := _plain_method(owner, name)) is not None:
            return lambda args, kwargs: self._python(
                lambda: plain(*args, **kwargs), lambda text: f"{name}(){_after_name(text)}"
            )
        elif (methods := _table(owner, "METHODS")) is not None and name in methods:
            return lambda args, kwargs: self._python(
                lambda: methods[name](session, owner, *args, **kwargs), lambda text: f"{name}(){_after_name(text)}"
            )
        elif (inner := _held(owner, name)) is not _NOTHING:
            return lambda args, kwargs: self.call(inner, args, kwargs)
        raise _no_attribute(owner, name)

    def _call_list(self, items: list[Any], name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        made = sequences.call_method(self.session, items, name, args, kwargs)
        self.names.refilled(items)
        return made

    def _python(self, call: Callable[[], Any], reword: Callable[[str], str]) -> Any:
        """Run one of our own functions with the scenario's arguments; wrong ones are the scenario's ``TypeError``."""
        try:
            return call()
        except TypeError as error:
            text = str(error)
            if "argument" not in text:
                raise
            raise TorchError("python", type="TypeError", text=reword(text) if "()" in text else text) from None

    def _subscript(self, node: ast.Subscript) -> Any:
        value = self.evaluate(node.value)
        index = self.index(node.slice)
        return self.subscript(value, index)

    def subscript(self, value: Any, index: Any) -> Any:
        """Return ``value[index]``."""
        if isinstance(value, Tensor):
            return self.session.call("getitem", value, index)
        if sequences.is_sequence(value):
            return sequences.item(value, index)
        if (methods := _table(value, "METHODS")) is not None and "__getitem__" in methods:
            return methods["__getitem__"](self.session, value, index)
        raise TorchError("python", type="TypeError", text=f"'{type_name(value)}' object is not subscriptable")

    def index(self, node: ast.expr) -> Any:
        """Return what stands in the brackets of a subscript."""
        if isinstance(node, ast.Tuple):
            return tuple(self.index(item) for item in node.elts)
        return self.evaluate(node)

    def _slice(self, node: ast.Slice) -> slice:
        bounds = (None if part is None else self.evaluate(part) for part in (node.lower, node.upper, node.step))
        return slice(*(sequences.as_index(bound) if isinstance(bound, Tensor) else bound for bound in bounds))

    def _list(self, node: ast.List) -> list[Any]:
        return sequences.bounded([self.evaluate(item) for item in node.elts])

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return sequences.bounded(tuple([self.evaluate(item) for item in node.elts]))

    # Operators

    def _binary(self, node: ast.BinOp) -> Any:
        return self.binary(node.op, self.evaluate(node.left), self.evaluate(node.right))

    def binary(self, sign: ast.AST, left: Any, right: Any, *, augmented: bool = False) -> Any:
        """Return the value of an operator or comparison; of ``augmented`` ones (``+=``) only errors differ."""
        symbol, function = _PYTHON[type(sign)]
        try:
            if symbol == "%" and isinstance(left, str):
                return formats.fill(self.session, left, right)
            if isinstance(left, Tensor) or isinstance(right, Tensor):
                return self._tensor_binary(sign, symbol, left, right, augmented=augmented)
            made = sequences.combine(self.session, sign, left, right)
            return _plain(symbol, function, left, right) if made is NotImplemented else made
        except TorchError as error:
            text = error.details.get("text", "") if error.key == "python" else ""
            if not augmented or not text.startswith("unsupported operand"):
                raise
            _, _, operands = text.partition(": ")
            text = f"unsupported operand type(s) for {symbol}=: {operands}"
            raise TorchError("python", type="TypeError", text=text) from None

    def _tensor_binary(self, sign: ast.AST, symbol: str, left: Any, right: Any, *, augmented: bool) -> Any:
        reflected = not isinstance(left, Tensor)
        tensor, other = (right, left) if reflected else (left, right)
        if isinstance(other, np.generic) and symbol != "@":
            other = other.item()
        if isinstance(other, np.ndarray):
            made = arrays.with_tensor(self.session, symbol, _PYTHON[type(sign)][1], left, right)
            if made is not NotImplemented:
                return made
        if not isinstance(other, (Tensor, bool, int, float)) or (symbol == "@" and not isinstance(other, Tensor)):
            if symbol in ("==", "!="):
                return symbol == "!="
            if not (augmented and left is tensor):  # ``*=`` of a tensor repeats no sequence, as ``*`` does
                made = sequences.combine(self.session, sign, left, right)
                if made is not NotImplemented:
                    return made
            if symbol in ("<", "<=", ">", ">="):
                text = f"'{symbol}' not supported between instances of '{type_name(left)}' and '{type_name(right)}'"
            else:
                shown = "** or pow()" if symbol == "**" else symbol
                text = f"unsupported operand type(s) for {shown}: '{type_name(left)}' and '{type_name(right)}'"
            raise TorchError("python", type="TypeError", text=text)
        if reflected:
            symbol = _REFLECTED.get(symbol, symbol)
        return self.session.call(BINARY_FUNCTIONS[symbol], tensor, other)

    def _unary(self, node: ast.UnaryOp) -> Any:
        value = self.evaluate(node.operand)
        sign = node.op
        if isinstance(sign, ast.Not):
            return not self.truth(value)
        if isinstance(value, Tensor):
            if isinstance(sign, ast.UAdd):
                return self.session.call("positive", value)
            return self.session.call(BINARY_FUNCTIONS["neg" if isinstance(sign, ast.USub) else "~"], value)
        try:
            if isinstance(sign, ast.USub):
                return -value
            return +value if isinstance(sign, ast.UAdd) else ~value
        except TypeError:
            shown = "~" if isinstance(sign, ast.Invert) else "-" if isinstance(sign, ast.USub) else "+"
            text = f"bad operand type for unary {shown}: '{type_name(value)}'"
            raise TorchError("python", type="TypeError", text=text) from None

    def _boolean(self, node: ast.BoolOp) -> Any:
        stops_at = isinstance(node.op, ast.Or)
        for part in node.values[:-1]:
            value = self.evaluate(part)
            if self.truth(value) == stops_at:
                return value
        return self.evaluate(node.values[-1])

    def _compare(self, node: ast.Compare) -> Any:
        left = self.evaluate(node.left)
        result: Any = True
        for index, (sign, part) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self.evaluate(part)
            if isinstance(sign, (ast.Is, ast.IsNot)):
                result = tensors.is_same(left, right) == isinstance(sign, ast.Is)
            else:
                result = self.binary(sign, left, right)
            if index < len(node.ops) - 1 and not self.truth(result):
                return result
            left = right
        return result

    def truth(self, value: Any) -> bool:
        """Return ``bool(value)``."""
        if isinstance(value, Tensor):
            return tensors.truth(value)
        try:
            return bool(value)
        except ValueError as error:  # of an array
            raise _from_python(error) from None

    # Functions

    def _lambda(self, node: ast.Lambda) -> Function:
        parameters = [argument.arg for argument in node.args.args]
        outer = self.scope

        def call(*args: Any, **kwargs: Any) -> Any:
            if kwargs or len(args) != len(parameters):
                args = _in_order(parameters, args, kwargs)
            caller, self.scope = self.scope, {**outer, **dict(zip(parameters, args, strict=True))}
            try:
                return self.evaluate(node.body)
            finally:
                self.scope = caller

        return Function("<lambda>", call)


def _call_admitted(
    session: Session, method: Callable[..., Any], owner: Tensor, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Call a method of a tensor that is no op, with arguments that PyTorch's parser lets through."""
    taken, named = admit(session, "m", name, args, kwargs, owner)
    return method(session, owner, *taken, **named)


def _plain_method(owner: Any, name: str) -> Callable[[], Any] | None:
    """Return a method without arguments of a value that is none of PyTorch's own, ``None`` if there is none."""
    if isinstance(owner, HookHandle) and name == "remove":
        return lambda: owner.remove()
    if isinstance(owner, Size) and name == "numel":
        return lambda: prod(owner)
    return None


def _in_order(parameters: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return a lambda's arguments in the order of its parameters; raises Python's error where they do not fit."""
    values = dict(zip(parameters, args, strict=False))
    missing = [f"'{name}'" for name in parameters[len(args) :] if name not in kwargs]
    problem = ""
    for name in kwargs:
        if name not in parameters:
            problem = problem or f"got an unexpected keyword argument '{name}'"
        elif name in values:
            problem = problem or f"got multiple values for argument '{name}'"
    if not problem and len(args) > len(parameters):
        noun = "argument" if len(parameters) == 1 else "arguments"
        given = f"{len(args)} {'was' if len(args) == 1 else 'were'} given"
        problem = f"takes {len(parameters)} positional {noun} but {given}"
    if not problem and missing:
        noun = "argument" if len(missing) == 1 else "arguments"
        listed = " and ".join(missing) if len(missing) < 3 else f"{', '.join(missing[:-1])}, and {missing[-1]}"
        problem = f"missing {len(missing)} required positional {noun}: {listed}"
    if problem:
        raise TorchError("python", type="TypeError", text=f"<lambda>() {problem}")
    return tuple((values | kwargs)[name] for name in parameters)


# What stands for an attribute that is not there.
_NOTHING = object()


def _held(value: Any, name: str) -> Any:
    """Return what a module holds under a name."""
    find = None if isinstance(value, str) else getattr(type(value), "find", None)  # a text has one of Python's
    found = value if find is None else find(value, name)
    return _NOTHING if found is value else found


def _table(value: Any, name: str) -> dict[str, Any] | None:
    """Return a table of attributes or methods that a class of ours (an optimizer, a module) declares."""
    found = type(value).__dict__.get(name) or getattr(type(value), name, None)
    return found if isinstance(found, dict) else None


def _plain(symbol: str, function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Compute with Python's own values, within bounds."""
    if symbol == "**" and isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > MAX_BITS:
        raise LimitError(f"a whole number of more than {MAX_BITS} bits")
    try:
        result = function(left, right)
    except _PYTHON_ERRORS as error:
        if isinstance(error, TypeError) and any(isinstance(value, (Node, Dictionary)) for value in (left, right)):
            # Python knows these by the names of our classes.
            text = re.sub(r"'\w+' and '\w+'$", f"'{type_name(left)}' and '{type_name(right)}'", str(error))
            raise TorchError("python", type="TypeError", text=text) from None
        raise _from_python(error) from None
    if isinstance(result, str):
        sequences.require_few_items(result, len(result))
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise LimitError(f"a whole number of more than {MAX_BITS} bits")
    return result


def _from_python(error: Exception) -> TorchError:
    return TorchError("python", type=type(error).__name__, text=str(error))


def _no_attribute(value: Any, name: str) -> TorchError:
    return TorchError("python", type="AttributeError", text=f"'{type_name(value)}' object has no attribute '{name}'")


def _after_name(text: str) -> str:
    """Return one of Python's messages on wrong arguments without the name of our own function."""
    return text[text.index("()") + 2 :]


_VISITORS: dict[type[ast.expr], Callable[[Evaluator, Any], Any]] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
    ast.Subscript: Evaluator._subscript,
    ast.Slice: Evaluator._slice,
    ast.List: Evaluator._list,
    ast.Tuple: Evaluator._tuple,
    ast.BinOp: Evaluator._binary,
    ast.UnaryOp: Evaluator._unary,
    ast.BoolOp: Evaluator._boolean,
    ast.Compare: Evaluator._compare,
    ast.Lambda: Evaluator._lambda,
}

# The tree's sign for an operator's text, for augmented assignments.
SIGNS: dict[str, ast.AST] = {symbol: sign() for sign, (symbol, _) in _PYTHON.items()}
