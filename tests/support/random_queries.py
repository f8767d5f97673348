"""Random queries that DuckDB accepts and whose results are determined by their tables."""

from __future__ import annotations

import random

TABLES = {
    "clean.t": {"a": "INTEGER", "b": "INTEGER", "c": "INTEGER", "d": "INTEGER"},
    "clean.u": {"a": "INTEGER", "k": "INTEGER", "x": "INTEGER"},
    "clean.w": {"k": "INTEGER", "z": "INTEGER", "b": "INTEGER"},
}


class RandomQueries:
    """Queries of integers, nested in each other.

    :param seed: other seeds give other queries.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = 0

    def query(self) -> str:
        """One query."""
        sql, _ = self._query(3)
        return sql

    def _new(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}{self._numbers}"

    def _maybe(self, chance: float) -> bool:
        return self._random.random() < chance

    def _query(self, depth: int, outer: tuple[str, ...] = ()) -> tuple[str, list[str]]:
        kinds = [self._select] * 5 + (
            [self._set, self._with, self._pivot, self._unpivot, self._cut] if depth else []
        )
        return self._random.choice(kinds)(depth, outer)

    def _relation(self, depth: int, outer: tuple[str, ...] = ()) -> tuple[str, list[str]]:
        if depth <= 0 or self._maybe(0.45):
            table = self._random.choice(list(TABLES))
            return table, list(TABLES[table])
        sql, columns = self._query(depth - 1, outer)
        return f"({sql})", columns

    def _value(self, columns: list[str], depth: int) -> str:
        one, two = (self._random.choice(columns) for _ in range(2))
        forms = [
            one,
            one,
            f"{one} + {two}",
            f"coalesce({one}, {two})",
            f"CASE WHEN {one} > 1 THEN {two} ELSE 0 END",
            f"nullif({one}, {two})",
            f"if({one} = 1, {two}, {one})",
            f"CAST({one} AS INTEGER)",
            f"greatest({one}, {two})",
            f"list_sum([{one}, {two}])",
            f"abs(-{one})",
            f"hash({one}) % 3",
            f"struct_pack(p := {one}, q := {two}).p",
        ]
        if depth > 0 and self._maybe(0.2):
            return self._subquery(columns, depth - 1)
        return self._random.choice(forms)

    def _subquery(self, columns: list[str], depth: int) -> str:
        sql, inner = self._relation(depth)
        name, outer = self._new("s"), self._random.choice(columns)
        column = f"{name}.{self._random.choice(inner)}"
        where = f"WHERE {name}.{self._random.choice(inner)} = {outer}"
        return self._random.choice(
            [
                f"(SELECT max({column}) FROM {sql} {name} {where})",
                f"(SELECT count({column}) FROM {sql} {name})",
                f"CAST(EXISTS (SELECT 1 FROM {sql} {name} {where}) AS INTEGER)",
                f"CAST({outer} IN (SELECT {column} FROM {sql} {name}) AS INTEGER)",
                f"len(ARRAY(SELECT {column} FROM {sql} {name} {where}))",
            ]
        )

    def _condition(self, columns: list[str], depth: int) -> str:
        value = self._value(columns, depth)
        return self._random.choice(
            [
                f"{value} > 0",
                f"{value} IS NOT NULL",
                f"{value} <> {self._random.choice(columns)}",
                f"{value} < 3",
            ]
        )

    def _from(self, depth: int, outer: tuple[str, ...]) -> tuple[str, list[str]]:
        """A FROM clause and its columns, all qualified."""
        sql, columns = self._relation(depth - 1)
        name = self._new("r")
        text, scope = f"{sql} AS {name}", [f"{name}.{column}" for column in columns]
        while self._maybe(0.35):
            sql, columns = self._relation(depth - 2)
            name = self._new("r")
            mine = [f"{name}.{column}" for column in columns]
            on = f"{self._random.choice(scope)} = {self._random.choice(mine)}"
            kind = self._random.choice(
                ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN", "CROSS", "LATERAL"]
            )
            if kind == "CROSS":
                text += f" CROSS JOIN {sql} AS {name}"
            elif kind == "LATERAL":
                inner = f"{name}_.{columns[0]} = {self._random.choice(scope)}"
                text += f", LATERAL (SELECT * FROM {sql} AS {name}_ WHERE {inner}) AS {name}"
            else:
                text += f" {kind} {sql} AS {name} ON {on}"
            if kind not in ("SEMI JOIN", "ANTI JOIN"):
                scope += mine
        return text, [*scope, *outer]

    def _select(self, depth: int, outer: tuple[str, ...]) -> tuple[str, list[str]]:
        text, scope = self._from(depth, outer)
        where = f" WHERE {self._condition(scope, depth - 1)}" if self._maybe(0.5) else ""
        if self._maybe(0.35):
            return self._grouped(text, where, scope, depth)
        items = [self._value(scope, depth - 1) for _ in range(self._random.randint(1, 4))]
        if self._maybe(0.4):
            items.append(self._window(scope))
        names = [self._new("v") for _ in items]
        listed = ", ".join(f"{item} AS {name}" for item, name in zip(items, names, strict=True))
        if self._maybe(0.2):
            extra = self._new("v")
            listed, names = f"{listed}, {names[0]} + 1 AS {extra}", [*names, extra]
        distinct = "DISTINCT " if self._maybe(0.15) else ""
        tail = ""
        if not distinct and self._maybe(0.15):
            tail = f" QUALIFY {self._window(scope)} <= 2"
        return f"SELECT {distinct}{listed} FROM {text}{where}{tail}", names

    def _window(self, scope: list[str]) -> str:
        one, by, order = (self._random.choice(scope) for _ in range(3))
        whole = ", ".join(scope)
        return self._random.choice(
            [
                f"sum({one}) OVER (PARTITION BY {by})",
                f"rank() OVER (PARTITION BY {by} ORDER BY {order})",
                f"count({one}) FILTER (WHERE {order} > 0) OVER (PARTITION BY {by})",
                f"lag({one}) OVER (PARTITION BY {by} ORDER BY {whole})",
                f"max({one}) OVER ()",
                f"row_number() OVER (ORDER BY {whole})",
            ]
        )

    def _grouped(self, text: str, where: str, scope: list[str], depth: int) -> tuple[str, list[str]]:
        keys = [self._value(scope, 0) for _ in range(self._random.randint(1, 2))]
        one, by = (self._random.choice(scope) for _ in range(2))
        aggregates = self._random.sample(
            [
                f"sum({one})",
                "count(*)",
                f"count(DISTINCT {one})",
                f"min({one}) FILTER (WHERE {by} > 0)",
                f"sum({one} + {by})",
                f"list_sum(list({one} ORDER BY {by}))",
                f"max(CASE WHEN {by} = 1 THEN {one} END)",
            ],
            2,
        )
        names = [self._new("g") for _ in range(len(keys) + 2)]
        listed = ", ".join(
            f"{item} AS {name}" for item, name in zip([*keys, *aggregates], names, strict=True)
        )
        group = self._random.choice(["ALL", ", ".join(str(i + 1) for i in range(len(keys))), ", ".join(keys)])
        having = f" HAVING count({one}) > 0" if self._maybe(0.2) else ""
        return f"SELECT {listed} FROM {text}{where} GROUP BY {group}{having}", names

    def _set(self, depth: int, outer: tuple[str, ...]) -> tuple[str, list[str]]:
        (left, ours), (right, theirs) = self._query(depth - 1), self._query(depth - 1)
        width = min(len(ours), len(theirs))
        operation = self._random.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "UNION ALL BY NAME"])
        if "NAME" in operation:
            renamed = ", ".join(f"{b} AS {a}" for a, b in zip(ours[:1], theirs, strict=False))
            extra = self._new("n")
            return (
                f"SELECT {', '.join(ours)} FROM ({left}) UNION ALL BY NAME "
                f"SELECT {theirs[-1]} AS {extra}, {renamed} FROM ({right})",
                [*ours, extra],
            )
        names = ours[:width]
        return (
            f"SELECT {', '.join(names)} FROM ({left}) {operation} "
            f"SELECT {', '.join(theirs[:width])} FROM ({right})",
            names,
        )

    def _with(self, depth: int, outer: tuple[str, ...]) -> tuple[str, list[str]]:
        sql, columns = self._query(depth - 1)
        name = self._new("q")
        key = self._random.choice(columns)
        others = [column for column in columns if column != key]
        items = [key, *(f"one.{column}" for column in others), f"two.{columns[0]} AS {name}_x"]
        join = self._random.choice(["JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN"])
        return (
            f"WITH {name} AS ({sql}) SELECT {', '.join(items)} "
            f"FROM {name} one {join} {name} two USING ({key})",
            [key, *others, f"{name}_x"],
        )

    def _pivot(self, depth: int, outer: tuple[str, ...]) -> tuple[str, list[str]]:
        sql, columns = self._query(depth - 1)
        on, value = self._random.choice(columns), self._random.choice(columns)
        group = next((column for column in columns if column not in (on, value)), None)
        suffix = f" GROUP BY {group}" if group else ""
        name = self._new("p")
        items = [*([group] if group else []), f'"1" AS {name}']
        return (
            f"SELECT {', '.join(items)} FROM (PIVOT ({sql}) ON {on} IN (0, 1) USING sum({value}){suffix})",
            [*([group] if group else []), name],
        )

    def _unpivot(self, depth: int, outer: tuple[str, ...]) -> tuple[str, list[str]]:
        sql, columns = self._query(depth - 1)
        chosen = self._random.sample(columns, min(2, len(columns)))
        rest = [column for column in columns if column not in chosen]
        name = self._new("x")
        casts = ", ".join(f"CAST({column} AS BIGINT) AS {column}" for column in columns)
        return (
            f"SELECT * EXCLUDE ({name}_n) FROM (UNPIVOT (SELECT {casts} FROM ({sql})) "
            f"ON {', '.join(chosen)} INTO NAME {name}_n VALUE {name})",
            [*rest, name],
        )

    def _cut(self, depth: int, outer: tuple[str, ...]) -> tuple[str, list[str]]:
        sql, columns = self._query(depth - 1)
        if self._maybe(0.4) and len(columns) > 1:
            return f"SELECT DISTINCT ON ({columns[0]}) * FROM ({sql}) ORDER BY ALL", columns
        if self._maybe(0.5):
            changed = columns[0]
            return f"SELECT * REPLACE ({self._value(columns, 0)} AS {changed}) FROM ({sql})", columns
        return f"SELECT * FROM ({sql}) ORDER BY ALL LIMIT 4", columns
