"""The texts of ``torch.autograd.functional``."""

from detachsim.engine.texts.entry import Entry

_STRICT = "This is not allowed in strict mode"


def _runtime(text: str) -> Entry:
    return ("RuntimeError", text, {})


TEXTS: dict[str, Entry] = {
    "derivative_item": (
        "TypeError",
        "The {what} given to {function} must be either a Tensor or a tuple of Tensors but the value at index {index} "
        "has type {type}.",
        {},
    ),
    "derivative_value": (
        "TypeError",
        "The {what} given to {function} must be either a Tensor or a tuple of Tensors but the given {what} has type "
        "{type}.",
        {},
    ),
    "derivative_vectors": _runtime("v is a tuple of invalid length: should be {expected} but got {found}."),
    "derivative_vector": _runtime("The given v should contain a single Tensor."),
    "derivative_vector_size": _runtime("{entry}v has invalid size: should be {expected} but got {found}."),
    "derivative_vector_output": _runtime(
        "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
    ),
    "derivative_vector_input": _runtime(
        "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
        "element."
    ),
    "derivative_single": _runtime("The function given to {function} should return a single Tensor"),
    "derivative_element": _runtime(
        "The Tensor returned by the function given to {function} should contain a single element"
    ),
    "derivative_strategy": (
        "AssertionError",
        'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than '
        'inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".',
        {},
    ),
    "derivative_outer_strategy": (
        "AssertionError",
        'Expected strategy to be either "forward-mode" or "reverse-mode".',
        {},
    ),
    "strict_output": _runtime(
        "Output {index} of the user-provided function does not require gradients. The outputs must be computed in a "
        "differentiable manner from the input when running in strict mode."
    ),
    "strict_independent": _runtime(
        f"The output of the user-provided function is independent of input {{index}}. {_STRICT}."
    ),
    "strict_pair": _runtime(
        f"Output {{output}} of the user-provided function is independent of input {{index}}. {_STRICT}."
    ),
    "strict_grad_inputs": _runtime(
        "The gradient with respect to input {index} is independent of the inputs of the user-provided function. "
        f"{_STRICT}."
    ),
    "strict_jacobian": _runtime(
        "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
        f"{{index}} is independent of the input. {_STRICT}. You should ensure that your function is twice "
        "differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for "
        "example)."
    ),
    "strict_hessian": _runtime(
        f"The hessian of the user-provided function with respect to input {{index}} is independent of the input. "
        f"{_STRICT}. You should ensure that your function is thrice differentiable and that the hessian depends on the "
        "inputs."
    ),
    "strict_back_trick": _runtime(
        "The gradient with respect to the input is independent of entry {index} in the grad_outputs when using the "
        f"double backward trick to compute forward mode gradients. {_STRICT}."
    ),
    "strict_double_back": _runtime(
        f"The jacobian of the user-provided function is independent of input {{index}}. {_STRICT}."
    ),
    "strict_double_back_trick": _runtime(
        f"The hessian of the user-provided function is independent of entry {{index}} in the grad_jacobian. {_STRICT} "
        "as it prevents from using the double backward trick to replace forward mode AD."
    ),
    "strict_graph": _runtime(
        f"The {{what}} of the user-provided function is independent of input {{index}}. {_STRICT} when "
        "create_graph=True."
    ),
}
