"""The state of one run: modes, counters of ids, warnings, random numbers, and the facts recorded as it goes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from detachsim.engine.dialects import NEWEST
from detachsim.engine.tensor import Tensor
from detachsim.printing import PrintOptions

if TYPE_CHECKING:
    from detachsim.engine.generator import Generator
    from detachsim.engine.library import Library

Fact = tuple[Any, ...]


class Session:
    """Everything that PyTorch keeps per process or thread.

    ``library`` finds ops by name. ``facts`` collects tuples while the engine works (``None``: nobody listens);
    ``warn`` receives a text's key and what fills it.
    """

    __slots__ = (
        "_generator",
        "anomaly",
        "backward_node",
        "check_nan",
        "dialect",
        "facts",
        "functions",
        "grad_enabled",
        "grad_idle",
        "inference",
        "library",
        "next_sequence",
        "node_ids",
        "print_options",
        "settle",
        "sink",
        "storage_ids",
        "tensor_ids",
        "version_ids",
        "warned",
        "watch",
    )

    def __init__(
        self,
        library: "Library",
        dialect: str = "torch-2.13",
        sink: Callable[[str, dict[str, Any]], None] | None = None,
        *,
        record: bool = False,
    ) -> None:
        self.library = library
        self.dialect = dialect
        self.sink = sink
        # Whether ops record a graph. Inside inference mode none does, even where gradients are on, but idle.
        self.grad_enabled = True
        self.grad_idle = False
        self.inference = False
        self.anomaly = False
        self.check_nan = True
        self.backward_node: Any = None
        self.next_sequence = 0
        self.tensor_ids = self.storage_ids = self.version_ids = self.node_ids = 0
        self.facts: list[Fact] | None = [] if record else None
        # Called when a hook is done, so that facts can be told and let go: a gradient that they hold is not taken.
        self.settle: Callable[[], None] | None = None
        self.warned: set[str] = set()
        # Told of each node of a backward pass that has run, with the gradients that came and went.
        self.watch: Callable[[Any, list[Any], list[Any]], None] | None = None
        self.functions: dict[str, Any] = {}
        self.print_options = PrintOptions(width_of_choice=self.dialect != NEWEST)
        self._generator: Generator | None = None

    @property
    def generator(self) -> "Generator":
        """The CPU generator, made on first use."""
        if self._generator is None:
            from detachsim.engine.generator import Generator

            self._generator = Generator()
        return self._generator

    @contextmanager
    def drawing_aside(self) -> Iterator[None]:
        """Draw the random numbers that come next without taking them away."""
        own = self._generator
        self._generator = deepcopy(own)
        try:
            yield
        finally:
            self._generator = own

    @contextmanager
    def drawing_from(self, generator: "Generator | None") -> Iterator[None]:
        """Draw random numbers from another generator, if there is one."""
        own = self.generator
        self._generator = generator or own
        try:
            yield
        finally:
            self._generator = own

    def warn(self, key: str, **details: Any) -> None:
        """Give a warning of PyTorch's."""
        if self.sink is not None:
            self.sink(key, details)

    def warn_once(self, key: str, **details: Any) -> None:
        """Give a warning that PyTorch gives once in a process, so once in a run."""
        if key not in self.warned:
            self.warned.add(key)
            self.warn(key, **details)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Run the op called ``name`` with PyTorch's arguments; raises ``TorchError`` as PyTorch would."""
        overloads = self.library.sets[name]
        # What most calls are, without another call in between: see ``OverloadSet.call``.
        if overloads.short_count == len(args) and not kwargs:
            first = args[0]
            if type(first) is Tensor and overloads.short is not None:
                if len(args) == 1:
                    return overloads.short(self, first)
                if type(args[1]) is Tensor:
                    return overloads.short(self, first, args[1])
        return overloads.call(self, args, kwargs)

    @contextmanager
    def grad_mode(self, enabled: bool) -> Iterator[None]:
        """Set whether ops record a graph, as ``torch.set_grad_enabled`` in a ``with`` block."""
        before = self.grad_enabled
        self.grad_enabled = enabled
        try:
            yield
        finally:
            self.grad_enabled = before

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Record no facts: what PyTorch computes for itself on the way is no part of a story."""
        facts, self.facts = self.facts, None
        try:
            yield
        finally:
            self.facts = facts
