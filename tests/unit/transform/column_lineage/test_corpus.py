"""Column lineage of the corpus is what a reader of the queries expects."""

from __future__ import annotations

import pytest

from airflow_gov.transform.column_lineage import sql_lineage
from support.lineage_corpus import Case, corpus, shown

CASES = corpus()


def test_the_corpus_has_what_it_promises():
    assert len(CASES) >= 200
    assert {case.group for case in CASES} == {"dbt_like", "shapes", "tpcds_like", "tpch_like"}
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_query_has_the_lineage_that_its_reader_expects(case: Case):
    outputs = list(case.columns) if "names" in case.tags else None
    lineage = sql_lineage(case.sql, case.schemas, outputs=outputs)
    assert shown(lineage) == shown(case)
    assert list(lineage.columns) == list(case.columns)
    assert lineage.complete is case.complete, lineage.gaps
    assert bool(lineage.gaps) is not lineage.complete
