"""Published data of which nobody can tell where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import LakeCheck
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.findings import Observation
    from airflow_gov.model.graph import Dataset

#: Datasets whose arrows are read at once.
_DATASETS = 500
#: Jobs that a message names.
_NAMED = 3


class VersionWithoutInputs(LakeCheck):
    """A current version whose records name nothing that it was made of."""

    id = "version-without-inputs"
    title = "Version without inputs"
    severity = Severity.ERROR
    explanation = (
        "The record of an execution says what it read: files or a database table for raw, datasets of the "
        "lake for every other zone. A published version whose record names none came from nowhere: neither "
        "its origin nor what is wrong when a source is wrong can be told."
    )
    remedy = (
        "Load the dataset with the operators, which record what they read; a callable gets its tables from "
        "source=. Values that are written into the code belong into a file that lands in raw."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """Each load of the current versions; a rollback's and maintenance's were looked at before."""
        for each in audited.store.derivations.without_inputs():
            what = "no delivery" if each.dataset.zone is Zone.RAW else "no dataset that it read"
            yield self.found(
                each.dataset,
                f"The record of the load {each.load_id} of {each.dataset} (version {each.version}) names "
                f"{what}.",
                part=each.load_id,
                dataset=each.dataset,
                execution_id=each.execution_id,
                version=each.version,
            )


class LineageWithoutInputs(LakeCheck):
    """A dataset that jobs write and of which the lineage knows no way back."""

    id = "lineage-without-inputs"
    title = "Gap in the lineage"
    severity = Severity.WARNING
    explanation = (
        "OpenLineage events told that a job writes this published dataset, and none of the jobs that write "
        "it told anything else that it reads: ways back to the sources end here, and so do tags that travel "
        "down. Raw is let be: its sources lie outside, and not all of them have a name."
    )
    remedy = (
        "Look at the job in the Lineage tab. A task that is no operator of this package tells its inputs "
        "with inlets= or an extractor; airflow-gov lineage dead-letters list shows events that were refused."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """All datasets that the lineage knows, some hundred at a time."""
        published = {
            str(name): name
            for name, summary in audited.summaries.items()
            if summary.version is not None and name.zone is not Zone.RAW and not name.is_quarantine
        }
        told = audited.store.lineage.read.nodes.all_governed(dags=None)
        known = [each for each in told if each.governed in published and each.dropped_at is None]
        for first in range(0, len(known), _DATASETS):
            some = {each.dataset_id: each for each in known[first : first + _DATASETS]}
            for number, writers in _without_inputs(audited, some).items():
                name = published[some[number].label]
                yield self.found(
                    name,
                    f"The lineage knows nothing that {name} was made of: "
                    f"{'the job' if len(writers) == 1 else f'none of the {len(writers)} jobs'} that "
                    f"{'writes it told no' if len(writers) == 1 else 'write it told an'} input.",
                    dataset=name,
                    jobs=list(writers[:_NAMED]),
                )


def _without_inputs(audited: AuditedLake, datasets: Mapping[int, Dataset]) -> Mapping[int, Sequence[str]]:
    """Of the datasets that jobs write, those with no job that reads another, and these jobs."""
    nodes = audited.store.lineage.read.nodes
    writers: dict[int, set[int]] = {}
    for link in nodes.links_of(datasets=datasets, dags=None):
        if link.output:
            writers.setdefault(link.dataset_id, set()).add(link.job_id)
    inputs: dict[int, set[int]] = {}
    for link in nodes.links_of(jobs={job for jobs in writers.values() for job in jobs}, dags=None):
        if not link.output:
            inputs.setdefault(link.job_id, set()).add(link.dataset_id)
    bare = {
        number: jobs
        for number, jobs in writers.items()
        if not any(inputs.get(job, set()) - {number} for job in jobs)
    }
    labels = {
        each.job_id: each.label
        for each in nodes.jobs({job for jobs in bare.values() for job in jobs}, dags=None)
    }
    return {number: sorted(labels[job] for job in jobs if job in labels) for number, jobs in bare.items()}
