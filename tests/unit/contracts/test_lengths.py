"""Tags and names of people are as long as every database sorts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from airflow_gov.contracts.lengths import LONGEST
from airflow_gov.contracts.reading import read_contract_file

Make = Callable[..., dict[str, Any]]


def problems(data: dict[str, Any]) -> list[str]:
    found = read_contract_file(yaml.safe_dump(data).encode(), "f.yaml", {}).problems
    return [f"{each.path}: {each.reason}" for each in found]


def test_a_tag_that_is_too_long_is_told(contract: Make) -> None:
    field = {"name": "of", "logicalType": "string", "tags": ["x" * (LONGEST + 1)]}
    data = contract(tags=["short", "y" * 7_000], logicalType="object", properties=[field])
    assert sorted(problems(data)) == [
        "$.schema[0].properties[1].properties[0].tags[0]: a tag has at most 200 characters, and this one 201",
        "$.schema[0].properties[1].tags[1]: a tag has at most 200 characters, and this one 7,000",
    ]


@pytest.mark.parametrize("extra", [0, 1])
def test_a_user_name_that_is_too_long_is_told(contract: Make, extra: int) -> None:
    data = contract()
    data["team"]["members"][0]["username"] = "é" * (LONGEST + extra)
    told = "$.team.members[0].username: a user name has at most 200 characters, and this one 201"
    assert problems(data) == [told] * extra
