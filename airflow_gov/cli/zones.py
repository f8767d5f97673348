"""`airflow-gov zones`: what each zone of the lake holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.summary import DatasetSummary


@click.command()
@output.json_option
@pass_session
def zones(session: Session, *, as_json: bool) -> None:
    """What each zone of the lake holds."""
    summaries = session.store.versions.summaries()
    facts = {zone.value: _facts(zone, summaries) for zone in Zone}
    if as_json:
        output.print_json(
            {"home": session.settings.home, "warehouse": session.settings.warehouse, "zones": facts}
        )
        return
    output.print_table(
        ["zone", "holds", "datasets#", "rows#", "quarantined#", "size#", "versions#", "last published"],
        (
            [
                zone,
                each["meaning"],
                each["datasets"],
                each["rows"],
                each["quarantined"],
                output.size(each["size"]),
                each["versions"],
                each["published_at"],
            ]
            for zone, each in facts.items()
        ),
        empty="",
    )


def _facts(zone: Zone, summaries: Sequence[DatasetSummary]) -> dict[str, Any]:
    here = [each for each in summaries if each.dataset.zone is zone and not each.dataset.is_quarantine]
    published = [each.published_at for each in here if each.published_at is not None]
    return {
        "meaning": zone.meaning,
        "datasets": len(here),
        "rows": sum(each.rows or 0 for each in here),
        "quarantined": sum(each.quarantined or 0 for each in here),
        "size": sum(each.size or 0 for each in here),
        "files": sum(each.files or 0 for each in here),
        "versions": sum(each.versions for each in here),
        "published_at": max(published, default=None),
    }
