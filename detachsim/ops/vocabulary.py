"""The words that an expression may use: functions by namespace, methods and attributes by owner."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every name that means something in an expression.

    ``functions`` maps a namespace (``torch``, ``torch.nn.functional``, ``torch.nn``, ``torch.optim``,
    ``torch.autograd`` …)
    to its callables; ``constants`` maps a namespace to its plain values (``torch``: dtypes, ``inf``, ``nan``,
    ``pi``).
    ``methods`` and ``attributes`` are the words allowed after a dot on a value (tensors, nodes, optimizers, modules,
    hook handles, named tuples), taken together, since a name's type is known only when the scenario runs.
    ``settable`` are the attributes that may be assigned. ``inplace_methods`` are the methods that edit although
    their names do not end in one underscore (``step``, ``zero_grad``).
    """

    functions: dict[str, frozenset[str]]
    constants: dict[str, frozenset[str]]
    methods: frozenset[str]
    attributes: frozenset[str]
    settable: frozenset[str]
    inplace_methods: frozenset[str]


def _vocabulary() -> Vocabulary:
    from detachsim.ops import words

    def split(group: str) -> frozenset[str]:
        return frozenset(group.split())

    return Vocabulary(
        functions={
            "torch": split(words.TORCH),
            "torch.nn.functional": split(words.FUNCTIONAL),
            "torch.linalg": split(words.LINALG),
            "torch.special": split(words.SPECIAL),
            "torch.autograd": split(words.AUTOGRAD),
            "torch.autograd.functional": split(words.DERIVATIVES),
            "torch.nn": split(words.MODULES),
            "torch.nn.init": split(words.INIT),
            "torch.nn.utils.parametrizations": split(words.PARAMETRIZATIONS),
            "torch.nn.utils.rnn": split(words.SEQUENCES),
            "torch.nn.Transformer": split(words.TRANSFORMERS),
            "torch.nn.Embedding": split(words.TABLES),
            "torch.nn.EmbeddingBag": split(words.TABLES),
            "torch.nn.utils": split(words.UTILS),
            "torch.optim.lr_scheduler": split(words.SCHEDULES),
            "torch.optim": split(words.OPTIMIZERS),
        },
        constants={"torch": split(words.CONSTANTS)},
        methods=split(words.METHODS),
        attributes=split(words.ATTRIBUTES),
        settable=split(words.SETTABLE),
        inplace_methods=split(words.INPLACE_METHODS),
    )


VOCABULARY = _vocabulary()
