"""Column types to Iceberg and back."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.types import FixedType, ListType, MapType, StringType

from airflow_gov.lake.types import from_iceberg, quoted, table_schema, to_duckdb, to_iceberg, type_text
from airflow_gov.model.contract import Column
from airflow_gov.model.types import PRIMITIVES, ColumnType, Decimal, List, Primitive, Struct

_names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
_flat = st.one_of(
    st.sampled_from(sorted(PRIMITIVES)).map(Primitive),
    st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: Decimal(p, s))),
)
_types = st.recursive(
    _flat,
    lambda inner: st.one_of(
        inner.map(List),
        st.lists(
            st.tuples(_names, inner), min_size=1, max_size=3, unique_by=lambda part: part[0].casefold()
        ).map(lambda parts: Struct(tuple(parts))),
    ),
    max_leaves=5,
)


@given(_types)
def test_a_type_comes_back_from_iceberg_as_it_was(kind: ColumnType) -> None:
    assert from_iceberg(to_iceberg(kind)) == kind


@given(_types)
def test_duckdb_knows_every_type(kind: ColumnType) -> None:
    duckdb.sql(f"SELECT NULL::{to_duckdb(kind)} AS {quoted('a')}")


@pytest.mark.parametrize(
    "kind", [MapType(1, StringType(), 2, StringType()), FixedType(4), ListType(1, FixedType(4))]
)
def test_types_contracts_have_no_word_for_are_shown_in_icebergs(kind: object) -> None:
    assert from_iceberg(kind) is None
    assert type_text(kind) == str(kind)


@given(st.lists(_types, min_size=1, max_size=4))
def test_a_schema_has_the_ids_that_its_name_mapping_says(kinds: list[ColumnType]) -> None:
    schema = table_schema([Column(f"c{number}", kind) for number, kind in enumerate(kinds)])
    assert [field.field_id for field in schema.fields] == list(range(1, len(kinds) + 2))
    assert all(field.optional for field in schema.fields)
    mapped = {mapping.field_id for mapping in schema.name_mapping.root}
    assert mapped == {field.field_id for field in schema.fields}
