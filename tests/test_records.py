"""Frozen, slotted records: everything that a frozen dataclass does, but made faster."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from detachsim.records import record, replace


@record
class Point:
    """A place."""

    x: int
    y: int = 0


@record
class Named(Point):
    name: str = "?"

    def shout(self) -> str:
        return self.name.upper()


@record
class Size:
    x: int
    y: int


@record
class Nothing:
    pass


def test_arguments_by_place_and_by_name_and_by_default() -> None:
    assert (Point(1, 2).x, Point(y=2, x=1).y, Point(1).y) == (1, 2, 0)
    assert Named(1, 2, "a").shout() == "A"


@pytest.mark.parametrize("arguments", [(), (1, 2, 3)])
def test_wrong_arguments(arguments: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match=r"Point\.__init__\(\)"):
        Point(*arguments)


def test_nothing_can_be_changed() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    with pytest.raises(AttributeError):
        point.z = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_compared_by_type_and_value() -> None:
    point: Any = Point(1, 2)
    assert point == Point(1, 2)
    assert point != Point(1, 3)
    assert point != Named(1, 2)
    assert point != Size(1, 2)
    assert point != (1, 2)
    assert Nothing() == Nothing()
    assert len({Point(1), Point(1), Named(1), Nothing(), Nothing()}) == 3


def test_shown_as_it_is_made() -> None:
    assert repr(Named(1, name="a")) == "Named(x=1, y=0, name='a')"
    assert repr(Nothing()) == "Nothing()"


def test_matched_by_place() -> None:
    match Named(1, 2, "a"):
        case Named(x, y, name):
            assert (x, y, name) == (1, 2, "a")


def test_dataclasses_takes_it_for_one_of_its_own() -> None:
    named: Any = Named(1, 2, "a")
    assert dataclasses.is_dataclass(type(named))
    assert [field.name for field in dataclasses.fields(named)] == ["x", "y", "name"]
    changed = dataclasses.replace(named, y=5)
    assert changed == Named(1, 5, "a")


def test_copied_and_pickled() -> None:
    named = Named(1, 2, "a")
    assert copy.deepcopy(named) == named
    assert pickle.loads(pickle.dumps(named)) == named


def test_keeps_its_name_and_its_docstring() -> None:
    assert (Point.__name__, Point.__module__, Point.__doc__) == ("Point", __name__, "A place.")


def test_replaced_values_leave_the_original_alone() -> None:
    before = Named(1, 2, "a")
    assert replace(before, y=5) == Named(1, 5, "a")
    assert before == Named(1, 2, "a")
    with pytest.raises(TypeError):
        replace(before, z=1)
