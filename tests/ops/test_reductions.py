"""Sums to the last bit, ties, and what is said of too few elements; measured on PyTorch 2.13.0."""

import numpy as np
import pytest

from detachsim.engine.session import Session
from detachsim.ops.summation import ordered_sum
from detachsim.ops.table import library


def numbers(*shape: int) -> np.ndarray:
    """Return float32 numbers whose sum depends on the order of the additions."""
    count = int(np.prod(shape))
    return ((np.arange(count) * 37 % 101) / 7 - 5).astype(np.float32).reshape(shape)


@pytest.mark.parametrize(
    ("size", "bits"),
    [
        (3, 1062956472),
        (5, -1082130440),
        (8, 1088421888),
        (19, 1106097882),
        (33, 1116733439),
        (64, 1124532224),
        (100, 1129597220),
        (1000, 1158022290),
    ],
)
def test_sum_to_the_last_bit(size: int, bits: int) -> None:
    assert int(np.asarray(ordered_sum(numbers(size), (0,))).view(np.int32)) == bits


def test_rows_and_columns_to_the_last_bit() -> None:
    table = numbers(5, 9)
    assert ordered_sum(table, (0,)).view(np.int32).tolist() == [
        1079733686,
        1098308463,
        1095761921,
        1093215378,
        1090668836,
        1085725549,
        1079134501,
        1098158665,
        1095612124,
    ]
    assert ordered_sum(table, (1,)).view(np.int32).tolist() == [
        1098308462,
        1093365174,
        1101229496,
        1106322578,
        1093664767,
    ]


def test_warning_of_too_few_elements() -> None:
    warned: list[str] = []
    session = Session(library(), sink=lambda key, details: warned.append(key))
    assert np.isnan(session.call("std", session.call("tensor", [1.0])).array)
    assert warned == ["std_freedom"]
    assert np.isinf(session.call("std", session.call("tensor", [1.0, 2.0]), correction=2).array)


def test_no_such_warning_in_older_dialects() -> None:
    warned: list[str] = []
    session = Session(library("torch-1.13"), "torch-1.13", sink=lambda key, details: warned.append(key))
    session.call("std", session.call("tensor", [1.0]))
    assert warned == []


def test_the_last_of_equal_elements_is_the_running_maximum() -> None:
    session = Session(library())
    values = session.call("tensor", [1.0, 3.0, 3.0, 2.0])
    assert session.call("cummax", values, 0)[1].array.tolist() == [0, 1, 2, 2]


def test_numpy_names_of_dims() -> None:
    session = Session(library())
    assert session.call("sum", session.call("ones", (2, 3)), axis=0, keepdims=True).shape == (1, 3)
