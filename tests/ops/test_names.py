"""What is written down of the tables is what they have: run ``python tools/write_words.py`` after adding an op."""

import dataclasses

import pytest

from detachsim.engine import unpack_order
from detachsim.engine.outputs import OutRule
from detachsim.engine.texts import texts
from detachsim.lang.syntax import DIALECTS
from detachsim.ops.families import families_of
from detachsim.ops.table import FAMILIES, library, whole_library
from tools import write_words


@pytest.mark.parametrize("file", ["names.py", "words.py"])
def test_written_files_are_fresh(file: str) -> None:
    fresh = (
        write_words.names_text(write_words.names()) if file == "names.py" else write_words.text(write_words.collect())
    )
    assert (write_words.OPS / file).read_text(encoding="utf-8") == fresh


def test_rows_are_the_same_however_they_are_loaded() -> None:
    everything = {name: [op.signature for op in overloads.ops] for name, overloads in whole_library().sets.items()}
    for order in (sorted(everything), sorted(everything, reverse=True)):
        library.cache_clear()
        try:
            fresh = library()
            assert {name: [op.signature for op in fresh.sets[name].ops] for name in order} == everything
        finally:
            library.cache_clear()


def test_a_name_brings_what_shares_a_name_with_it() -> None:
    assert families_of("no_such_name") == frozenset()
    for family in FAMILIES:
        assert all(family in families_of(name) for name in write_words.names()[family])


def test_no_overload_is_written_twice() -> None:
    for dialect in DIALECTS:
        for overloads in whole_library(dialect).sets.values():
            # A row without a place stands for what another dialect spells so.
            shown = [op.label for op in overloads.ops if op.where]
            assert len(shown) == len(set(shown)), f"{dialect}: {shown}"


def test_rows_say_of_out_what_there_is_to_say() -> None:
    known = {field.name for field in dataclasses.fields(OutRule)}
    for overloads in whole_library().sets.values():
        for op in overloads.ops:
            assert set(op.out) <= known, op.label
            assert {op.out[key] for key in ("text", "resizes") if op.out.get(key)} <= texts().keys(), op.label


@pytest.mark.parametrize("dialect", ["torch-1.7", "torch-1.13"])
def test_older_orders_are_those_of_nodes_and_of_what_they_save(dialect: str) -> None:
    labels: dict[str, set[str]] = {}
    for overloads in whole_library(dialect).sets.values():
        for op in overloads.ops:
            labels.setdefault(op.grad_fn, set()).update(label for label, *_ in op.plan.saved)
    for name in unpack_order._ALPHABETICAL[dialect]:
        assert len(labels[name]) > 1
    for name, order in unpack_order._OWN_ORDER[dialect].items():
        inputs = {label for label in labels[name] if not label.startswith("result")}
        assert inputs <= set(order) <= labels[name]
