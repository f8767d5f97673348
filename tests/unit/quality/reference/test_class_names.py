"""Expectations by the names of their classes, as Great Expectations' own code is written."""

from __future__ import annotations

import pytest

from airflow_gov.quality.pushdown.expectations import pushed_down
from airflow_gov.quality.suites.expectations import in_their_words

pytest.importorskip("great_expectations")


def test_every_class_name_is_understood() -> None:
    from great_expectations.expectations import core, registry

    known = registry.list_registered_expectation_implementations()
    classes = {name: registry.get_expectation_impl(name).__name__ for name in known if name in pushed_down()}

    assert len(classes) == len(pushed_down())
    assert {name: in_their_words(each) for name, each in classes.items()} == {name: name for name in classes}
    assert all(hasattr(core, each) for each in classes.values())
