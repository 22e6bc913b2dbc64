"""The texts of ``torch.autograd.functional``, and of ``gradcheck``."""

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
    "gradcheck_nothing": (
        "AssertionError",
        "Expected at least one of check_forward_ad or check_backward_ad to be True",
        {},
    ),
    "gradgradcheck_nothing": (
        "AssertionError",
        "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True",
        {},
    ),
    "gradcheck_no_input": (
        "ValueError",
        "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.",
        {
            "torch-1.13": "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True."
        },
    ),
    "gradcheck_precision": (
        "UserWarning",
        "Input #{index} requires gradient and is not a double precision floating point or complex. This check will likely "
        "fail if all the inputs are not of double precision floating point or complex. ",
        {},
    ),
    "gradcheck_overlap": _runtime(
        "The {index}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be "
        "able to compute the numerical gradients correctly. You should call .contiguous on the input before passing it to "
        "gradcheck."
    ),
    "gradcheck_failed": (
        "GradcheckError",
        "Jacobian mismatch for output {output} with respect to input {input},\nnumerical:{numerical}\n"
        "analytical:{analytical}\n",
        {},
    ),
    "gradcheck_failed_zero": ("GradcheckError", "Numerical gradient for function expected to be zero", {}),
    "gradcheck_failed_factor": ("GradcheckError", "backward not multiplied by grad_output", {}),
    "gradcheck_failed_undefined": (
        "GradcheckError",
        "Expected all input grads to be undefined or zero when all output grads are undefined or zero. Please look at "
        '"Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"',
        {},
    ),
    "gradcheck_failed_again": (
        "GradcheckError",
        "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
        "values, although analytical gradient matches numerical gradient.The tolerance for nondeterminism was "
        "{tolerance}.\n\n\nNOTE: If your op relies on non-deterministic operations i.e., it is listed here:\n"
        "https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html\nthis failure might be "
        "expected.\n\nIf you are adding a new operator, please file an issue and then use one of the\nworkarounds. The "
        "workaround depends on how your test invokes gradcheck/gradgradcheck.\nIf the test\n- manually invokes "
        "gradcheck/gradgradcheck, then call gradcheck/gradgradcheck\n  with `nondet_tol=<tol>` as a keyword argument.\n- "
        "is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test\n  to have "
        "`gradcheck_nondet_tol=<tol>`.\n- is a Module test (e.g., in common_nn.py), then modify the corresponding\n  "
        "module_test entry to have `gradcheck_nondet_tol=<tol>`\n",
        {},
    ),
}
