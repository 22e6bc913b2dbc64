"""The texts of autograd itself: backward, saved tensors, anomalies, flags, hooks, and what `.grad` and `.data` take."""

from detachsim.engine.texts.entry import Entry

_GRAD_LAYOUT = (
    "grad and param do not obey the gradient layout contract. This is not an error, but may impair performance.\n"
    "grad.sizes() = {grad}, strides() = {grad_strides}\nparam.sizes() = {leaf}, strides() = {leaf_strides}"
)


TEXTS: dict[str, Entry] = {
    # Reading .grad
    "nonleaf_grad": (
        "UserWarning",
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
        "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure "
        "you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.",
        {
            "torch-1.13": "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
            "won't be populated during autograd.backward(). If you indeed want the .grad field to be populated for a "
            "non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, "
            "make sure you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more "
            "informations.",
            "torch-1.7": "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
            "won't be populated during autograd.backward(). If you indeed want the gradient for a non-leaf Tensor, use "
            ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access "
            "the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more informations.",
        },
    ),
    "leaf_moved": ("RuntimeError", "leaf variable has been moved into the graph interior", {}),
    "undefined_tensor": (
        "RuntimeError",
        "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #{place} '{name}'",
        {},
    ),
    "out_requires_grad": (
        "RuntimeError",
        "{op}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments "
        "requires grad.",
        {},
    ),
    # backward()
    "no_grad_fn": (
        "RuntimeError",
        "element {index} of tensors does not require grad and does not have a grad_fn",
        {},
    ),
    "nonscalar": ("RuntimeError", "grad can be implicitly created only for scalar outputs", {}),
    "grad_shape": (
        "RuntimeError",
        "Mismatch in shape: grad_output[{grad_index}] has a shape of {grad} and output[{index}] has a shape of {output}.",
        {},
    ),
    "grad_element_type": ("TypeError", "gradients can be either Tensors or None, but got {type}", {}),
    "not_iterable": ("TypeError", "'{type}' object is not iterable", {}),
    "inputs_empty": (
        "RuntimeError",
        "`inputs` argument to `backward()` cannot be empty.",
        {"torch-1.13": "'inputs' argument to backward() cannot be empty."},
    ),
    "grad_inputs_empty": (
        "RuntimeError",
        "`inputs` argument to `grad()` cannot be empty.",
        {"torch-1.13": ("ValueError", "grad requires non-empty inputs.")},
    ),
    "retained_elsewhere": (
        "RuntimeError",
        'out != nullptr INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/variable.cpp":207, please report '
        "a bug to PyTorch. ",
        {},
    ),
    "retained_without_node": (
        "RuntimeError",
        'old_fn INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/variable.cpp":205, please report a bug '
        "to PyTorch. ",
        {},
    ),
    "grad_layout": ("UserWarning", _GRAD_LAYOUT, {}),
    "grad_layout_create_graph": ("UserWarning", _GRAD_LAYOUT, {}),
    "create_graph": (
        "UserWarning",
        "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
        "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
        "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break "
        "the cycle and avoid the leak.",
        {},
    ),
    "freed": (
        "RuntimeError",
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward.",
        {
            "torch-1.7": "Trying to backward through the graph a second time, but the saved intermediate results have "
            "already been freed. Specify retain_graph=True when calling backward the first time."
        },
    ),
    "version": (
        "RuntimeError",
        "one of the variables needed for gradient computation has been modified by an inplace operation: [{tensor_type} "
        "{sizes}]{producer} is at version {found}; expected version {expected} instead. Hint: {hint}",
        {},
    ),
    "hint": (
        "",
        "enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False).",
        {
            "torch-1.13": "enable anomaly detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True)."
        },
    ),
    "hint_anomaly": (
        "",
        "the backtrace further above shows the operation that failed to compute its gradient. The variable in question "
        "was changed in there or anywhere later. Good luck!",
        {},
    ),
    "detached_in_place": (
        "RuntimeError",
        "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not supported, "
        "please use out-of-place `.detach()` instead",
        {
            "torch-1.13": 'saved_for INTERNAL ASSERT FAILED at "./torch/csrc/autograd/saved_variable.cpp":146, please report '
            "a bug to PyTorch. No grad_fn for non-leaf saved tensor"
        },
    ),
    "saves_inference": (
        "RuntimeError",
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
        "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it "
        "in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`.",
        {
            "torch-1.13": "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and use it in autograd."
        },
    ),
    "autograd_dtype": (
        "RuntimeError",
        "Autograd not support dtype: {dtype}",
        {
            "torch-1.13": 'isDifferentiableType(variable.scalar_type()) INTERNAL ASSERT FAILED at "./torch/csrc/autograd/'
            'functions/utils.h":75, please report a bug to PyTorch. '
        },
    ),
    "gradient_dtype": (
        "RuntimeError",
        'isDifferentiableType(grad.scalar_type()) INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/'
        'engine.cpp":998, please report a bug to PyTorch. ',
        {},
    ),
    "not_differentiable": ("RuntimeError", "derivative for {op} is not implemented", {}),
    "unused": (
        "RuntimeError",
        "The differentiated Tensor at index {index} appears to not have been used in the graph. Set allow_unused=True if "
        "this is the desired behavior.",
        {
            "torch-1.13": "One of the differentiated Tensors appears to not have been used in the graph. Set "
            "allow_unused=True if this is the desired behavior."
        },
    ),
    "materialize_conflict": (
        "ValueError",
        "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.",
        {},
    ),
    "grad_input_type": (
        "RuntimeError",
        "all inputs have to be Tensors or GradientEdges, but got {type}",
        {"torch-1.13": "all inputs have to be Tensors, but got {type}"},
    ),
    "gradient_count": ("RuntimeError", "got {tensors} tensors and {gradients} gradients", {}),
    "gradient_none": (
        "RuntimeError",
        "element {index} of gradients tuple is None, but the corresponding Tensor requires grad",
        {},
    ),
    "grad_input_not_required": ("RuntimeError", "One of the differentiated Tensors does not require grad", {}),
    "nan": ("RuntimeError", "Function '{name}' returned nan values in its {index}th output.", {}),
    "only_inputs": (
        "FutureWarning",
        "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts of "
        "the graph, please use torch.autograd.backward.",
        {
            "torch-1.13": (
                "UserWarning",
                "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other "
                "parts of the graph, please use torch.autograd.backward.",
            )
        },
    ),
    "grad_variables": (
        "FutureWarning",
        "`grad_variables` is deprecated. Use `grad_tensors` instead.",
        {"torch-1.13": ("UserWarning", "'grad_variables' is deprecated. Use 'grad_tensors' instead.")},
    ),
    "grad_variables_both": (
        "RuntimeError",
        "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use "
        "`grad_tensors`.",
        {
            "torch-1.13": "'grad_tensors' and 'grad_variables' (deprecated) arguments both passed to backward(). Please only "
            "use 'grad_tensors'."
        },
    ),
    "anomaly_enabled": (
        "UserWarning",
        "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.",
        {},
    ),
    "anomaly_trace": ("UserWarning", "Error detected in {name}. Traceback of forward call that caused the error:", {}),
    "anomaly_no_trace": (
        "UserWarning",
        "Error detected in {name}. No forward pass information available. Enable detect anomaly during forward pass "
        "for more information.",
        {},
    ),
    "anomaly_parent": (
        "UserWarning",
        "Previous calculation was induced by {name}. Traceback of forward call that induced the previous calculation:",
        {},
    ),
    "root_incompatible": (
        "RuntimeError",
        "invalid gradient at index {index} - got {found} but expected shape compatible with {expected}",
        {},
    ),
    "grad_incompatible": (
        "RuntimeError",
        "Function {name} returned an invalid gradient at index {index} - got {found} but expected shape compatible with {expected}",
        {},
    ),
    "not_a_root": (
        "AssertionError",
        "Expected output to be a torch.Tensor",
        {"torch-1.13": ("AttributeError", "'{type}' object has no attribute 'requires_grad'")},
    ),
    "no_root_for_gradient": (
        "AssertionError",
        "Expected output to be a torch.Tensor",
        {"torch-1.13": ("TypeError", "is_same_size(): argument 'input' (position 1) must be Tensor, not {type}")},
    ),
    "hook_none": ("RuntimeError", "can't replace a None gradient with a non-None value", {}),
    # requires_grad
    "requires_grad_false": (
        "RuntimeError",
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
        "subgraph that doesn't require differentiation use var_no_grad = var.detach().",
        {},
    ),
    "requires_grad_true": ("RuntimeError", "you can only change requires_grad flags of leaf variables.", {}),
    "requires_grad_dtype": ("RuntimeError", "only Tensors of floating point dtype can require gradients", {}),
    "requires_grad_set_dtype": (
        "RuntimeError",
        "only Tensors of floating point and complex dtype can require gradients",
        {},
    ),
    "factory_requires_grad": (
        "RuntimeError",
        "Only Tensors of floating point and complex dtype can require gradients",
        {},
    ),
    "requires_grad_bool": ("RuntimeError", "requires_grad must be a bool", {}),
    "retain_grad": ("RuntimeError", "can't retain_grad on Tensor that has requires_grad=False", {}),
    # Hooks
    "hook_requires_grad": ("RuntimeError", "cannot register a hook on a tensor that doesn't require gradient", {}),
    "hook_type": ("TypeError", "expected Variable, but hook returned '{type}'", {}),
    "hook_tuple": ("TypeError", "expected tuple, but hook returned '{type}'", {}),
    "hook_size": ("RuntimeError", "hook '{name}' has changed the size of value", {}),
    "hook_dtype": ("RuntimeError", "hook '{name}' has changed the type of value (was {before} got {after})", {}),
    "hook_count": (
        "RuntimeError",
        "hook '{name}' has returned an incorrect number of values (got {found}, but expected {expected})",
        {},
    ),
    "hook_nonleaf": ("RuntimeError", "post accumulate grad hooks cannot be registered on non-leaf tensors", {}),
    "post_hook_type": ("RuntimeError", "Tensor post accumulate grad hooks should return None.", {}),
    # .grad =
    "assign_grad_shape": (
        "RuntimeError",
        "attempting to assign a gradient of size '{grad}' to a tensor of size '{tensor}'. Please ensure that the gradient "
        "and the tensor are the same size",
        {"torch-1.13": "assigned grad has data of a different size"},
    ),
    "assign_grad_dtype": (
        "RuntimeError",
        "attempting to assign a gradient with dtype '{grad}' to a tensor with grad_dtype '{tensor}'. The gradient must match "
        "the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a "
        "specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its "
        "gradient may break downstream systems that assume they match.",
        {"torch-1.13": "assigned grad has data of a different type"},
    ),
    "assign_grad_type": (
        "TypeError",
        "assigned grad expected to be a Tensor or None but got grad of type {type}",
        {"torch-1.13": "assigned grad expected to be a Tensor or None but got grad of type{type}"},
    ),
    "assign_grad_self": ("RuntimeError", "can't assign Variable as its own grad", {}),
    "assign_data_type": ("TypeError", "Variable data has to be a tensor, but got {type}", {}),
    "assign_data_dtype": (
        "RuntimeError",
        "data set to a tensor that requires gradients must be floating point or complex dtype",
        {},
    ),
    "not_writable": (
        "AttributeError",
        "attribute '{name}' of 'torch._C.TensorBase' objects is not writable",
        {"torch-1.13": "attribute '{name}' of 'torch._C._TensorBase' objects is not writable"},
    ),
    "requires_grad_type": (
        "TypeError",
        "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type}",
        {},
    ),
}
