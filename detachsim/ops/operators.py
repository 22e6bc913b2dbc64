"""Which op a Python operator runs."""

# Symbol to op; ``r`` in front means that the tensor stands on the right and a number on the left.
BINARY_FUNCTIONS: dict[str, str] = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floor_divide",
    "%": "remainder",
    "**": "pow",
    "@": "matmul",
    "&": "bitwise_and",
    "|": "bitwise_or",
    "^": "bitwise_xor",
    "~": "invert",
    "neg": "neg",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "==": "eq",
    "!=": "ne",
    "r-": "rsub",
    "r/": "rdiv",
    "r**": "rpow",
    "r//": "rfloor_divide",
    "r%": "rremainder",
}

# What a formula's operator runs with a Python number on the other side.
SCALAR_FUNCTIONS: dict[str, str] = {
    "+": "add_scalar",
    "-": "sub_scalar",
    "*": "mul_scalar",
    "/": "div_scalar",
    "r-": "scalar_sub",
    "r/": "scalar_div",
}

AUGMENTED: dict[str, str] = {
    "+": "add_",
    "-": "sub_",
    "*": "mul_",
    "/": "div_",
    "//": "floor_divide_",
    "%": "remainder_",
    "**": "pow_",
    "&": "bitwise_and_",
    "|": "bitwise_or_",
    "^": "bitwise_xor_",
}
