"""One behaviour of the lake over every catalogue and storage."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_gov.lake import Lake, Staging
from airflow_gov.model.contract import Column
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason
from airflow_gov.model.loads import Candidate, WriteMode
from airflow_gov.model.types import parse_type
from support.lakes import NUMBER, PART, VALUE, Bench, Ledger, contract, in_order, load_id, rows_of

NOW = timedelta(0)


class TestTables:
    def test_a_new_table_has_a_first_snapshot_because_a_branch_that_does_not_exist_starts_from_nothing(
        self, bench: Bench
    ) -> None:
        assert not bench.lake.exists(bench.dataset)
        assert bench.lake.head(bench.dataset) is None
        bench.lake.prepare(bench.contract)
        assert bench.lake.exists(bench.dataset)
        assert bench.rows() == []

    def test_preparing_twice_changes_nothing(self, bench: Bench) -> None:
        bench.lake.prepare(bench.contract)
        before = bench.lake.snapshots(bench.dataset)
        bench.lake.prepare(bench.contract)
        assert bench.lake.snapshots(bench.dataset) == before

    def test_added_columns_are_null_in_older_rows_and_wider_types_read_as_now(self, bench: Bench) -> None:
        narrow = bench.over(contract(columns=[replace(NUMBER, type=parse_type("int")), PART, VALUE]))
        narrow.load("old", rows_of(1))
        wide = bench.over(contract(columns=[NUMBER, PART, VALUE, Column("more", parse_type("date"))]))
        wide.load("new", rows_of(2**40))
        scan = bench.lake.scan(bench.dataset, bench.head())
        assert dict(scan.schema) == {
            "number": "long",
            "part": "string",
            "value": "string",
            "_load_id": "string",
            "more": "date",
        }
        assert not scan.uniform
        for table in (scan.to_reader().read_all(), scan.to_dataset().to_table()):
            assert sorted(table.column("number").to_pylist()) == [1, 2**40]
            assert table.column("more").null_count == 2

    def test_an_upsert_rewrites_rows_from_before_the_schema_changed(self, bench: Bench) -> None:
        narrow = bench.over(contract(columns=[replace(NUMBER, type=parse_type("int")), PART, VALUE]))
        narrow.load("old", rows_of(1, 2, 3))
        wide = bench.over(contract(columns=[NUMBER, PART, VALUE, Column("more", parse_type("date"))]))
        wide.load("new", rows_of(2, value="y"), WriteMode.UPSERT)
        assert wide.rows() == in_order([*rows_of(1, 3), *rows_of(2, value="y")])

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ([replace(NUMBER, type=parse_type("string")), PART, VALUE], "number: long → string"),
            ([replace(NUMBER, type=parse_type("int")), PART, VALUE], "number: long → int"),
            ([NUMBER, PART], "value: in the table, not in the contract"),
            ([NUMBER, replace(PART, partition_key=1), VALUE], "partitioned by nothing → part"),
        ],
    )
    def test_other_changes_are_refused_with_the_difference(
        self, bench: Bench, columns: list[Column], told: str
    ) -> None:
        bench.load("one", rows_of(1))
        before = bench.lake.snapshots(bench.dataset)
        with pytest.raises(GovernanceError, match="differ in more than") as refused:
            bench.lake.prepare(contract(columns=columns))
        assert refused.value.reason is Reason.SCHEMA_CHANGE_REFUSED
        assert told in str(refused.value)
        assert bench.lake.snapshots(bench.dataset) == before

    def test_every_column_type_comes_back_as_it_went_in_also_through_a_rewrite(self, bench: Bench) -> None:
        kinds = bench.over(
            contract("clean.kinds", [Column(name, parse_type(kind)) for name, kind, _ in _KINDS])
        )
        keyed = replace(
            kinds.contract,
            columns=(replace(kinds.contract.columns[0], primary_key=1), *kinds.contract.columns[1:]),
        )
        kinds = bench.over(keyed)
        full = {name: value for name, _, value in _KINDS}
        kinds.publish(kinds.write("one", [full, {"k": 2}]))
        kinds.publish(kinds.write("two", [{"k": 2, "s": "new"}], WriteMode.UPSERT))
        found = bench.lake.scan(kinds.dataset, kinds.head()).to_reader().read_all().to_pylist()
        by_key = {row.pop("k"): {k: v for k, v in row.items() if k != "_load_id"} for row in found}
        assert by_key[1] == {name: value for name, _, value in _KINDS if name != "k"}
        assert by_key[2] == {name: "new" if name == "s" else None for name in by_key[1]}


class TestCandidates:
    def test_a_candidate_is_no_version_until_it_is_published(self, bench: Bench) -> None:
        bench.load("one", rows_of(1))
        candidate = bench.write("two", rows_of(2))
        assert bench.rows() == rows_of(1)
        assert bench.rows(candidate.snapshot_id) == rows_of(1, 2)
        assert bench.lake.versions(bench.dataset).keys() == {1}
        bench.publish(candidate)
        assert bench.rows() == rows_of(1, 2)
        assert bench.lake.versions(bench.dataset).keys() == {1, 2}

    def test_a_candidate_forks_from_main_and_not_from_nothing(self, bench: Bench) -> None:
        first = bench.load("one", rows_of(1))
        candidate = bench.write("two", rows_of(2))
        facts = bench.lake.snapshot(bench.dataset, candidate.snapshot_id)
        assert facts is not None
        assert facts.parent_snapshot_id == candidate.base_snapshot_id == first.snapshot_id
        assert candidate.branch == f"candidate-{load_id('two')}"

    def test_the_snapshot_says_what_it_is_and_the_load_finds_its_rows(self, bench: Bench) -> None:
        bench.load("one", rows_of(1))
        candidate = bench.write("two", rows_of(2, 3), **{"execution-id": "e1"})
        facts = bench.lake.snapshot(bench.dataset, candidate.snapshot_id)
        assert facts is not None
        assert (facts.load_ids, facts.rows, facts.files, facts.tag) == ((load_id("two"),), 3, 2, None)
        assert facts.properties["airflow-gov.execution-id"] == "e1"
        assert bench.rows(candidate.snapshot_id, load="two") == rows_of(2, 3)
        assert [file.rows for file in candidate.files] == [2]

    @pytest.mark.parametrize("mode", list(WriteMode))
    def test_a_retry_takes_the_place_of_what_the_killed_try_left(self, bench: Bench, mode: WriteMode) -> None:
        bench = bench.over(contract(partition_by="part"))
        bench.load("one", rows_of(1))
        left = bench.write("two", rows_of(2), mode)
        again = bench.write("two", rows_of(2), mode)
        facts = {each.snapshot_id for each in bench.lake.snapshots(bench.dataset)}
        assert left.snapshot_id not in facts
        assert again.snapshot_id in facts
        with pytest.raises(CandidateStaleError):
            bench.lake.publish(left, tag="v9")
        bench.publish(again)
        expected = rows_of(1, 2) if mode in (WriteMode.APPEND, WriteMode.UPSERT) else rows_of(2)
        assert bench.rows() == expected

    @pytest.mark.parametrize("mode", list(WriteMode))
    def test_a_load_run_again_after_a_clear_doubles_nothing(self, bench: Bench, mode: WriteMode) -> None:
        bench = bench.over(contract(partition_by="part"))
        for _ in range(3):
            bench.load("one", [*rows_of(1, 2), *rows_of(3, part="b")], mode)
        assert bench.rows() == [*rows_of(1, 2), *rows_of(3, part="b")]

    def test_replacing_a_load_whose_files_are_its_own_reads_no_rows(self, bench: Bench) -> None:
        for name, number in (("one", 1), ("two", 2), ("three", 3)):
            bench.load(name, rows_of(number))
        before = {file.uri for file in bench.lake.scan(bench.dataset, bench.head()).files}
        bench.load("two", rows_of(20))
        after = {file.uri for file in bench.lake.scan(bench.dataset, bench.head()).files}
        assert len(before & after) == 2
        assert bench.rows() == rows_of(1, 3, 20)

    def test_an_overwrite_with_no_rows_empties_the_dataset(self, bench: Bench) -> None:
        bench.load("one", rows_of(1, 2))
        emptied = bench.load("two", [], WriteMode.OVERWRITE)
        assert bench.rows() == []
        assert (emptied.counts.written, emptied.counts.deleted) == (0, 2)

    def test_overwritten_partitions_are_those_of_the_load_null_and_odd_names_too(self, bench: Bench) -> None:
        bench = bench.over(contract(partition_by="part"))
        odd = "a b/c=#?%é"
        bench.load("one", [(1, odd, "x"), (2, None, "x"), (3, "", "x"), (4, "z", "x")])
        bench.load("two", [(5, odd, "y"), (6, None, "y")], WriteMode.OVERWRITE_PARTITION)
        assert bench.rows() == in_order([(5, odd, "y"), (6, None, "y"), (3, "", "x"), (4, "z", "x")])

    def test_counts_tell_inserted_updated_and_deleted(self, bench: Bench) -> None:
        counts = bench.load("one", rows_of(1, 2, 3)).counts
        assert (counts.written, counts.inserted, counts.updated, counts.deleted) == (3, 3, 0, 0)
        counts = bench.load("two", rows_of(3, 4, value="y"), WriteMode.UPSERT).counts
        assert (counts.written, counts.inserted, counts.updated, counts.deleted) == (2, 1, 1, 0)
        counts = bench.load("three", rows_of(9), WriteMode.OVERWRITE).counts
        assert (counts.written, counts.inserted, counts.updated, counts.deleted) == (1, 1, 0, 4)

    @pytest.mark.parametrize("seed", range(3))
    def test_random_loads_leave_what_a_simple_ledger_says(self, bench: Bench, seed: int) -> None:
        bench = bench.over(contract(partition_by="part"))
        chance, ledger = random.Random(seed), Ledger()
        for step in range(7):
            name, mode = chance.choice(["one", "two", "three"]), chance.choice(list(WriteMode))
            rows = [
                (number, chance.choice(["a", "b", None]), f"{name}-{step}")
                for number in chance.sample(range(8), chance.randint(0, 4))
            ]
            bench.load(name, rows, mode)
            ledger.apply(name, rows, mode)
            assert bench.rows_and_loads() == ledger.rows, f"step {step}: {name} {mode} {rows}"

    def test_a_discarded_candidate_leaves_nothing_behind(self, bench: Bench) -> None:
        bench.load("one", rows_of(1))
        files = _files(bench)
        candidate = bench.write("two", rows_of(2))
        bench.lake.discard(candidate)
        bench.lake.discard(candidate)
        left = {path for path in _files(bench) - files if not path.endswith(".metadata.json")}
        assert left == set()
        assert bench.lake.snapshot(bench.dataset, candidate.snapshot_id) is None
        assert bench.rows() == rows_of(1)

    def test_a_published_candidate_cannot_be_discarded(self, bench: Bench) -> None:
        published = bench.load("one", rows_of(1))
        bench.lake.discard(published)
        assert bench.rows() == rows_of(1)

    @pytest.mark.parametrize("mode", [WriteMode.UPSERT, WriteMode.OVERWRITE_PARTITION])
    def test_a_mode_the_contract_cannot_serve_is_refused(self, bench: Bench, mode: WriteMode) -> None:
        plain = bench.over(contract(columns=[replace(NUMBER, primary_key=None), PART, VALUE]))
        with pytest.raises(GovernanceError, match="needs") as refused:
            plain.write("one", rows_of(1), mode)
        assert refused.value.reason is Reason.PARAMETER_INVALID

    @pytest.mark.parametrize(
        ("columns", "load"),
        [
            ((NUMBER, PART, VALUE, Column("more", parse_type("date"))), "two"),
            ((NUMBER, PART), "two"),
            ((replace(NUMBER, type=parse_type("double")), PART, VALUE), "two"),
            ((NUMBER, PART, VALUE), "another load"),
        ],
    )
    def test_files_that_do_not_fit_the_table_or_the_load_are_refused(
        self, bench: Bench, columns: tuple[Column, ...], load: str
    ) -> None:
        bench.load("one", rows_of(1))
        before = _files(bench)
        with bench.lake.stage(bench.dataset, load_id("two")) as staging:
            replace(staging, load_id=load_id(load)).write_rows(columns, [{"number": 1}])
            with pytest.raises(GovernanceError) as refused:
                _write_staged(bench, staging)
        assert refused.value.reason is Reason.SCHEMA_MISMATCH
        assert _files(bench) == before

    @pytest.mark.parametrize("parts", [("a", "b"), ("a", None)])
    def test_partitioned_files_must_hold_one_value(self, bench: Bench, parts: tuple[str | None, ...]) -> None:
        bench = bench.over(contract(partition_by="part"))
        bench.lake.prepare(bench.contract)
        with bench.lake.stage(bench.dataset, load_id("two")) as staging:
            staging.write_rows(bench.contract.columns, [{"number": 1, "part": part} for part in parts])
            with pytest.raises(GovernanceError, match="exactly one value"):
                _write_staged(bench, staging)


class TestPublishing:
    def test_onto_a_main_that_moved_is_refused_and_loses_nobodys_commit(self, bench: Bench) -> None:
        mine, theirs = bench.write("one", rows_of(1)), bench.write("two", rows_of(2))
        bench.publish(theirs)
        with pytest.raises(CandidateStaleError):
            bench.lake.publish(mine, tag="v2")
        assert bench.rows() == rows_of(2)
        assert bench.lake.versions(bench.dataset).keys() == {1}

    def test_a_candidate_that_changed_after_the_check_is_not_published(self, bench: Bench) -> None:
        candidate = bench.write("one", rows_of(1))
        with pytest.raises(CandidateStaleError):
            bench.lake.publish(replace(candidate, snapshot_id=candidate.base_snapshot_id + 1), tag="v1")
        assert bench.rows() == []

    def test_a_tag_is_never_moved(self, bench: Bench) -> None:
        bench.load("one", rows_of(1))
        candidate = bench.write("two", rows_of(2))
        with pytest.raises(GovernanceError, match="has a tag v1") as refused:
            bench.lake.publish(candidate, tag="v1")
        assert refused.value.reason is Reason.PUBLISH_REFUSED
        assert bench.rows() == rows_of(1)

    def test_publishing_again_says_the_first_tag_and_changes_nothing(self, bench: Bench) -> None:
        candidate = bench.write("one", rows_of(1))
        assert bench.lake.publish(candidate, tag="v1") == "v1"
        assert bench.lake.publish(candidate, tag="v2") == "v1"
        bench.load("two", rows_of(2))
        assert bench.lake.publish(candidate, tag="v3") == "v1"
        assert bench.lake.versions(bench.dataset).keys() == {1, 2}
        assert bench.rows() == rows_of(1, 2)

    def test_a_gate_that_died_after_publishing_finds_it_done(self, bench: Bench) -> None:
        candidates = [bench.write("one", rows_of(1)), bench.write("two", rows_of(2))]
        published = bench.publish(*candidates)
        again = bench.lake.rebase(candidates)
        assert again.snapshot_id == published.snapshot_id
        assert bench.lake.publish(again, tag="v7") == "v1"

    def test_an_earlier_run_of_the_same_load_is_not_taken_for_its_publication(self, bench: Bench) -> None:
        bench.load("one", rows_of(1))
        rerun = bench.write("one", rows_of(5))
        bench.lake.discard(rerun)
        with pytest.raises(CandidateStaleError, match="is gone"):
            bench.lake.rebase([rerun])

    def test_rollback_is_a_commit_that_asserts_where_main_is(self, bench: Bench) -> None:
        first = bench.load("one", rows_of(1))
        second = bench.load("two", rows_of(2))
        bench.lake.rollback(bench.dataset, to_snapshot_id=first.snapshot_id, expected_head=second.snapshot_id)
        assert bench.rows() == rows_of(1)
        with pytest.raises(CandidateStaleError):
            bench.lake.rollback(
                bench.dataset, to_snapshot_id=second.snapshot_id, expected_head=second.snapshot_id
            )
        assert bench.lake.next_tag(bench.dataset) == "v3"
        bench.load("three", rows_of(3))
        assert bench.rows() == rows_of(1, 3)

    def test_two_datasets_are_published_together_or_not_at_all(self, bench: Bench) -> None:
        other = bench.over(contract("sensitive.numbers"))
        pair = [(bench.write("one", rows_of(1)), "v1"), (other.write("one", rows_of(2)), "v1")]
        other.load("in between", rows_of(3))
        with pytest.raises(CandidateStaleError):
            bench.lake.publish_together(pair)
        assert (bench.rows(), other.rows()) == ([], rows_of(3))
        rebased = [(bench.lake.rebase([pair[0][0]]), "v1"), (bench.lake.rebase([pair[1][0]]), "v2")]
        assert bench.lake.publish_together(rebased) == ["v1", "v2"]
        assert bench.lake.publish_together(rebased) == ["v1", "v2"]
        assert (bench.rows(), other.rows()) == (rows_of(1), rows_of(2, 3))


class TestRebasing:
    def test_a_candidate_whose_base_is_main_comes_back_as_it_is(self, bench: Bench) -> None:
        candidate = bench.write("one", rows_of(1))
        assert bench.lake.rebase([candidate]) == candidate

    @pytest.mark.parametrize("mode", [WriteMode.APPEND, WriteMode.UPSERT])
    def test_a_rebase_is_a_fresh_branch_and_a_new_snapshot(self, bench: Bench, mode: WriteMode) -> None:
        bench.load("zero", rows_of(1, 2, value="old"))
        candidate = bench.write("one", rows_of(2, 3), mode, note="kept")
        bench.load("two", rows_of(4))
        rebased = bench.lake.rebase([candidate], properties={"airflow-gov.gate": "g"})
        assert rebased.snapshot_id != candidate.snapshot_id
        assert rebased.branch != candidate.branch
        assert rebased.base_snapshot_id == bench.head()
        facts = bench.lake.snapshot(bench.dataset, rebased.snapshot_id)
        assert facts is not None
        assert (facts.properties["airflow-gov.note"], facts.properties["airflow-gov.gate"]) == ("kept", "g")
        bench.publish(rebased)
        expected = rows_of(1, value="old") + rows_of(2, 3, 4)
        if mode is WriteMode.APPEND:
            expected += rows_of(2, value="old")
        assert bench.rows() == in_order(expected)

    def test_an_upsert_is_run_again_on_what_others_published(self, bench: Bench) -> None:
        bench.load("zero", rows_of(1))
        mine = bench.write("one", rows_of(7, value="mine"), WriteMode.UPSERT)
        bench.load("two", rows_of(7, value="theirs"))
        published = bench.publish(mine)
        assert bench.rows() == in_order([*rows_of(1), *rows_of(7, value="mine")])
        assert published.counts.updated == 1

    def test_an_overwrite_is_stale_when_others_published(self, bench: Bench) -> None:
        candidate = bench.write("one", rows_of(1), WriteMode.OVERWRITE)
        bench.load("two", rows_of(2))
        with pytest.raises(CandidateStaleError, match="overwrites everything"):
            bench.lake.rebase([candidate])
        assert bench.rows() == rows_of(2)

    def test_overwritten_partitions_are_stale_only_when_others_touched_them(self, bench: Bench) -> None:
        bench = bench.over(contract(partition_by="part"))
        bench.load("zero", [*rows_of(1), *rows_of(2, part="b")])
        candidate = bench.write("one", rows_of(10), WriteMode.OVERWRITE_PARTITION)
        bench.load("two", rows_of(3, part="b"))
        rebased = bench.lake.rebase([candidate])
        bench.load("three", rows_of(4))
        with pytest.raises(CandidateStaleError, match="partitions"):
            bench.lake.rebase([rebased])

    def test_several_loads_become_one_version(self, bench: Bench) -> None:
        bench.load("zero", rows_of(1))
        waiting = [
            bench.write("one", rows_of(2)),
            bench.write("two", rows_of(1, 3, value="up"), WriteMode.UPSERT),
            bench.write("three", rows_of(4)),
        ]
        merged = bench.publish(*waiting)
        assert merged.load_ids == tuple(map(load_id, ("one", "two", "three")))
        assert bench.rows() == in_order([*rows_of(1, 3, value="up"), *rows_of(2, 4)])
        assert bench.lake.versions(bench.dataset).keys() == {1, 2}
        assert _branches(bench) == set()
        assert bench.rows(load="one") == rows_of(2)

    def test_a_gate_that_died_after_merging_finds_its_candidates_again(self, bench: Bench) -> None:
        waiting = [bench.write("one", rows_of(1)), bench.write("two", rows_of(2))]
        merged = bench.lake.rebase(waiting)
        assert bench.lake.rebase(waiting).snapshot_id == merged.snapshot_id
        alone = bench.lake.rebase([waiting[0]])
        bench.publish(alone)
        bench.publish(waiting[1])
        assert bench.rows() == rows_of(1, 2)

    def test_only_maintenance_in_between_makes_nothing_stale(self, bench: Bench) -> None:
        for number in range(6):
            bench.load(f"small-{number}", rows_of(number))
        candidate = bench.write("one", rows_of(10), WriteMode.OVERWRITE)
        assert bench.lake.maintain(bench.dataset).compacted_to is not None
        bench.publish(candidate)
        assert bench.rows() == rows_of(10)


class TestMaintenance:
    def test_rows_loads_and_current_version_stay_while_small_files_become_one(self, bench: Bench) -> None:
        bench = bench.over(contract(partition_by="part"))
        for number in range(5):
            bench.load(f"load-{number}", [*rows_of(number), *rows_of(number + 10, part="b")])
        before, head = bench.rows_and_loads(), bench.head()
        report = bench.lake.maintain(bench.dataset)
        assert (report.files_compacted, report.files_written) == (10, 2)
        assert bench.rows_and_loads() == before
        assert report.compacted_to == bench.head() != head
        assert report.compacted_tag == "v6"
        assert bench.rows_and_loads(head) == before

    def test_a_load_can_still_be_replaced_after_its_rows_were_joined_with_others(self, bench: Bench) -> None:
        for number in range(5):
            bench.load(f"load-{number}", rows_of(number))
        bench.lake.maintain(bench.dataset)
        assert len(bench.lake.scan(bench.dataset, bench.head()).files) == 1
        assert bench.rows(load="load-2") == rows_of(2)
        assert bench.lake.scan(bench.dataset, bench.head(), load_id=load_id("load-2")).local_paths is None
        bench.load("load-2", rows_of(20))
        assert bench.rows() == in_order(rows_of(0, 1, 3, 4, 20))

    def test_old_versions_and_what_only_they_had_go_the_kept_ones_stay(self, bench: Bench) -> None:
        versions = [bench.load(f"load-{n}", rows_of(n), WriteMode.OVERWRITE) for n in range(6)]
        foreseen = bench.lake.maintain(bench.dataset, keep_versions=2, grace=NOW, dry_run=True)
        assert len(bench.lake.versions(bench.dataset)) == 6
        report = bench.lake.maintain(bench.dataset, keep_versions=2, grace=NOW)
        assert report.tags == foreseen.tags == ("v1", "v2", "v3", "v4")
        assert set(report.snapshots) == set(foreseen.snapshots)
        assert set(foreseen.files) <= set(report.files)
        assert report.bytes_removed > 0
        assert bench.lake.versions(bench.dataset).keys() == {5, 6}
        assert [bench.rows(each.snapshot_id) for each in versions[-2:]] == [rows_of(4), rows_of(5)]
        assert bench.lake.snapshot(bench.dataset, versions[0].snapshot_id) is None
        assert not any(path in _files(bench) for path in report.files)
        assert bench.lake.next_tag(bench.dataset) == "v7"

    def test_nothing_younger_than_the_grace_goes(self, bench: Bench) -> None:
        for number in range(4):
            bench.load(f"load-{number}", rows_of(number), WriteMode.OVERWRITE)
        before = _files(bench)
        report = bench.lake.maintain(bench.dataset, keep_versions=1)
        assert (report.files, report.snapshots) == ((), ())
        assert _files(bench) >= {path for path in before if not path.endswith(".metadata.json")}

    def test_a_candidate_in_flight_is_never_broken(self, bench: Bench) -> None:
        for number in range(5):
            bench.load(f"load-{number}", rows_of(number))
        candidate = bench.write("flying", rows_of(9))
        bench.lake.maintain(bench.dataset, keep_versions=1, grace=NOW)
        assert bench.rows(candidate.snapshot_id) == rows_of(0, 1, 2, 3, 4, 9)
        bench.publish(candidate)
        assert bench.rows() == rows_of(0, 1, 2, 3, 4, 9)

    def test_candidates_nobody_published_go_unless_their_load_is_in_flight(self, bench: Bench) -> None:
        bench.load("one", rows_of(1))
        dead, flying = bench.write("dead", rows_of(2)), bench.write("flying", rows_of(3))
        report = bench.lake.maintain(
            bench.dataset, grace=NOW, candidate_days=0, in_flight=[load_id("flying")]
        )
        assert report.branches == (dead.branch,)
        assert _branches(bench) == {flying.branch}
        bench.publish(flying)
        assert bench.rows() == rows_of(1, 3)

    def test_files_of_killed_tries_go(self, bench: Bench, lake_properties: Mapping[str, str]) -> None:
        bench.load("one", rows_of(1))
        killed = Lake(catalog_name="airflow_gov", properties=lake_properties)
        before = _files(bench)
        _leave_files_behind(killed, bench)
        assert _files(bench) > before
        report = bench.lake.maintain(bench.dataset, grace=NOW)
        data = {path for path in report.files if path.endswith(".parquet")}
        assert data
        assert not data & before
        assert bench.rows() == rows_of(1)

    def test_numbers_that_make_no_sense_are_refused(self, bench: Bench) -> None:
        bench.lake.prepare(bench.contract)
        with pytest.raises(GovernanceError, match="keep_versions is 0") as refused:
            bench.lake.maintain(bench.dataset, keep_versions=0)
        assert refused.value.reason is Reason.PARAMETER_INVALID


class TestQuarantine:
    def test_rejected_rows_of_a_load_take_the_place_of_its_earlier_ones(self, bench: Bench) -> None:
        aside = bench.over(contract("clean.numbers__quarantine", [PART, VALUE, NUMBER]))

        def put(load: str, *numbers: int) -> int:
            with bench.lake.stage(aside.dataset, load_id(load)) as staging:
                if numbers:
                    staging.write_rows(aside.contract.columns, [{"number": n} for n in numbers])
                return bench.lake.quarantine(bench.dataset, staging, load_id(load), aside.contract.columns)

        assert put("none") == 0
        assert not bench.lake.exists(aside.dataset)
        assert put("one", 1, 2) == 2
        assert put("two", 3) == 1
        assert put("one", 4) == 1
        assert [row[0] for row in aside.rows()] == [3, 4]
        assert put("one") == 0
        assert [row[0] for row in aside.rows()] == [3]


class TestErrors:
    def test_unknown_datasets_and_snapshots_are_told(self, bench: Bench) -> None:
        with pytest.raises(GovernanceError) as unknown:
            bench.lake.scan(bench.dataset, 1)
        assert unknown.value.reason is Reason.DATASET_UNKNOWN
        bench.lake.prepare(bench.contract)
        with pytest.raises(GovernanceError) as gone:
            bench.lake.scan(bench.dataset, 1)
        assert gone.value.reason is Reason.VERSION_UNKNOWN
        assert bench.lake.snapshot(bench.dataset, 1) is None

    def test_candidates_of_two_datasets_are_not_merged(self, bench: Bench) -> None:
        other = bench.over(contract("gold.numbers"))
        with pytest.raises(GovernanceError, match="within one dataset"):
            bench.lake.rebase([bench.write("one", rows_of(1)), other.write("one", rows_of(1))])


def _files(bench: Bench) -> set[str]:
    """Every file of the dataset's table."""
    from airflow_gov.lake.storage import list_files

    table = bench.lake._catalog.load(bench.dataset)
    return {file.location for file in list_files(table.io, table.location())}


def _write_staged(bench: Bench, staging: Staging) -> Candidate:
    return bench.lake.write_candidate(
        bench.contract, staging, load_id=load_id("two"), write_mode=WriteMode.APPEND
    )


def _branches(bench: Bench) -> set[str]:
    refs = bench.lake._catalog.load(bench.dataset).refs()
    return {name for name in refs if name.startswith("candidate-")}


def _leave_files_behind(lake: Lake, bench: Bench) -> None:
    """What a try leaves that is killed between bringing its files over and the commit."""
    from airflow_gov.lake.registering import take_over

    staging = lake.stage(bench.dataset, load_id("killed"))
    folder = staging.__enter__()
    folder.write_rows(bench.contract.columns, [{"number": 5}])
    folder.write_rows(bench.contract.columns, [{"number": 6}])
    table = lake._catalog.load(bench.dataset)
    take_over(table, folder.files()[:1], load_id("killed"))


def _typed() -> list[tuple[str, str, object]]:
    import datetime as dt
    import decimal
    import uuid

    return [
        ("k", "long", 1),
        ("b", "boolean", True),
        ("i", "int", -5),
        ("f", "float", 1.5),
        ("d", "double", 2.25),
        ("day", "date", dt.date(2020, 2, 29)),
        ("at", "time", dt.time(12, 30, 1, 500000)),
        ("ts", "timestamp", dt.datetime(2020, 1, 1, 1, 2, 3, 456789)),  # noqa: DTZ001
        ("tz", "timestamptz", dt.datetime(2020, 1, 1, 1, 2, 3, 456789, tzinfo=dt.UTC)),
        ("s", "string", "zażółć 'quoted'"),
        ("u", "uuid", uuid.UUID(int=7)),
        ("raw", "binary", b"\x00\xff"),
        ("money", "decimal(9, 2)", decimal.Decimal("-12.34")),
        ("large", "decimal(38, 4)", decimal.Decimal("1234567890123456789012345678901234.5678")),
        ("names", "list<string>", ["a", None]),
        ("place", "struct<x: long, days: list<date>>", {"x": 1, "days": [dt.date(2020, 1, 1)]}),
    ]


_KINDS = _typed()
