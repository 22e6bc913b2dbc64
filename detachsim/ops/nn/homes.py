"""The files of PyTorch's in which its modules are written, which its errors name."""

from typing import Any

from detachsim.engine.signatures import entry
from detachsim.engine.tensor import Tensor

# Of torch/nn/modules, with the endings of the classes' names, or whole ones.
_FILES: dict[str, str] = {
    "module": "Module",
    "linear": "Linear Bilinear Identity NonDynamicallyQuantizableLinear",
    "sparse": "Embedding EmbeddingBag",
    "activation": "PReLU RReLU Softmax2d ReLU ReLU6 Sigmoid Tanh LeakyReLU ELU SELU CELU SiLU Mish Hardswish "
    "Hardsigmoid Hardtanh GELU Softplus LogSigmoid Softsign Softmax LogSoftmax Softmin Hardshrink Softshrink "
    "Tanhshrink Threshold GLU MultiheadAttention",
    "normalization": "LayerNorm RMSNorm GroupNorm LocalResponseNorm",
    "batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3d",
    "instancenorm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d",
    "conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    "rnn": "RNNCell GRUCell LSTMCell RNN LSTM GRU",
    "upsampling": "Upsample UpsamplingNearest2d UpsamplingBilinear2d",
    "flatten": "Flatten Unflatten",
    "pixelshuffle": "PixelShuffle PixelUnshuffle",
    "channelshuffle": "ChannelShuffle",
    "fold": "Unfold Fold",
    "distance": "CosineSimilarity PairwiseDistance",
    "container": "Sequential ModuleList ModuleDict ParameterList ParameterDict",
    "transformer": "Transformer TransformerEncoder TransformerEncoderLayer TransformerDecoder TransformerDecoderLayer",
}
_HOMES = {name: file for file, names in _FILES.items() for name in names.split()}
_FAMILIES = {"Loss": "loss", "Pool": "pooling", "Dropout": "dropout", "Pad": "padding"}


def type_text(value: Any, dialect: str) -> str:
    """Return how ``torch.typename`` calls a value: a module, a class or a function by where it is written."""
    from detachsim.ops.nn.base import Module

    if isinstance(value, Tensor):
        return value.dtype.tensor_type
    if isinstance(value, Module):
        return class_text(type(value).__name__)
    space = getattr(value, "space", None)
    if space is None:
        return getattr(value, "type_name", None) or type(value).__name__
    if space == "torch.nn":
        return class_text(value.name)
    if space == "torch.nn.functional":
        known = entry("F", value.name, dialect)
        if known is not None and not known.python:
            space = "torch._C._nn" if entry("t", value.name, dialect) is None else "torch"
    return f"{'torch._VariableFunctionsClass' if space == 'torch' else space}.{value.name}"


def class_text(name: str) -> str:
    """Return the full name of a class of modules."""
    file = _HOMES.get(name) or next((file for word, file in _FAMILIES.items() if word in name), None)
    return f"torch.nn.modules.{file}.{name}" if file else f"torch.nn.utils.parametrize.{name}"
