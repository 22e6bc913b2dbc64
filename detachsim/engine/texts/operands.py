"""The texts about operands that an op does not take: element types, modes, ranges of plain arguments."""

from detachsim.engine.texts.entry import Entry

TEXTS: dict[str, Entry] = {
    # 1.13 gives all of these as RuntimeError.
    "ldexp_cast": ("RuntimeError", "ldexp can't be cast to the desired output type {output}", {}),
    "not_implemented_for": (
        "NotImplementedError",
        "\"{kernel}\" not implemented for '{dtype}'",
        {"torch-1.13": ("RuntimeError", "\"{kernel}\" not implemented for '{dtype}'")},
    ),
    "no_derivative": (
        "NotImplementedError",
        "the derivative for '{op}' is not implemented.",
        {},
    ),
    "mvlgamma_bool": ("RuntimeError", "The input tensor may not be a boolean tensor.", {}),
    "mvlgamma_order": ("RuntimeError", "p has to be greater than or equal to 1", {}),
    "inplace_type": (
        "RuntimeError",
        "Bad in-place call: input tensor dtype {input} and output tensor dtype {output} should match",
        {},
    ),
    "mvlgamma_inplace": (
        "RuntimeError",
        "mvlgamma: result type {dtype} can't be cast to the desired output type Float",
        {},
    ),
    "zero_division": ("RuntimeError", "ZeroDivisionError", {}),
    "rounding_mode": (
        "RuntimeError",
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'",
        {},
    ),
    "bool_neg": (
        "RuntimeError",
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
        "`logical_not()` operator instead.",
        {},
    ),
    "bool_sub": (
        "RuntimeError",
        "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
        "instead.",
        {},
    ),
    "bool_sub_one": (
        "RuntimeError",
        "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the "
        "`~` or `logical_not()` operator instead.",
        {},
    ),
    "factor_float": (
        "RuntimeError",
        "For integral input tensors, argument {name} must not be a floating point number.",
        {},
    ),
    "factor_bool": ("RuntimeError", "Boolean {name} only supported for Boolean results.", {}),
    "bool_positive": ("RuntimeError", "The `+` operator, on a bool tensor is not supported.", {}),
    "negative_integer_power": ("RuntimeError", "Integers to negative integer powers are not allowed.", {}),
    "float_power_inplace": (
        "RuntimeError",
        "the base given to float_power_ has dtype {dtype} but the operation's result requires dtype Double",
        {},
    ),
    "heaviside_dtypes": (
        "RuntimeError",
        "heaviside is not yet implemented for tensors with different dtypes.",
        {},
    ),
    "addcdiv_integers": (
        "RuntimeError",
        "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true "
        "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
        "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for "
        "float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), "
        "for all dtypes.",
        {},
    ),
    "lerp_dtype": ("RuntimeError", "expected dtype {expected} for `{name}` but got dtype {found}", {}),
    "did_not_match": ("RuntimeError", "{left} did not match {right}", {}),
    "close_tolerance": (
        "RuntimeError",
        "{name} must be greater than or equal to zero, but got {value}",
        {},
    ),
    "invert_dtype": (
        "TypeError",
        "~ (operator.invert) is only implemented on integer and Boolean-type tensors",
        {},
    ),
    "polygamma_order": ("RuntimeError", "polygamma(n, x) does not support negative n.", {}),
    "deprecated_overload": (
        "UserWarning",
        "This overload of {name} is deprecated:\n\t{name}{signature}\nConsider using one of the following signatures "
        "instead:{others}",
        {},
    ),
    "argument_type": (
        "TypeError",
        "{op}(): argument '{name}' (position {place}) must be {wanted}, not {found}",
        {},
    ),
    "argument_element": (
        "TypeError",
        "{op}(): argument '{name}' (position {place}) must be {wanted}, but found element of type {found} at pos {position}",
        {},
    ),
    "device_index": ("RuntimeError", "Device index must not be negative", {}),
    "device_none": ("RuntimeError", "Cannot access accelerator device when none is available.", {}),
    "device_empty": ("RuntimeError", "Device string must not be empty", {}),
    "device_form": ("RuntimeError", "Invalid device string: '{device}'", {}),
    "device_name": (
        "RuntimeError",
        "Expected one of {names} device type at start of device string: {device}",
        {},
    ),
    "device_cuda": ("AssertionError", "Torch not compiled with CUDA enabled", {}),
    "device_xpu": ("AssertionError", "Torch not compiled with XPU enabled", {}),
    "device_linked": ("RuntimeError", "PyTorch is not linked with support for {name} devices", {}),
    # Dimensions have names in older ones only.
    "dimname_unsupported": (
        "RuntimeError",
        "{name}: You passed a dimname (string) to this op in place of a dimension index but it does not yet support this "
        "behavior. Please pass a dimension index to work around this.",
        {},
    ),
    "dimname_none": ("RuntimeError", "Please look up dimensions by name, got: name = None.", {}),
    "dimname_unknown": ("RuntimeError", "Name '{name}' not found in Tensor[{dims}].", {}),
}
