"""The texts of gradients for several seeds at once."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    "grads_batch_shape": (
        "RuntimeError",
        "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The sizes "
        "of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was detected: "
        "grad_output[{grad_index}] has a shape of {grad} and output[{index}] has a shape of {output}. If you only want some "
        "tensors in `grad_output` to be considered batched, consider using vmap.",
        {},
    ),
    "grads_batch_scalar": (
        "ValueError",
        "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input is a Tensor of dimensionality 0 so "
        "expected in_dim to satisfy 0 <= in_dim < 0.",
        {},
    ),
    "grads_batch_sizes": (
        "ValueError",
        "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped dimension",
        {},
    ),
}
