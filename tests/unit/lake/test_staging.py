"""Staging folders: in the table's own folder, fresh for every try, gone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lakes import Bench, load_id, rows_of


def left(properties: dict[str, str]) -> list[Path]:
    return [path for path in Path(properties["warehouse"]).rglob("*") if "staging" in path.parts]


def test_a_local_load_is_renamed_into_place_and_not_copied(bench: Bench, properties: dict[str, str]) -> None:
    bench.lake.prepare(bench.contract)
    with bench.lake.stage(bench.dataset, load_id("one")) as staging:
        assert staging.folder.is_relative_to(properties["warehouse"])
        inode = staging.write_rows(bench.contract.columns, [{"number": 1}]).stat().st_ino
        candidate = bench.lake.write_candidate(
            bench.contract, staging, load_id=load_id("one"), write_mode="append"
        )
    (file,) = candidate.files
    assert Path(file.key).stat().st_ino == inode
    assert left(properties) == []


def test_what_was_staged_is_gone_when_the_try_fails(bench: Bench, properties: dict[str, str]) -> None:
    def fail() -> None:
        with bench.lake.stage(bench.dataset, load_id("one")) as staging:
            staging.write_rows(bench.contract.columns, [{"number": 1}])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert left(properties) == []


def test_what_a_killed_try_staged_is_removed_by_the_next_of_the_same_load_only(
    bench: Bench, properties: dict[str, str]
) -> None:
    for name in ("killed", "other"):
        tries = bench.lake.stage(bench.dataset, load_id(name))
        tries.__enter__().write_rows(bench.contract.columns, [{"number": 1}])
        _forget.append(tries)
    bench.load("killed", rows_of(1))
    assert {path.parent.parent.name for path in left(properties) if path.suffix == ".parquet"} == {
        load_id("other")
    }


#: Keeps context managers from being closed, as a kill does.
_forget: list[object] = []
