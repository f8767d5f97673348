"""Lineage: what OpenLineage is told, as the plain dicts that its JSON schemas describe."""
