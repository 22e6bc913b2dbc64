"""A softmax over many classes, of which rare ones stand in clusters that are looked at when they are needed."""

from itertools import pairwise
from typing import Any, ClassVar

from detachsim.engine.errors import TorchError
from detachsim.engine.returns import ReturnType
from detachsim.engine.tensor import Tensor
from detachsim.ops.collections import type_name
from detachsim.ops.nn.base import Module, build, call_module, options
from detachsim.ops.nn.containers import ModuleList, Sequential
from detachsim.ops.nn.linear import Linear
from detachsim.ops.python_calls import method
from detachsim.printing import size_text

# What the result's items are called.
FIELDS = ("output", "loss")


class AdaptiveLogSoftmaxWithLoss(Module):
    """The logarithms of the targets' probabilities, and minus their mean."""

    called: ClassVar[dict[str, str]] = dict.fromkeys(("__init__", "forward", "log_prob", "predict"), "")

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Any,
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not isinstance(cutoffs, (list, tuple)):
            text = f"'{type_name(cutoffs)}' object is not iterable"
            raise TorchError("python", type="TypeError", text=text)
        ends = list(cutoffs)
        if not ends:
            raise TorchError("adaptive_no_cutoffs")
        distinct = sorted(set(ends))
        if ends != distinct or ends[0] <= 0 or ends[-1] > n_classes - 1 or any(int(end) != end for end in ends):
            raise TorchError("adaptive_cutoffs")
        self.in_features, self.n_classes, self.div_value, self.head_bias = in_features, n_classes, div_value, head_bias
        self.cutoffs = [*ends, n_classes]
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(ends)
        self.head_size = self.shortlist_size + self.n_clusters

        def layer(inputs: int, outputs: int, bias: bool = False) -> Any:
            return build(self.session, Linear, inputs, outputs, bias=bias, device=device, dtype=dtype)

        self.child_table["head"] = layer(in_features, self.head_size, head_bias)
        tail = []
        for number, (low, high) in enumerate(pairwise(self.cutoffs), start=1):
            hidden = int(in_features // div_value**number)
            tail.append(build(self.session, Sequential, layer(in_features, hidden), layer(hidden, high - low)))
        self.child_table["tail"] = build(self.session, ModuleList, tail)

    def reset_parameters(self) -> None:
        """Fill all layers with random numbers again."""
        for _, module in self.walk():
            if isinstance(module, Linear):
                module.reset_parameters()

    def _logits(self, number: int, input: Any) -> Any:
        tail: Any = self.child_table["tail"]
        return call_module(self.session, list(tail)[number], input)

    def forward(self, input_: Any, target_: Any) -> Any:
        """Look up the targets: frequent ones in the head, others in their clusters."""
        call = self.session.call
        dims = target_.array.ndim
        if dims == 1 and input_.shape[0] != target_.shape[0]:
            raise TorchError("adaptive_batch")
        if dims > 1:
            raise TorchError("adaptive_targets")
        if input_.array.ndim != dims + 1:
            key = {"target": dims, "input": dims + 1, "size": size_text(input_.shape)}
            raise TorchError("adaptive_input", **key)
        input = input_ if dims else call("unsqueeze", input_, 0)
        target = target_ if dims else call("unsqueeze", target_, 0)
        count = target.shape[0]
        output = call("new_zeros", input, (count,))
        places = call("new_empty", target, (count,))
        used = 0
        for number, (low, high) in enumerate(pairwise([0, *self.cutoffs])):
            mask = call("bitwise_and", call("ge", target, low), call("lt", target, high))
            rows = call("squeeze", call("nonzero", mask))
            if rows.array.size == 0:
                continue
            chosen = call("getitem", target, mask)
            if number == 0:
                call("index_copy_", places, 0, rows, chosen)
            else:
                relative = call("sub", chosen, low)
                logits = self._logits(number - 1, call("index_select", input, 0, rows))
                call("index_fill_", places, 0, rows, self.shortlist_size + number - 1)
                local = call("gather", call("log_softmax", logits, 1), 1, call("unsqueeze", relative, 1))
                call("index_copy_", output, 0, rows, call("squeeze", local, 1))
            used += rows.array.size
        if used != count:
            low, high = (call(name, target).array.item() for name in ("min", "max"))
            raise TorchError("adaptive_range", last=self.n_classes - 1, low=low, high=high)
        head = call("log_softmax", call_module(self.session, self.child_table["head"], input), 1)
        found = call("squeeze", call("gather", head, 1, call("unsqueeze", places, 1)))
        output = call("add_", output, found)
        loss = call("mean", call("neg", output))
        made = ReturnType((output if dims else call("squeeze", output, 0), loss))
        made.type_name, made.fields = "_ASMoutput", FIELDS
        return made

    def _all(self, input: Any, head: Any) -> Any:
        """Return the logarithms of all probabilities, given those of the head before its softmax."""
        call = self.session.call
        out = call("new_empty", input, (head.shape[0], self.n_classes))
        logs = call("log_softmax", head, 1)
        every = slice(None)
        short = (every, slice(None, self.shortlist_size))
        call("setitem", out, short, call("getitem", logs, short))
        for number, (start, stop) in enumerate(pairwise(self.cutoffs)):
            cluster = call("log_softmax", self._logits(number, input), 1)
            weight = call("unsqueeze", call("getitem", logs, (every, self.shortlist_size + number)), 1)
            call("setitem", out, (every, slice(start, stop)), call("add", cluster, weight))
        return out

    def log_prob(self, input: Tensor) -> Any:
        """Return the logarithms of the probabilities of all classes."""
        return self._all(input, call_module(self.session, self.child_table["head"], input))

    def predict(self, input: Tensor) -> Any:
        """Return the most probable class for each row."""
        call = self.session.call
        head = call_module(self.session, self.child_table["head"], input)
        output = call("argmax", head, 1)
        rare = call("ge", output, self.shortlist_size)
        if not rare.array.any():
            return output
        if rare.array.all():
            return call("argmax", self._all(input, head), 1)
        logs = self._all(call("getitem", input, rare), call("getitem", head, rare))
        call("setitem", output, rare, call("argmax", logs, 1))
        return output

    METHODS: ClassVar[dict[str, Any]] = {
        **Module.METHODS,
        "log_prob": method(log_prob),
        "predict": method(predict),
    }
    ATTRIBUTES: ClassVar[dict[str, Any]] = {
        **options("in_features", "n_classes", "cutoffs", "div_value", "head_bias"),
        **options("shortlist_size", "n_clusters", "head_size"),
        "head": lambda session, module: module.held("head"),
        "tail": lambda session, module: module.held("tail"),
    }


CLASSES: tuple[type[Module], ...] = (AdaptiveLogSoftmaxWithLoss,)
