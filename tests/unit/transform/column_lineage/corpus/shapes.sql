--: table clean.t (a INTEGER, b INTEGER, c INTEGER, d INTEGER, s VARCHAR, f BOOLEAN, day DATE)
--: table clean.u (k INTEGER, a INTEGER, x INTEGER, y INTEGER, name VARCHAR)
--: table clean.w (k INTEGER, z INTEGER)
--: table clean.n (id INTEGER, l INTEGER[], m VARCHAR[], st STRUCT(g INTEGER, h VARCHAR), j JSON)
--: table clean.tree (node INTEGER, parent INTEGER, label VARCHAR)
--: table clean.Odd (Id INTEGER, "My Col" INTEGER, größe INTEGER, "select" INTEGER)

--: a copy and a rename
SELECT a, b AS bb FROM clean.t
--> a = t.a
--> bb = t.b

--: a constant and the clock #ties
SELECT 1 AS one, current_date AS today, 'x' AS text, NULL AS nothing FROM clean.w
--> one =
--> today =
--> text =
--> nothing =

--: a plain cast is a transformation
SELECT a::VARCHAR AS text, CAST(b AS DOUBLE) AS number, try_cast(s AS INTEGER) AS maybe FROM clean.t
--> text = t.a:T
--> number = t.b:T
--> maybe = s:T

--: arithmetic, concatenation, comparison, negation
SELECT a + b * 2 AS x, s || '-' || c AS y, d > 1 AS z, -a AS neg, NOT f AS no FROM clean.t
--> x = t.a:T, t.b:T
--> y = s:T, c:T
--> z = d:T
--> neg = t.a:T
--> no = f:T

--: star
SELECT * FROM clean.w
--> k = w.k
--> z = same

--: star of one of two tables
SELECT w.*, u.name FROM clean.w AS w CROSS JOIN clean.u AS u
--> k = w.k
--> z, name = same

--: star without some columns
SELECT * EXCLUDE (s, f, day) FROM clean.t
--> a = t.a
--> b, c, d = same

--: star with one replaced
SELECT * REPLACE (z * 2 AS z) FROM clean.w
--> k = w.k
--> z = z:T

--: star with one renamed
SELECT * RENAME (z AS zed) FROM clean.w
--> k = w.k
--> zed = z

--: all of EXCLUDE, REPLACE and RENAME
SELECT * EXCLUDE (x) REPLACE (upper(name) AS name) RENAME (y AS why) FROM clean.u
--> k = u.k
--> a = u.a
--> why = y
--> name = name:T

--: star by LIKE
SELECT * LIKE '%a%' FROM clean.t
--> a = t.a
--> day = same

--: star by NOT SIMILAR TO
SELECT * NOT SIMILAR TO '[a-d]' FROM clean.t
--> s, f, day = same

--: COLUMNS by a pattern
SELECT COLUMNS('^[ab]$') FROM clean.t
--> a = t.a
--> b = t.b

--: COLUMNS by a list #names
SELECT COLUMNS(['b', 'a']) FROM clean.t
--> a = t.a
--> b = t.b

--: COLUMNS by a lambda
SELECT COLUMNS(lambda col: col IN ('c', 'd')) FROM clean.t
--> c, d = same

--: COLUMNS of a star with exceptions, aggregated
SELECT min(COLUMNS(* EXCLUDE (s, f, day))) FROM clean.t
--> a = t.a:A
--> b = t.b:A
--> c = c:A
--> d = d:A

--: COLUMNS twice in one expression is the same column
SELECT COLUMNS(['c', 'd']) + COLUMNS(['c', 'd']) FROM clean.t
--> c = c:T
--> d = d:T

--: COLUMNS renamed by the pattern's group
SELECT COLUMNS('^([xy])$') AS 'new_\1' FROM clean.u
--> new_x = x
--> new_y = y

--: COLUMNS in WHERE is all of them
SELECT name FROM clean.u WHERE COLUMNS(['x', 'y']) > 0
--> name = same
--> rows = x:F, y:F

--: COLUMNS unpacked into a function
SELECT coalesce(*COLUMNS(['x', 'y'])) AS v FROM clean.u
--> v = x:IC, y:IC

--: COLUMNS of one table of two
SELECT COLUMNS(w.*) FROM clean.w AS w, clean.tree
--> k = w.k
--> z = same

--: FROM first
FROM clean.w SELECT z WHERE k = 1
--> z = same
--> rows = w.k:F

--: FROM alone
FROM clean.w
--> k = w.k
--> z = same

--: aliases before expressions
SELECT double: c * 2, plain: d FROM clean.t
--> double = c:T
--> plain = d

--: an alias used by later results
SELECT c + 1 AS c1, c1 * d AS c2, c2 - c1 AS c3 FROM clean.t
--> c1 = c:T
--> c2 = c:T, d:T
--> c3 = c:T, d:T

--: a column goes before an alias of its name
SELECT c + d AS d, d AS e FROM clean.t
--> d = c:T, d:T
--> e = d

--: an alias in WHERE, GROUP BY and HAVING
SELECT c % 2 AS half, count(*) AS n FROM clean.t WHERE half >= 0 GROUP BY half HAVING half < 2
--> half = c:T
--> n =
--> rows = c:FG

--: an alias in ORDER BY goes before a column
SELECT -c AS d FROM clean.t ORDER BY d LIMIT 2
--> d = c:T
--> rows = c:S

--: results named by their position
SELECT c, d, sum(a) AS total FROM clean.t GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 3
--> c, d = same
--> total = t.a:A
--> rows = c:G, d:G, t.a:S

--: columns named by their position
SELECT #1 + #2 AS v FROM clean.w
--> v = w.k:T, z:T

--: ORDER BY without LIMIT decides nothing
SELECT z FROM clean.w ORDER BY k
--> z = same

--: ORDER BY with LIMIT
SELECT z FROM clean.w ORDER BY k, z LIMIT 3
--> z = same
--> rows = w.k:S, z:S

--: ORDER BY ALL with OFFSET
SELECT c, d FROM clean.t ORDER BY ALL OFFSET 2
--> c, d = same
--> rows = c:S, d:S

--: LIMIT without ORDER BY
SELECT z FROM clean.w LIMIT 3
--> z = same

--: LIMIT by a subquery #ties
SELECT z FROM clean.w LIMIT (SELECT max(node) FROM clean.tree)
--> z = same
--> rows = node:F

--: LIMIT of a sorted subquery
SELECT z FROM (SELECT * FROM clean.w ORDER BY k, z) LIMIT 2
--> z = same
--> rows = w.k:S, z:S

--: DISTINCT
SELECT DISTINCT c, d FROM clean.t
--> c, d = same
--> rows = c:G, d:G

--: DISTINCT ON
SELECT DISTINCT ON (c) c, d FROM clean.t ORDER BY c, d, a
--> c, d = same
--> rows = c:GS, d:S, t.a:S

--: inner join
SELECT x, z FROM clean.u JOIN clean.w ON u.k = w.k AND x > z
--> x, z = same
--> rows = u.k:J, w.k:J, x:J, z:J

--: join with USING: the column of the left side
SELECT k, x, z FROM clean.u JOIN clean.w USING (k)
--> k = u.k
--> x, z = same
--> rows = u.k:J, w.k:J

--: left join with USING
SELECT * EXCLUDE (name, a) FROM clean.u LEFT JOIN clean.w USING (k)
--> k = u.k
--> x, y, z = same
--> rows = u.k:J, w.k:J

--: right join with USING: the column of the right side
SELECT k, x, z FROM clean.u RIGHT JOIN clean.w USING (k)
--> k = w.k
--> x, z = same
--> rows = u.k:J, w.k:J

--: full join with USING: the column of either side
SELECT k, x, z FROM clean.u FULL JOIN clean.w USING (k)
--> k = u.k, w.k
--> x, z = same
--> rows = u.k:J, w.k:J

--: join with USING of two columns
SELECT * EXCLUDE (f, day) FROM clean.u JOIN (SELECT a, b AS k, f, day, s FROM clean.t) q USING (k, a)
--> k = u.k
--> a = u.a
--> x, y, name, s = same
--> rows = u.k:J, t.b:J, u.a:J, t.a:J

--: full natural join of two columns
SELECT * FROM (SELECT k, a, x FROM clean.u) NATURAL FULL JOIN (SELECT a, b AS k, c FROM clean.t)
--> k = u.k, t.b
--> a = u.a, t.a
--> x, c = same
--> rows = u.k:J, t.b:J, u.a:J, t.a:J

--: qualified columns beside USING
SELECT u.k AS uk, w.k AS wk FROM clean.u LEFT JOIN clean.w USING (k)
--> uk = u.k
--> wk = w.k
--> rows = u.k:J, w.k:J

--: natural join
SELECT * FROM (SELECT k, x FROM clean.u) NATURAL JOIN clean.w
--> k = u.k
--> x, z = same
--> rows = u.k:J, w.k:J

--: three tables merged on one column
SELECT * FROM clean.w JOIN (SELECT k, x FROM clean.u) USING (k) JOIN (SELECT a AS k, c FROM clean.t) USING (k)
--> k = w.k
--> z, x, c = same
--> rows = w.k:J, u.k:J, t.a:J

--: cross join
SELECT z, label FROM clean.w CROSS JOIN clean.tree
--> z, label = same

--: comma join with WHERE
SELECT z, x FROM clean.w, clean.u WHERE w.k = u.k
--> z, x = same
--> rows = w.k:F, u.k:F

--: self join
SELECT child.label AS child, parent.label AS parent FROM clean.tree child JOIN clean.tree parent ON child.parent = parent.node
--> child = label
--> parent = label
--> rows = tree.parent:J, node:J

--: semi join by USING
SELECT z FROM clean.w SEMI JOIN clean.u USING (k)
--> z = same
--> rows = w.k:J, u.k:J

--: anti join
SELECT * FROM clean.w ANTI JOIN clean.u ON w.k = u.k AND x > 1
--> k = w.k
--> z = same
--> rows = w.k:J, u.k:J, x:J

--: asof join #ties
SELECT t.day, u.x FROM clean.t ASOF LEFT JOIN clean.u ON t.a = u.a AND t.b >= u.k
--> day, x = same
--> rows = t.a:J, u.a:J, t.b:J, u.k:J

--: positional join
SELECT z, label FROM clean.w POSITIONAL JOIN clean.tree
--> z, label = same

--: a join in brackets under a name
SELECT q.z, q.x FROM (clean.w JOIN clean.u USING (k)) AS q
--> z, x = same
--> rows = w.k:J, u.k:J

--: a join in brackets without a name
SELECT w.z, u.x, c FROM clean.t LEFT JOIN (clean.w JOIN clean.u ON w.k = u.k) ON t.a = w.z
--> z, x, c = same
--> rows = w.k:J, u.k:J, t.a:J, z:J

--: lateral join
SELECT w.z, q.total FROM clean.w, LATERAL (SELECT sum(x) AS total FROM clean.u WHERE u.k = w.k) q
--> z = same
--> total = x:A
--> rows = u.k:F, w.k:F

--: lateral expressions that build on each other
SELECT z, two, four FROM clean.w, LATERAL (SELECT z * 2 AS two), LATERAL (SELECT two * 2 AS four)
--> z = same
--> two = z:T
--> four = z:T

--: columns renamed by the alias of their table
SELECT q.one, q.two FROM clean.w AS q (one, two)
--> one = w.k
--> two = z

--: columns that are there twice get numbers
SELECT k, k_1, z FROM (SELECT * FROM clean.w, (SELECT k FROM clean.u))
--> k = w.k
--> k_1 = u.k
--> z = same

--: scalar subquery
SELECT z, (SELECT max(x) FROM clean.u) AS top FROM clean.w
--> z = same
--> top = x:A

--: correlated scalar subquery
SELECT z, (SELECT sum(x) FROM clean.u WHERE u.k = w.k) AS total FROM clean.w
--> z = same
--> total = x:A, u.k:F, w.k:F

--: correlated subquery that sorts and cuts
SELECT z, (SELECT x FROM clean.u WHERE u.k = w.k ORDER BY y, x LIMIT 1) AS first_x FROM clean.w
--> z = same
--> first_x = x:IS, u.k:F, w.k:F, y:S

--: subquery of two levels that refers to the outermost
SELECT z, (SELECT sum(x) FROM clean.u WHERE EXISTS (SELECT 1 FROM clean.tree WHERE node = u.a AND parent = w.k)) AS v FROM clean.w
--> z = same
--> v = x:A, node:F, u.a:F, tree.parent:F, w.k:F

--: EXISTS as a value
SELECT z, EXISTS (SELECT x FROM clean.u WHERE u.k = w.k) AS known FROM clean.w
--> z = same
--> known = u.k:F, w.k:F

--: NOT EXISTS
SELECT z FROM clean.w WHERE NOT EXISTS (FROM clean.u WHERE u.k = w.k AND name = 'a')
--> z = same
--> rows = u.k:F, w.k:F, name:F

--: IN as a value
SELECT z IN (SELECT x FROM clean.u WHERE y > 1) AS found, z IN (1, k) AS listed FROM clean.w
--> found = z:T, x:T, y:F
--> listed = z:T, w.k:T

--: IN of two columns
SELECT z FROM clean.w WHERE (k, z) IN (SELECT k, x FROM clean.u)
--> z = same
--> rows = w.k:F, z:F, u.k:F, x:F

--: comparison with ALL
SELECT z FROM clean.w WHERE z >= ALL (SELECT x FROM clean.u WHERE x IS NOT NULL)
--> z = same
--> rows = z:F, x:F

--: subquery in FROM with its own filter
SELECT q.x FROM (SELECT x FROM clean.u WHERE y = 1) q
--> x = same
--> rows = y:F

--: CTE read twice
WITH big AS (SELECT k, x FROM clean.u WHERE x > 0) SELECT one.x AS x1, two.x AS x2 FROM big one JOIN big two USING (k)
--> x1 = x
--> x2 = x
--> rows = x:F, u.k:J

--: CTE with columns
WITH q (p, r) AS (SELECT k, z FROM clean.w) SELECT r, p FROM q
--> r = z
--> p = w.k

--: CTE nobody reads
WITH unused AS (SELECT x FROM clean.u WHERE y > 1) SELECT z FROM clean.w
--> z = same

--: CTE inside a CTE with the same name
WITH q AS (SELECT z AS v FROM clean.w), r AS (WITH q AS (SELECT x AS v FROM clean.u) SELECT v FROM q) SELECT q.v AS outer_v, r.v AS inner_v FROM q, r
--> outer_v = z
--> inner_v = x

--: CTE named as a table of the sources
WITH w AS (SELECT x AS z FROM clean.u) SELECT w.z, v.z AS real FROM w, clean.w AS v
--> z = x
--> real = z

--: CTE that reads an earlier one of its own name
WITH q AS (SELECT k FROM clean.w), p AS (SELECT k + 1 AS k FROM q) SELECT k FROM p
--> k = w.k:T

--: CTE materialized
WITH q AS MATERIALIZED (SELECT z FROM clean.w) SELECT sum(z) AS v FROM q
--> v = z:A

--: CTE in a subquery
SELECT * FROM (WITH q AS (SELECT max(x) AS m FROM clean.u) SELECT m FROM q)
--> m = x:A

--: recursive: numbers
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r
--> n =

--: recursive: paths of a tree
WITH RECURSIVE paths AS (
  SELECT node, label AS path, 0 AS depth FROM clean.tree WHERE parent IS NULL
  UNION ALL
  SELECT t.node, p.path || '/' || t.label, p.depth + 1 FROM clean.tree t JOIN paths p ON t.parent = p.node WHERE p.depth < 3
)
SELECT node, path, depth FROM paths
--> node = same
--> path = label:IT
--> depth =
--> rows = tree.parent:FJ, node:J

--: recursive: columns that change places
WITH RECURSIVE r AS (
  SELECT k AS p, x AS q, y AS s, 0 AS n FROM clean.u
  UNION ALL
  SELECT q, s, p, n + 1 FROM r WHERE n < 3
)
SELECT p FROM r
--> p = u.k, x, y

--: recursive with UNION drops what it has seen
WITH RECURSIVE r AS (SELECT node AS v FROM clean.tree UNION SELECT parent FROM clean.tree JOIN r ON node = v) SELECT v FROM r
--> v = node, tree.parent
--> rows = node:GJ, tree.parent:GJ

--: UNION ALL
SELECT z AS v, 'w' AS source FROM clean.w UNION ALL SELECT x, name FROM clean.u
--> v = z, x
--> source = name

--: UNION
SELECT z AS v FROM clean.w UNION SELECT x FROM clean.u WHERE y > 1
--> v = z, x
--> rows = z:G, x:G, y:F

--: UNION BY NAME
SELECT k, z FROM clean.w UNION BY NAME SELECT x, k FROM clean.u
--> k = w.k, u.k
--> z, x = same
--> rows = w.k:G, u.k:G, z:G, x:G

--: INTERSECT
SELECT k AS v FROM clean.w INTERSECT SELECT x FROM clean.u
--> v = w.k
--> rows = w.k:F, x:F

--: EXCEPT ALL
SELECT k AS v FROM clean.w EXCEPT ALL SELECT x FROM clean.u WHERE y = 1
--> v = w.k
--> rows = w.k:F, x:F, y:F

--: INTERSECT binds closer than UNION
SELECT k AS v FROM clean.w UNION ALL SELECT x FROM clean.u INTERSECT SELECT c FROM clean.t
--> v = w.k, x
--> rows = x:F, c:F

--: set operation sorted and cut
(SELECT k AS v FROM clean.w) UNION ALL (SELECT x FROM clean.u) ORDER BY v LIMIT 3
--> v = w.k, x
--> rows = w.k:S, x:S

--: parts of a set operation that are cut themselves
(SELECT k AS v FROM clean.w ORDER BY z, k LIMIT 1) UNION ALL (SELECT x FROM clean.u ORDER BY y, x LIMIT 2)
--> v = w.k, x
--> rows = z:S, w.k:S, y:S, x:S

--: VALUES
SELECT v.p, v.r FROM (VALUES (1, 'a'), (2, 'b')) AS v (p, r)
--> p =
--> r =

--: VALUES with subqueries in it
SELECT * FROM (VALUES ((SELECT max(z) FROM clean.w)), (3)) AS v (m)
--> m = z:A

--: VALUES joined
SELECT z, v.label AS kind FROM clean.w JOIN (VALUES (1, 'one'), (2, 'two')) AS v (k, label) ON v.k = w.k
--> z = same
--> kind =
--> rows = w.k:J

--: table functions
SELECT r.i, z FROM range(3) AS r (i), clean.w
--> i =
--> z = same

--: a table function of a column
SELECT z, i FROM clean.w, range(z) AS r (i)
--> z = same
--> i = z:T
--> rows = z:J

--: aggregates
SELECT sum(a) AS s1, avg(b) AS s2, min(c) AS s3, max(s) AS s4, bool_or(f) AS s5, stddev(d) AS s6 FROM clean.t
--> s1 = t.a:A
--> s2 = t.b:A
--> s3 = c:A
--> s4 = s:A
--> s5 = f:A
--> s6 = d:A

--: counting
SELECT count(*) AS n, count(a) AS na, count(DISTINCT b) AS nb, count_if(c > 1) AS nc, approx_count_distinct(d) AS nd FROM clean.t
--> n =
--> na = t.a:A!
--> nb = t.b:A!
--> nc = c:A!
--> nd = d:A!

--: computing before and after aggregating
SELECT sum(a * b) / count(c) + 1 AS v FROM clean.t
--> v = t.a:A, t.b:A, c:A!

--: aggregate with FILTER
SELECT sum(a) FILTER (WHERE b > 1) AS v, count(*) FILTER (WHERE c = 1 AND f) AS n FROM clean.t
--> v = t.a:A, t.b:C
--> n = c:C, f:C

--: aggregate with an order
SELECT list(a ORDER BY b, a) AS l, first(c ORDER BY d, c) AS v FROM clean.t
--> l = t.a:AS, t.b:S
--> v = c:AS, d:S

--: aggregate of a sorted subquery #ties
SELECT list(c) AS l, sum(d) AS v FROM (SELECT c, d FROM clean.t ORDER BY a)
--> l = c:A, t.a:S
--> v = d:A

--: aggregates that sqlglot does not know
SELECT product(a) AS p, mean(b) AS m, entropy(c) AS e, histogram(d) AS h, kurtosis_pop(a) AS kp FROM clean.t
--> p = t.a:A
--> m = t.b:A
--> e = c:A
--> h = d:A
--> kp = t.a:A

--: arg_max and its kind #ties
SELECT arg_max(a, b) AS v1, min_by(c, d) AS v2, arg_min_null(s, a) AS v3 FROM clean.t
--> v1 = t.a:A, t.b:S
--> v2 = c:A, d:S
--> v3 = s:A, t.a:S

--: quantiles within a group
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS p, quantile_disc(b, 0.5) AS q, mode() WITHIN GROUP (ORDER BY c) AS m FROM clean.t
--> p = t.a:A
--> q = t.b:A
--> m = c:A

--: GROUP BY ALL
SELECT c, upper(s) AS big, sum(a) AS total FROM clean.t GROUP BY ALL
--> c = same
--> big = s:T
--> total = t.a:A
--> rows = c:G, s:G

--: GROUP BY an expression
SELECT c + d AS cd, count(*) AS n FROM clean.t GROUP BY c + d
--> cd = c:T, d:T
--> n =
--> rows = c:G, d:G

--: GROUPING SETS, ROLLUP and CUBE
SELECT c, d, sum(a) AS v, grouping(c, d) AS level FROM clean.t GROUP BY GROUPING SETS ((c, d), ROLLUP (c), ())
--> c, d = same
--> v = t.a:A
--> level =
--> rows = c:G, d:G

--: HAVING
SELECT c FROM clean.t GROUP BY c HAVING sum(a) > 1 AND max(d) < 9
--> c = same
--> rows = c:G, t.a:F, d:F

--: group without aggregates
SELECT c FROM clean.t GROUP BY c
--> c = same
--> rows = c:G

--: window with partition and order #ties
SELECT row_number() OVER (PARTITION BY c ORDER BY d, a) AS rn, c FROM clean.t
--> rn = c:W, d:W, t.a:W
--> c = same

--: window over everything
SELECT a, sum(b) OVER () AS total, count(*) OVER () AS n FROM clean.t
--> a = t.a
--> total = t.b:A
--> n =

--: aggregate over a window
SELECT a, avg(b) OVER (PARTITION BY c) AS v, max(d) FILTER (WHERE f) OVER (PARTITION BY c) AS m FROM clean.t
--> a = t.a
--> v = t.b:A, c:W
--> m = d:A, f:C, c:W

--: looking at other rows #ties
SELECT lag(a) OVER w AS before, lead(a, 1, b) OVER w AS after, first_value(s) OVER w AS first_s, nth_value(c, 2) OVER w AS second_c
FROM clean.t WINDOW w AS (ORDER BY day, d)
--> before = t.a:T, day:W, d:W
--> after = t.a:T, t.b:T, day:W, d:W
--> first_s = s:T, day:W, d:W
--> second_c = c:T, day:W, d:W

--: ranks #ties
SELECT rank() OVER (ORDER BY a) AS r, dense_rank() OVER (ORDER BY b DESC) AS dr, percent_rank() OVER (ORDER BY c) AS pr, ntile(2) OVER (ORDER BY d) AS nt, cume_dist() OVER (ORDER BY a) AS cd FROM clean.t
--> r = t.a:W
--> dr = t.b:W
--> pr = c:W
--> nt = d:W
--> cd = t.a:W

--: named windows that build on each other #ties
SELECT sum(a) OVER w2 AS v, sum(b) OVER (w1 ORDER BY d) AS x2 FROM clean.t WINDOW w1 AS (PARTITION BY c), w2 AS (w1 ORDER BY day)
--> v = t.a:A, c:W, day:W
--> x2 = t.b:A, c:W, d:W

--: QUALIFY #ties
SELECT a, b FROM clean.t QUALIFY row_number() OVER (PARTITION BY c ORDER BY day) = 1
--> a = t.a
--> b = t.b
--> rows = c:F, day:F

--: QUALIFY by the alias of a window
SELECT a, rank() OVER (ORDER BY b) AS r FROM clean.t QUALIFY r <= 2
--> a = t.a
--> r = t.b:W
--> rows = t.b:F

--: window of an aggregate
SELECT c, sum(sum(a)) OVER (ORDER BY c) AS running FROM clean.t GROUP BY c
--> c = same
--> running = t.a:A, c:W
--> rows = c:G

--: CASE
SELECT CASE WHEN a > 1 THEN b WHEN c > 1 THEN d + 1 ELSE 0 END AS v FROM clean.t
--> v = t.a:C, t.b, c:C, d:T

--: CASE of a value
SELECT CASE s WHEN 'a' THEN 1 WHEN 'b' THEN c END AS v FROM clean.t
--> v = s:C, c

--: IF
SELECT if(f, a, b) AS v, CASE WHEN f THEN s END AS w FROM clean.t
--> v = f:C, t.a, t.b
--> w = f:C, s

--: COALESCE, IFNULL and NULLIF
SELECT coalesce(a, b, 0) AS v1, ifnull(c, d) AS v2, nullif(a, b) AS v3, coalesce(s, 'none') AS v4 FROM clean.t
--> v1 = t.a:IC, t.b:IC
--> v2 = c:IC, d
--> v3 = t.a:IC, t.b:C
--> v4 = s:IC

--: functions of several columns
SELECT greatest(a, b) AS g, concat(s, c) AS cc, round(d / 2, 1) AS r, substr(s, 1, c) AS part FROM clean.t
--> g = t.a:T, t.b:T
--> cc = s:T, c:T
--> r = d:T
--> part = s:T, c:T

--: functions of dates
SELECT date_trunc('month', day) AS m, extract(year FROM day) AS y, day + INTERVAL 1 DAY AS next, date_diff('day', day, DATE '2024-01-01') AS n, strftime(day, '%Y') AS t FROM clean.t
--> m = day:T
--> y = day:T
--> next = day:T
--> n = day:T
--> t = day:T

--: predicates as values
SELECT a BETWEEN b AND c AS p1, s LIKE 'a%' AS p2, s IS NULL AS p3, a IS DISTINCT FROM d AS p4, s SIMILAR TO 'a.*' AS p5 FROM clean.t
--> p1 = t.a:T, t.b:T, c:T
--> p2 = s:T
--> p3 = s:C
--> p4 = t.a:T, d:T
--> p5 = s:T

--: whether there is a value tells nothing of it
SELECT s IS NOT NULL AS is_known, s || (s IS NULL) AS v, (a > 1) IS TRUE AS b FROM clean.t
--> is_known = s:C
--> v = s:TC
--> b = t.a:T

--: hashes mask
SELECT md5(s) AS h1, sha256(s) AS h2, hash(a, b) AS h3, sha1(s) AS h4, upper(md5(s)) AS h5 FROM clean.t
--> h1 = s:T!
--> h2 = s:T!
--> h3 = t.a:T!, t.b:T!
--> h4 = s:T!
--> h5 = s:T!

--: a mask stays
SELECT max(h) AS v, count(DISTINCT h) AS n FROM (SELECT md5(s) AS h FROM clean.t)
--> v = s:A!
--> n = s:A!

--: a masked column that filters
SELECT a FROM clean.t WHERE md5(s) = 'x' OR a > 0
--> a = t.a
--> rows = s:F!, t.a:F

--: functions written behind their value
SELECT s.upper() AS u, s.md5() AS h, t.a.abs() AS v, name_length: s.lower().length() FROM clean.t AS t
--> u = s:T
--> h = s:T!
--> v = t.a:T
--> name_length = s:T

--: fields of a struct
SELECT st.g AS g, n.st.h AS h, st['g'] AS g2, struct_extract(st, 'h') AS h2 FROM clean.n AS n
--> g = st:T
--> h = st:T
--> g2 = st:T
--> h2 = st:T

--: making structs, lists and maps
SELECT {'p': a, 'q': s} AS st, [a, b] AS l, struct_pack(p := c) AS sp, row(a, d) AS r, map {s: a} AS m FROM clean.t WHERE s IS NOT NULL
--> st = t.a:T, s:T
--> l = t.a:T, t.b:T
--> sp = c:T
--> r = t.a:T, d:T
--> m = s:T, t.a:T
--> rows = s:F

--: elements and slices of a list
SELECT l[1] AS one, l[1:2] AS some, len(l) AS n, list_sum(l) AS total, list_contains(l, id) AS has FROM clean.n
--> one = l:T
--> some = l:T
--> n = l:T
--> total = l:T
--> has = l:T, id:T

--: lambdas
SELECT list_transform(l, lambda e: e + id) AS added, list_filter(l, lambda id: id > 1) AS shadowed, list_reduce(l, lambda p, q: p + q, 0) AS r FROM clean.n
--> added = l:T, id:T
--> shadowed = l:T
--> r = l:T

--: list comprehension
SELECT [e * 2 + id FOR e IN l IF e > 0] AS v FROM clean.n
--> v = l:T, id:T

--: JSON
SELECT j ->> '$.a' AS a, json_extract(j, '$.b') AS b, (j -> 'a')::INTEGER + id AS c FROM clean.n
--> a = j:T
--> b = j:T
--> c = j:T, id:T

--: unnest as a result
SELECT id, unnest(l) AS e FROM clean.n
--> id = same
--> e = l:T
--> rows = l:J

--: unnest in FROM
SELECT id, e, id + e AS s FROM clean.n, unnest(l) AS q (e)
--> id = same
--> e = l:T
--> s = id:T, l:T
--> rows = l:J

--: unnest named by its alias alone
SELECT id, e FROM clean.n CROSS JOIN unnest(n.l) AS e
--> id = same
--> e = l:T
--> rows = l:J

--: unnest in a lateral subquery
SELECT id, q.e FROM clean.n, LATERAL (SELECT unnest(l) AS e) q
--> id = same
--> e = l:T
--> rows = l:J

--: unnest with an ordinality
SELECT id, e, o FROM clean.n, unnest(m) WITH ORDINALITY AS q (e, o)
--> id = same
--> e = m:T
--> o =
--> rows = m:J

--: unnest of a struct #names
SELECT id, unnest(st) FROM clean.n WHERE st IS NOT NULL
--> id = same
--> g = st:T
--> h = st:T
--> rows = st:FJ

--: unnested and aggregated again
SELECT id, sum(e) AS total FROM (SELECT id, unnest(l) AS e FROM clean.n) GROUP BY id
--> id = same
--> total = l:A
--> rows = l:J, id:G

--: a list made by a subquery
SELECT k, ARRAY(SELECT x FROM clean.u WHERE u.k = w.k ORDER BY y, x) AS xs FROM clean.w
--> k = w.k
--> xs = x:AS, u.k:F, w.k:F, y:S

--: a table as a value
SELECT w AS whole, count(w) AS n FROM clean.w AS w GROUP BY ALL
--> whole = w.k:T, z:T
--> n = w.k:A!, z:A!
--> rows = w.k:G, z:G

--: PIVOT statement
PIVOT clean.t ON c IN (1, 2) USING sum(a) GROUP BY d
--> d = same
--> 1 = c:C, t.a:A
--> 2 = c:C, t.a:A
--> rows = d:G

--: PIVOT with two aggregates and names
PIVOT clean.t ON c IN (1, 2) USING sum(a) AS total, max(b) AS top GROUP BY d
--> d = same
--> 1_total = c:C, t.a:A
--> 1_top = c:C, t.b:A
--> 2_total = c:C, t.a:A
--> 2_top = c:C, t.b:A
--> rows = d:G

--: PIVOT on two columns #names
PIVOT (SELECT c, f, a FROM clean.t) ON c IN (1, 2), f IN (true, false) USING sum(a)
--> 1_true = c:C, f:C, t.a:A
--> 1_false = c:C, f:C, t.a:A
--> 2_true = c:C, f:C, t.a:A
--> 2_false = c:C, f:C, t.a:A

--: PIVOT in FROM, with all other columns as groups
SELECT p.* FROM (SELECT c, d, a FROM clean.t) PIVOT (sum(a) FOR c IN (1 AS one, 2 AS two)) AS p
--> d = same
--> one = c:C, t.a:A
--> two = c:C, t.a:A
--> rows = d:G

--: PIVOT without aggregates counts
PIVOT (SELECT c, d FROM clean.t) ON c IN (1, 2)
--> d = same
--> 1 = c:C
--> 2 = c:C
--> rows = d:G

--: PIVOT that is read on
SELECT d, "1" + "2" AS both_values FROM (PIVOT clean.t ON c IN (1, 2) USING sum(a) GROUP BY d)
--> d = same
--> both_values = c:C, t.a:A
--> rows = d:G

--: UNPIVOT statement
UNPIVOT (SELECT a, b, c FROM clean.t) ON a, b INTO NAME which VALUE v
--> c = same
--> which =
--> v = t.a, t.b
--> rows = t.a:F, t.b:F

--: UNPIVOT that keeps nulls
SELECT * FROM (SELECT a, b, c FROM clean.t) UNPIVOT INCLUDE NULLS (v FOR which IN (a, b AS bee))
--> c = same
--> which =
--> v = t.a, t.b

--: UNPIVOT of COLUMNS
UNPIVOT (SELECT a, b, s FROM clean.t) ON COLUMNS(* EXCLUDE (s)) INTO NAME which VALUE v
--> s = same
--> which =
--> v = t.a, t.b
--> rows = t.a:F, t.b:F

--: UNPIVOT of pairs
UNPIVOT (SELECT a, b, c, d FROM clean.t) ON (a, b), (c, d) INTO NAME which VALUE first_v, second_v
--> which =
--> first_v = t.a, c
--> second_v = t.b, d
--> rows = t.a:F, t.b:F, c:F, d:F

--: names in other cases
SELECT A, T.B, "C" FROM CLEAN.T WHERE D = 1
--> A = t.a
--> B = t.b
--> C = c
--> rows = d:F

--: names with quotes, spaces and letters beyond ASCII
SELECT "My Col" AS "odd "" name", größe, "select" + 1 AS "from" FROM "clean"."Odd" WHERE Odd.ID > 0
--> odd " name = My Col
--> größe = same
--> from = select:T
--> rows = Id:F

--: names qualified by the schema
SELECT clean.w.z, clean.w.k FROM clean.w JOIN clean.u ON clean.u.k = clean.w.k
--> z = same
--> k = w.k
--> rows = u.k:J, w.k:J

--: comments and a closing semicolon
SELECT z -- the value; of w
/* FROM nowhere */ FROM clean.w;
--> z = same

--: brackets around everything
((SELECT (((z))) AS z FROM (((SELECT * FROM clean.w)))))
--> z = same

--: a query in a query in a query
SELECT v FROM (SELECT v + 1 AS v FROM (SELECT v * 2 AS v FROM (SELECT sum(z) AS v FROM clean.w WHERE k > 0) WHERE v > 0))
--> v = z:A
--> rows = w.k:F, z:F

--: what cannot be told apart is told together
SELECT least(a, b, c, d) AS v, [a, b, c][d] AS picked FROM clean.t WHERE d > 0
--> v = t.a:T, t.b:T, c:T, d:T
--> picked = t.a:T, t.b:T, c:T, d:T
--> rows = d:F

--: collation keeps a value, time zones do not
SELECT s COLLATE NOCASE AS s, (day::TIMESTAMP AT TIME ZONE 'UTC') AS moment FROM clean.t
--> s = same
--> moment = day:T

--: pieces of text
SELECT split_part(s, 'a', 1) AS p, regexp_replace(s, 'a', name) AS r, position(name IN s) AS pos, trim(BOTH 'a' FROM s) AS t FROM clean.t, clean.u
--> p = s:T
--> r = s:T, name:T
--> pos = name:T, s:T
--> t = s:T

--: sample of a table #ties
SELECT z FROM clean.w USING SAMPLE 2
--> z = same

--: joined on a condition with a subquery
SELECT w.z, u.x FROM clean.w JOIN clean.u ON w.k = u.k AND u.y = (SELECT max(node) FROM clean.tree)
--> z, x = same
--> rows = w.k:J, u.k:J, y:J, node:J

--: a window over a join
SELECT u.name, sum(w.z) OVER (PARTITION BY u.name) AS total FROM clean.u LEFT JOIN clean.w ON u.k = w.k
--> name = same
--> total = z:A, name:W
--> rows = u.k:J, w.k:J

--: aggregates in ORDER BY with LIMIT
SELECT c FROM clean.t GROUP BY c ORDER BY sum(a) DESC, c LIMIT 2
--> c = same
--> rows = c:GS, t.a:S

--: a struct made, joined and taken apart again
WITH q AS (SELECT k, {'v': x, 'w': name} AS st FROM clean.u) SELECT st.v AS v, st.w AS w2 FROM q JOIN clean.w USING (k)
--> v = x:T, name:T
--> w2 = x:T, name:T
--> rows = u.k:J, w.k:J

--: VALUES alone
VALUES (1, 2), (3, 4)
--> col0 =
--> col1 =

--: an unknown way to make columns is told #ties
SELECT * FROM (PIVOT clean.w ON k USING sum(z))
--> gaps

--: HAVING by an alias that is named as a column which is no key
SELECT c, sum(a) AS b FROM clean.t GROUP BY c HAVING b > 1
--> c = same
--> b = t.a:A
--> rows = c:G, t.a:F

--: HAVING by a key that an alias is named as
SELECT -c AS d, c, d AS e, sum(a) AS total FROM clean.t GROUP BY c, d HAVING d > 0
--> d = c:T
--> c = same
--> e = d
--> total = t.a:A
--> rows = c:G, d:GF

--: ORDER BY an expression: columns go before aliases
SELECT a, -b AS b FROM clean.t ORDER BY b + a LIMIT 2
--> a = t.a
--> b = t.b:T
--> rows = t.b:S, t.a:S

--: GROUP BY ALL with HAVING by an alias
SELECT max(b) AS b, c FROM clean.t GROUP BY ALL HAVING b > 0
--> b = t.b:A
--> c = same
--> rows = c:G, t.b:F

--: an aggregate of everything with HAVING by its alias
SELECT sum(a) AS c FROM clean.t HAVING c > 0
--> c = t.a:A
--> rows = t.a:F

--: windows by name without an alias of their own #ties names
SELECT max(a) OVER w, min(b) OVER w FROM clean.t WINDOW w AS (PARTITION BY c)
--> max(a) OVER w = t.a:A, c:W
--> min(b) OVER w = t.b:A, c:W

--: WITH before a set operation
WITH q AS (SELECT k FROM clean.w WHERE z > 0) SELECT k FROM q UNION ALL SELECT x FROM clean.u
--> k = w.k, x
--> rows = z:F

--: WITH before a PIVOT
WITH q AS (SELECT a, b, c FROM clean.t) PIVOT q ON c IN (1, 2) USING sum(a) GROUP BY b
--> b = t.b
--> 1 = c:C, t.a:A
--> 2 = c:C, t.a:A
--> rows = t.b:G

--: WITH of VALUES
WITH v (k, label) AS (VALUES (1, 'one'), (2, 'two')) SELECT v.label AS kind, z FROM clean.w JOIN v USING (k)
--> kind =
--> z = same
--> rows = w.k:J

--: DISTINCT ON a position
SELECT DISTINCT ON (1) c, d FROM clean.t ORDER BY 1, 2
--> c, d = same
--> rows = c:GS, d:S

--: windows inside windows, by a subquery
SELECT a FROM (SELECT *, row_number() OVER (PARTITION BY c ORDER BY day, a, b, d) AS rn FROM clean.t) WHERE rn = 1 AND b > 0
--> a = t.a
--> rows = c:F, day:F, t.a:F, t.b:F, d:F

--: a join with a grouped and distinct subquery
SELECT t.a, q.n FROM clean.t JOIN (SELECT k, count(*) AS n FROM clean.u GROUP BY k) q ON q.k = t.b JOIN (SELECT DISTINCT k FROM clean.w) r ON r.k = q.k
--> a = t.a
--> n =
--> rows = u.k:GJ, t.b:J, w.k:GJ

--: fields of a struct read on from a subquery
SELECT q.g + 1 AS g FROM (SELECT unnest(st) FROM clean.n) AS q
--> g = st:T
--> rows = st:J

--: a value that is masked by one way and shown by another
SELECT md5(s) || left(s, 1) AS v, count(s) + max(length(s)) AS n FROM clean.t GROUP BY ALL
--> v = s:TT!
--> n = s:AA!
--> rows = s:GG!
