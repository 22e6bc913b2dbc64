"""Quirks of mathematical functions, activations, losses and normalizations, each measured on PyTorch 2.13.0."""

import math
from typing import Any

import numpy as np
import pytest

from detachsim.engine import dtypes
from detachsim.engine.errors import TorchError
from detachsim.engine.session import Session
from detachsim.engine.tensor import Tensor
from detachsim.engine.texts import spell
from detachsim.engine.views import grad_fn
from detachsim.ops import special_functions
from tests.ops.harness import backward, error_of, leaf, new_session


def numbers(*values: float) -> Tensor:
    return leaf(np.array(values), dtypes.float32)


def requiring(*values: float) -> Tensor:
    tensor = numbers(*values)
    tensor.requires = True
    return tensor


def whole(*values: int) -> Tensor:
    return leaf(np.array(values), dtypes.int64)


def gradient(session: Session, result: Tensor, tensor: Tensor) -> list[Any]:
    backward(session, [result])
    assert tensor.grad is not None
    made: list[Any] = tensor.grad.array.tolist()
    return made


def listening() -> tuple[Session, list[str]]:
    said: list[str] = []
    session = new_session(sink=lambda key, details: said.append(": ".join(spell(key, "torch-2.13", details))))
    return session, said


# Special functions


def test_erfinv_undoes_erf() -> None:
    values = np.linspace(-3.5, 3.5, 29)
    assert np.allclose(special_functions.erfinv(special_functions.erf(values)), values, rtol=1e-9, atol=1e-15)


def test_digamma_steps_by_the_reciprocal() -> None:
    values = np.array([0.1, 0.5, 1.0, 3.25, -0.75, -4.3])
    with np.errstate(divide="ignore"):
        step = special_functions.digamma(values + 1) - special_functions.digamma(values)
        one = special_functions.digamma(np.array(1.0))
    assert np.allclose(step, 1 / values, rtol=1e-13, atol=1e-13)
    assert one == pytest.approx(-0.5772156649015329, abs=1e-15)


def test_digamma_has_poles() -> None:
    with np.errstate(divide="ignore"):
        zero, negative = special_functions.digamma(np.array([0.0, -1.0])).tolist()
    assert zero == -math.inf
    assert math.isnan(negative)


def test_trigamma_of_one_is_zeta_of_two() -> None:
    # As PyTorch computes it, whose series is short.
    assert special_functions.polygamma(1, np.array(1.0)) == 1.6449340676383375


def test_bessel_functions_meet_where_their_series_change() -> None:
    below, above = special_functions.i0(np.array([30.0, np.nextafter(30.0, 31)]))
    assert above == pytest.approx(below, rel=1e-13)
    assert special_functions.i1(np.array([-0.5])) == pytest.approx(-0.2578943053908963, rel=1e-14)


# Arithmetic


def test_a_tie_of_maximum_shares_the_gradient() -> None:
    session, a, b = new_session(), requiring(1.0, 2.0), requiring(1.0, 5.0)
    backward(session, [session.call("maximum", a, b)])
    assert a.grad is not None
    assert a.grad.array.tolist() == [0.5, 0.0]
    assert b.grad is not None
    assert b.grad.array.tolist() == [0.5, 1.0]


def test_a_tie_of_fmax_gives_it_to_the_first() -> None:
    session, a, b = new_session(), requiring(1.0), requiring(1.0)
    backward(session, [session.call("fmax", a, b)])
    assert a.grad is not None
    assert a.grad.array.tolist() == [1.0]
    assert b.grad is not None
    assert b.grad.array.tolist() == [0.0]


def test_crossed_bounds_give_the_upper_one() -> None:
    assert new_session().call("clamp", numbers(0.0), numbers(2.0), numbers(1.0)).array.tolist() == [1.0]


def test_floor_divide_has_no_derivative() -> None:
    session, a = new_session(), requiring(3.0)
    result = session.call("floor_divide", a, numbers(2.0))
    assert error_of(lambda: backward(session, [result])) == (
        "RuntimeError: derivative for aten::floor_divide is not implemented"
    )
    node = grad_fn(session, result)
    assert node is not None
    assert len(node.next) == 1


def test_asinh_in_place_has_no_derivative() -> None:
    session, a = new_session(), requiring(0.5)
    result = session.call("asinh_", session.call("clone", a))
    assert error_of(lambda: backward(session, [result])) == (
        "NotImplementedError: the derivative for 'inplace version of asinh' is not implemented."
    )


@pytest.mark.parametrize(("op", "arguments"), [("remainder", (0,)), ("floor_divide", (0,)), ("fmod", (0,))])
def test_integers_are_not_divided_by_zero(op: str, arguments: tuple[Any, ...]) -> None:
    session = new_session()
    assert error_of(lambda: session.call(op, whole(1, 2), *arguments)) == "RuntimeError: ZeroDivisionError"


def test_a_power_by_a_float_makes_floats() -> None:
    assert new_session().call("pow", whole(4, 9), 0.5).dtype is dtypes.float32


def test_whole_numbers_have_whole_powers_only() -> None:
    session = new_session()
    assert session.call("pow", whole(1, 2, -1), whole(-1, -1, -3)).array.tolist() == [1, 0, -1]
    assert error_of(lambda: session.call("pow", whole(2), -1)) == (
        "RuntimeError: Integers to negative integer powers are not allowed."
    )


def test_bools_are_not_subtracted() -> None:
    session, yes = new_session(), leaf(np.array([True]), dtypes.boolean)
    both = error_of(lambda: session.call("sub", yes, yes))
    one = error_of(lambda: session.call("sub", numbers(1.0), yes))
    assert both is not None
    assert "with two bool tensors" in both
    assert one is not None
    assert "with a bool tensor" in one


def test_a_formula_multiplies_by_a_plain_number_as_cpp_does() -> None:
    session, a = new_session(), requiring(2.0)
    result = session.call("exp2", a)
    backward(session, [result], create_graph=True)
    assert a.grad is not None
    copied = grad_fn(session, a.grad)
    assert copied is not None
    node = next(child for child in copied.next if child is not None)
    assert node.name == "MulBackward1"


# Activations


def test_hardtanh_gives_nothing_at_its_bounds() -> None:
    session, a = new_session(), requiring(-1.0, 0.0, 1.0)
    assert gradient(session, session.call("hardtanh", a), a) == [0.0, 1.0, 0.0]


def test_leaky_relu_at_zero_takes_the_slope() -> None:
    session, a = new_session(), requiring(0.0)
    assert gradient(session, session.call("leaky_relu", a, 0.25), a) == [0.25]


def test_leaky_relu_in_place_refuses_a_negative_slope_in_backward() -> None:
    session, a = new_session(), requiring(1.0)
    result = session.call("leaky_relu_", session.call("clone", a), -0.2)
    error = error_of(lambda: backward(session, [result]))
    assert error is not None
    assert error.startswith("RuntimeError: In-place leakyReLu backward calculation")


def test_inplace_true_edits() -> None:
    session, a = new_session(), numbers(-1.0, 7.0)
    assert session.library.find("relu6").within("F").call(session, [a], {"inplace": True}) is a
    assert a.array.tolist() == [0.0, 6.0]
    assert a.version.value == 1


def test_dropout_outside_of_training_is_its_input() -> None:
    session, a = new_session(), numbers(1.0)
    assert session.library.find("dropout").within("F").call(session, [a], {"training": False}) is a


def test_softmax_without_dim_warns() -> None:
    session, said = listening()
    session.library.find("softmax").within("F").call(session, [numbers(1.0, 2.0)], {})
    assert said == [
        "UserWarning: Implicit dimension choice for softmax has been deprecated. Change the call to include dim=X as "
        "an argument."
    ]


# Losses


def test_a_target_of_another_size_warns() -> None:
    session, said = listening()
    session.call("mse_loss", numbers(1.0, 2.0), leaf(np.ones((2, 1)), dtypes.float32))
    assert len(said) == 1
    assert "(torch.Size([2, 1])) that is different to the input size (torch.Size([2]))" in said[0]


def test_kl_div_warns_of_its_mean_in_each_dialect() -> None:
    session, said = listening()
    session.call("kl_div", numbers(0.5), numbers(0.5))
    assert len(said) == 1
    older = new_session(dialect="torch-1.13", sink=lambda key, details: said.append(key))
    older.call("kl_div", numbers(0.5), numbers(0.5))
    assert len(said) == 2


def test_an_ignored_class_counts_nothing() -> None:
    session = new_session()
    a = leaf(np.array([[0.1, 0.9], [0.5, 0.5]]), dtypes.float32)
    a.requires = True
    assert gradient(session, session.call("nll_loss", a, whole(-100, 1)), a) == [[0.0, 0.0], [0.0, -1.0]]


def test_a_class_out_of_bounds() -> None:
    session, a = new_session(), leaf(np.zeros((1, 2)), dtypes.float32)
    assert error_of(lambda: session.call("cross_entropy", a, whole(2))) == "IndexError: Target 2 is out of bounds."


def test_a_weight_that_requires_grad_is_refused() -> None:
    session, a = new_session(), numbers(0.5)
    with pytest.raises(TorchError) as raised:
        session.call("binary_cross_entropy", a, a, requiring(1.0))
    assert raised.value.spell("torch-2.13")[1].startswith("The function 'binary_cross_entropy' is not differentiable")


# Normalization


def test_batch_norm_moves_its_running_statistics_without_a_new_version() -> None:
    session, mean, variance = new_session(), numbers(0.0), numbers(1.0)
    a = leaf(np.array([[1.0], [3.0]]), dtypes.float32)
    session.call("batch_norm", a, mean, variance, None, None, True, 0.5)
    assert (mean.array.tolist(), variance.array.tolist()) == ([1.0], [1.5])
    assert (mean.version.value, variance.version.value) == (0, 0)


def test_instance_norm_copies_its_running_statistics() -> None:
    session, mean, variance = new_session(), numbers(0.0), numbers(1.0)
    a = leaf(np.array([[[1.0, 3.0]]]), dtypes.float32)
    session.call("instance_norm", a, mean, variance)
    assert (mean.version.value, variance.version.value) == (1, 1)


def test_one_value_is_no_batch() -> None:
    session, a = new_session(), leaf(np.ones((1, 2)), dtypes.float32)
    error = error_of(lambda: session.call("batch_norm", a, None, None, None, None, True))
    assert (
        error == "ValueError: Expected more than 1 value per channel when training, got input size torch.Size([1, 2])"
    )
