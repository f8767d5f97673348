"""What ``*``, ``t.* EXCLUDE (…) REPLACE (…) RENAME (…)`` and ``COLUMNS(…)`` stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage.engine_names import duckdb_names
from airflow_gov.transform.column_lineage.relations import Column, Unknown, fields_of, folded
from airflow_gov.transform.column_lineage.scopes import Scope, Starred

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk


def is_star(node: exp.Expr) -> bool:
    """Whether it is ``*`` or ``t.*``."""
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def names_of(node: exp.Expr) -> list[str]:
    """The parts of a column's qualified name, as written."""
    return [part.name for part in node.parts] if isinstance(node, exp.Column) else []


def star_items(walk: Walk, scope: Scope, node: exp.Expr) -> list[Starred]:
    """The columns that a star gives, in order.

    :param node: ``*`` or ``t.*`` with what follows it.
    """
    if isinstance(node, exp.Star):
        return _changed(walk, scope, node, list(scope.source.star))
    path = names_of(node)[:-1]
    bound = scope.source.table(path)
    if bound is not None:
        found = [Starred(item, bound) for item in bound.relation.items]
        return _changed(walk, scope, node.this, found)
    trace = scope.resolve(path)
    if trace is None:
        walk.gap(f"{'.'.join(path)}.* could not be followed.")
        return []
    return _changed(walk, scope, node.this, [Starred(fields_of(trace), None)])


def _changed(walk: Walk, scope: Scope, star: exp.Expr, found: list[Starred]) -> list[Starred]:
    """What EXCLUDE, REPLACE and RENAME leave of the columns."""
    for excluded in star.args.get("except_") or ():
        found = [each for each in found if not _means(scope, excluded, each)]
    for replaced in star.args.get("replace") or ():
        trace = walk.trace(replaced.this, scope)
        found = [_with(each, replaced.alias, trace=trace) for each in found]
    for renaming in star.args.get("rename") or ():
        found = [_renamed(scope, each, renaming) for each in found]
    return found


def _with(each: Starred, name: str, *, trace: dict[tuple[str, str], int]) -> Starred:
    if isinstance(each.item, Column) and folded(each.item.name) == folded(name):
        return Starred(replace(each.item, trace=trace), each.owner)
    return each


def _renamed(scope: Scope, each: Starred, renaming: exp.Expr) -> Starred:
    if isinstance(each.item, Column) and _means(scope, renaming.this, each):
        return Starred(replace(each.item, name=renaming.alias), each.owner)
    return each


def _means(scope: Scope, node: exp.Expr, each: Starred) -> bool:
    """Whether a name in EXCLUDE or RENAME means a column."""
    if not isinstance(each.item, Column) or folded(node.name) != folded(each.item.name):
        return False
    path = names_of(node)[:-1]
    return not path or (each.owner is not None and scope.source.table(path) is each.owner)


def matching(walk: Walk, scope: Scope, node: exp.Expr) -> list[Starred]:
    """The columns that ``COLUMNS(…)`` or ``* LIKE …`` stands for.

    :param node: COLUMNS with its argument, or a condition on a star.
    """
    if not isinstance(node, exp.Columns):
        return _where(walk, scope.source.star, lambda: _condition(node))
    what = node.this
    if is_star(what):
        return star_items(walk, scope, what)
    if isinstance(what, exp.Array):
        wanted = [folded(each.name) for each in what.expressions]
        return [each for name in wanted for each in _named(scope.source.star, name)]
    if isinstance(what, exp.Lambda):
        return _where(
            walk, scope.source.star, lambda: (what.expressions[0].name, what.this.sql(dialect="duckdb"))
        )
    if isinstance(what, exp.Literal) and what.is_string:
        pattern = what.sql(dialect="duckdb")
        return _where(walk, scope.source.star, lambda: ("c", f"regexp_matches(c, {pattern})"))
    walk.gap("COLUMNS() of something else than a star, a list, a pattern or a lambda could not be followed.")
    return []


def _named(star: Sequence[Starred], name: str) -> list[Starred]:
    return [each for each in star if isinstance(each.item, Column) and folded(each.item.name) == name]


def is_star_condition(node: exp.Expr) -> bool:
    """Whether it is ``* LIKE …``, which gives the columns whose names are so."""
    inner = node.this if isinstance(node, exp.Not) else node
    return isinstance(inner, exp.Binary | exp.Escape) and _starred(inner) is not None


def _starred(node: exp.Expr) -> exp.Expr | None:
    while isinstance(node, exp.Binary | exp.Escape | exp.Not):
        node = node.this
    return node if isinstance(node, exp.Star) else None


def _condition(node: exp.Expr) -> tuple[str, str]:
    copy = node.copy()
    star = _starred(copy)
    assert star is not None  # noqa: S101 - is_star_condition() saw to it
    star.replace(exp.to_identifier("c"))
    return "c", copy.sql(dialect="duckdb")


def _where(walk: Walk, star: Sequence[Starred], condition: Callable[[], tuple[str, str]]) -> list[Starred]:
    """The columns whose names meet a condition, which the engine itself decides."""
    if any(isinstance(each.item, Unknown) for each in star):
        walk.gap("COLUMNS() of a table whose columns are not known could not be followed.")
    names = [each.item.name for each in star if isinstance(each.item, Column)]
    wanted = duckdb_names(names, *condition())
    if wanted is None:
        walk.gap("The condition on names of columns could not be followed.")
        return []
    return [each for each in star if isinstance(each.item, Column) and each.item.name in wanted]
