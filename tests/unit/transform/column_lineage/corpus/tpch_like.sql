--: table regions (rid INTEGER, rname VARCHAR)
--: table nations (nid INTEGER, nname VARCHAR, n_region INTEGER)
--: table customers (cid INTEGER, cname VARCHAR, c_nation INTEGER, segment VARCHAR, balance INTEGER, phone VARCHAR)
--: table suppliers (sid INTEGER, sname VARCHAR, s_nation INTEGER, s_balance INTEGER, s_note VARCHAR)
--: table parts (pid INTEGER, pname VARCHAR, brand VARCHAR, ptype VARCHAR, psize INTEGER, retail INTEGER)
--: table stock (st_part INTEGER, st_supplier INTEGER, available INTEGER, cost INTEGER)
--: table orders (oid INTEGER, o_customer INTEGER, status VARCHAR, total INTEGER, ordered_on DATE, priority VARCHAR)
--: table lines (l_order INTEGER, l_part INTEGER, l_supplier INTEGER, line_no INTEGER, quantity INTEGER, price INTEGER, discount INTEGER, tax INTEGER, returned VARCHAR, l_status VARCHAR, shipped_on DATE, due_on DATE, received_on DATE, ship_mode VARCHAR)

--: pricing summary of what was shipped
SELECT returned, l_status, sum(quantity) AS sum_quantity, sum(price) AS sum_price,
       sum(price * (100 - discount)) AS discounted, sum(price * (100 - discount) * (100 + tax)) AS charged,
       avg(quantity) AS avg_quantity, count(*) AS lines
FROM lines
WHERE shipped_on <= DATE '2024-01-05' - INTERVAL 1 DAY
GROUP BY returned, l_status
ORDER BY returned, l_status
--> returned, l_status = same
--> sum_quantity = quantity:A
--> sum_price = price:A
--> discounted = price:A, discount:A
--> charged = price:A, discount:A, tax:A
--> avg_quantity = quantity:A
--> lines =
--> rows = shipped_on:F, returned:G, l_status:G

--: the cheapest supplier of each part in a region
SELECT s_balance, sname, nname, pid, s_note
FROM parts, suppliers, stock, nations, regions
WHERE pid = st_part AND sid = st_supplier AND psize = 3 AND ptype LIKE '%a' AND s_nation = nid
  AND n_region = rid AND rname = 'b'
  AND cost = (SELECT min(cost) FROM stock, suppliers, nations, regions
              WHERE pid = st_part AND sid = st_supplier AND s_nation = nid AND n_region = rid AND rname = 'b')
ORDER BY s_balance DESC, nname, sname, pid
LIMIT 3
--> s_balance, sname, nname, pid, s_note = same
--> rows = pid:FS, st_part:F, sid:F, st_supplier:F, psize:F, ptype:F, s_nation:F, nid:F, n_region:F, rid:F, rname:F, cost:F, s_balance:S, nname:S, sname:S

--: orders waiting to be shipped, by revenue
SELECT l_order, sum(price * (1 - discount)) AS revenue, ordered_on, priority
FROM customers, orders, lines
WHERE segment = 'a' AND cid = o_customer AND l_order = oid
  AND ordered_on < DATE '2024-01-03' AND shipped_on > DATE '2024-01-03'
GROUP BY l_order, ordered_on, priority
ORDER BY revenue DESC, ordered_on
LIMIT 10
--> l_order = same
--> revenue = price:A, discount:A
--> ordered_on, priority = same
--> rows = segment:F, cid:F, o_customer:F, l_order:FG, oid:F, ordered_on:FGS, shipped_on:F, priority:G, price:S, discount:S

--: orders with a late line, by priority
SELECT priority, count(*) AS order_count
FROM orders
WHERE ordered_on >= DATE '2024-01-02'
  AND EXISTS (SELECT * FROM lines WHERE l_order = oid AND due_on < received_on)
GROUP BY priority
ORDER BY priority
--> priority = same
--> order_count =
--> rows = ordered_on:F, l_order:F, oid:F, due_on:F, received_on:F, priority:G

--: revenue of a region's nations with local suppliers
SELECT nname, sum(price * (1 - discount)) AS revenue
FROM customers
JOIN orders ON cid = o_customer
JOIN lines ON l_order = oid
JOIN suppliers ON l_supplier = sid AND c_nation = s_nation
JOIN nations ON s_nation = nid
JOIN regions ON n_region = rid
WHERE rname = 'a'
GROUP BY nname
ORDER BY revenue DESC
--> nname = same
--> revenue = price:A, discount:A
--> rows = cid:J, o_customer:J, l_order:J, oid:J, l_supplier:J, sid:J, c_nation:J, s_nation:J, nid:J, n_region:J, rid:J, rname:F, nname:G

--: revenue a small discount would have saved
SELECT sum(price * discount) AS revenue
FROM lines
WHERE shipped_on >= DATE '2024-01-01' AND shipped_on < DATE '2024-01-05' AND discount BETWEEN 1 AND 3 AND quantity < 4
--> revenue = price:A, discount:A
--> rows = shipped_on:F, discount:F, quantity:F

--: trade between two nations by year
SELECT supplier_nation, customer_nation, shipped_year, sum(volume) AS revenue
FROM (
  SELECT n1.nname AS supplier_nation, n2.nname AS customer_nation,
         extract(year FROM shipped_on) AS shipped_year, price * (1 - discount) AS volume
  FROM suppliers, lines, orders, customers, nations n1, nations n2
  WHERE sid = l_supplier AND oid = l_order AND cid = o_customer AND s_nation = n1.nid AND c_nation = n2.nid
    AND ((n1.nname = 'a' AND n2.nname = 'b') OR (n1.nname = 'b' AND n2.nname = 'a'))
) AS shipping
GROUP BY supplier_nation, customer_nation, shipped_year
--> supplier_nation = nname
--> customer_nation = nname
--> shipped_year = shipped_on:T
--> revenue = price:A, discount:A
--> rows = sid:F, l_supplier:F, oid:F, l_order:F, cid:F, o_customer:F, s_nation:F, nid:F, c_nation:F, nname:FG, shipped_on:G

--: a nation's share of the market
SELECT year, sum(CASE WHEN nation = 'a' THEN volume ELSE 0 END) / sum(volume) AS share
FROM (
  SELECT date_part('year', ordered_on) AS year, price * (1 - discount) AS volume, n2.nname AS nation
  FROM parts, suppliers, lines, orders, customers, nations n1, nations n2, regions
  WHERE pid = l_part AND sid = l_supplier AND l_order = oid AND o_customer = cid AND c_nation = n1.nid
    AND n1.n_region = rid AND rname = 'b' AND s_nation = n2.nid AND ptype = 'c'
) q
GROUP BY year
--> year = ordered_on:T
--> share = nname:C, price:A, discount:A
--> rows = pid:F, l_part:F, sid:F, l_supplier:F, l_order:F, oid:F, o_customer:F, cid:F, c_nation:F, nid:F, n_region:F, rid:F, rname:F, s_nation:F, ptype:F, ordered_on:G

--: profit by nation and year
WITH profit AS (
  SELECT nname AS nation, year(ordered_on) AS y, price * (1 - discount) - cost * quantity AS amount
  FROM parts
  JOIN lines ON pid = l_part
  JOIN stock ON st_part = l_part AND st_supplier = l_supplier
  JOIN suppliers ON sid = l_supplier
  JOIN orders ON oid = l_order
  JOIN nations ON nid = s_nation
  WHERE contains(pname, 'a')
)
SELECT nation, y, sum(amount) AS sum_profit FROM profit GROUP BY ALL ORDER BY nation, y DESC
--> nation = nname
--> y = ordered_on:T
--> sum_profit = price:A, discount:A, cost:A, quantity:A
--> rows = pid:J, l_part:J, st_part:J, st_supplier:J, l_supplier:J, sid:J, oid:J, l_order:J, nid:J, s_nation:J, pname:F, nname:G, ordered_on:G

--: customers who returned most
SELECT cid, cname, sum(price * (1 - discount)) AS lost, balance, nname, phone
FROM customers, orders, lines, nations
WHERE cid = o_customer AND oid = l_order AND returned = 'a' AND c_nation = nid
GROUP BY cid, cname, balance, phone, nname
ORDER BY lost DESC
LIMIT 20
--> cid, cname = same
--> lost = price:A, discount:A
--> balance, nname, phone = same
--> rows = cid:FG, o_customer:F, oid:F, l_order:F, returned:F, c_nation:F, nid:F, cname:G, balance:G, phone:G, nname:G, price:S, discount:S

--: stock worth more than its share of a nation's
SELECT st_part, sum(cost * available) AS worth
FROM stock, suppliers, nations
WHERE st_supplier = sid AND s_nation = nid AND nname = 'a'
GROUP BY st_part
HAVING sum(cost * available) > (
  SELECT sum(cost * available) * 0.1 FROM stock, suppliers, nations
  WHERE st_supplier = sid AND s_nation = nid AND nname = 'a')
--> st_part = same
--> worth = cost:A, available:A
--> rows = st_supplier:F, sid:F, s_nation:F, nid:F, nname:F, st_part:G, cost:F, available:F

--: late lines by mode and urgency
SELECT ship_mode,
       sum(CASE WHEN priority = 'a' OR priority = 'b' THEN 1 ELSE 0 END) AS urgent,
       sum(CASE WHEN priority <> 'a' AND priority <> 'b' THEN 1 ELSE 0 END) AS other
FROM orders, lines
WHERE oid = l_order AND ship_mode IN ('a', 'b') AND due_on < received_on
GROUP BY ship_mode
--> ship_mode = same
--> urgent = priority:C
--> other = priority:C
--> rows = oid:F, l_order:F, ship_mode:FG, due_on:F, received_on:F

--: how many customers have how many orders
SELECT c_count, count(*) AS customers
FROM (
  SELECT cid, count(oid)
  FROM customers LEFT OUTER JOIN orders ON cid = o_customer AND priority NOT LIKE 'a%'
  GROUP BY cid
) AS c_orders (customer, c_count)
GROUP BY c_count
ORDER BY customers DESC, c_count DESC
--> c_count = oid:A!
--> customers =
--> rows = cid:JG, o_customer:J, priority:J, oid:G!

--: share of promoted parts in revenue
SELECT 100.00 * sum(CASE WHEN ptype LIKE 'a%' THEN price * (1 - discount) ELSE 0 END) / sum(price * (1 - discount)) AS promoted
FROM lines, parts
WHERE l_part = pid AND shipped_on >= DATE '2024-01-02'
--> promoted = ptype:C, price:A, discount:A
--> rows = l_part:F, pid:F, shipped_on:F

--: the supplier with most revenue
WITH revenue (supplier, total_revenue) AS (
  SELECT l_supplier, sum(price * (1 - discount)) FROM lines
  WHERE shipped_on >= DATE '2024-01-01' GROUP BY l_supplier
)
SELECT sid, sname, total_revenue
FROM suppliers, revenue
WHERE sid = supplier AND total_revenue = (SELECT max(total_revenue) FROM revenue)
ORDER BY sid
--> sid, sname = same
--> total_revenue = price:A, discount:A
--> rows = shipped_on:F, l_supplier:FG, sid:F, price:F, discount:F

--: suppliers of parts by kind, but those complained about
SELECT brand, ptype, psize, count(DISTINCT st_supplier) AS supplier_count
FROM stock, parts
WHERE pid = st_part AND brand <> 'a' AND ptype NOT LIKE 'b%' AND psize IN (1, 2, 3)
  AND st_supplier NOT IN (SELECT sid FROM suppliers WHERE s_note LIKE '%c%')
GROUP BY brand, ptype, psize
ORDER BY supplier_count DESC
--> brand, ptype, psize = same
--> supplier_count = st_supplier:A!
--> rows = pid:F, st_part:F, brand:FG, ptype:FG, psize:FG, st_supplier:F, sid:F, s_note:F

--: revenue of small orders of a part
SELECT sum(price) / 7.0 AS yearly
FROM lines, parts
WHERE pid = l_part AND brand = 'a'
  AND quantity < (SELECT 0.2 * avg(quantity) FROM lines WHERE l_part = pid)
--> yearly = price:A
--> rows = pid:F, l_part:F, brand:F, quantity:F

--: customers with large orders
SELECT cname, cid, oid, ordered_on, total, sum(quantity) AS pieces
FROM customers, orders, lines
WHERE oid IN (SELECT l_order FROM lines GROUP BY l_order HAVING sum(quantity) > 5)
  AND cid = o_customer AND oid = l_order
GROUP BY cname, cid, oid, ordered_on, total
ORDER BY total DESC, ordered_on
LIMIT 100
--> cname, cid, oid, ordered_on, total = same
--> pieces = quantity:A
--> rows = l_order:F, quantity:F, cid:FG, o_customer:F, oid:FG, cname:G, ordered_on:GS, total:GS

--: revenue of parts in one of several cases
SELECT sum(price * (1 - discount)) AS revenue
FROM lines, parts
WHERE (pid = l_part AND brand = 'a' AND quantity BETWEEN 1 AND 3 AND psize BETWEEN 1 AND 2)
   OR (pid = l_part AND brand = 'b' AND quantity >= 2 AND ship_mode IN ('a', 'c'))
--> revenue = price:A, discount:A
--> rows = pid:F, l_part:F, brand:F, quantity:F, psize:F, ship_mode:F

--: suppliers with more in stock than half of what was shipped
SELECT sname, s_note
FROM suppliers, nations
WHERE sid IN (
    SELECT st_supplier FROM stock
    WHERE st_part IN (SELECT pid FROM parts WHERE pname LIKE 'a%')
      AND available > (SELECT 0.5 * sum(quantity) FROM lines
                       WHERE l_part = st_part AND l_supplier = st_supplier AND shipped_on >= DATE '2024-01-01'))
  AND s_nation = nid AND nname = 'b'
ORDER BY sname
--> sname, s_note = same
--> rows = sid:F, st_supplier:F, st_part:F, pid:F, pname:F, available:F, quantity:F, l_part:F, l_supplier:F, shipped_on:F, s_nation:F, nid:F, nname:F

--: suppliers who kept orders waiting, alone
SELECT sname, count(*) AS waiting
FROM suppliers, lines l1, orders, nations
WHERE sid = l1.l_supplier AND oid = l1.l_order AND status = 'a' AND l1.received_on > l1.due_on
  AND EXISTS (SELECT * FROM lines l2 WHERE l2.l_order = l1.l_order AND l2.l_supplier <> l1.l_supplier)
  AND NOT EXISTS (SELECT * FROM lines l3 WHERE l3.l_order = l1.l_order AND l3.l_supplier <> l1.l_supplier
                  AND l3.received_on > l3.due_on)
  AND s_nation = nid AND nname = 'a'
GROUP BY sname
ORDER BY waiting DESC, sname
LIMIT 100
--> sname = same
--> waiting =
--> rows = sid:F, l_supplier:F, oid:F, l_order:F, status:F, received_on:F, due_on:F, s_nation:F, nid:F, nname:F, sname:GS

--: rich customers without orders, by country code
SELECT code, count(*) AS customers, sum(balance) AS total_balance
FROM (
  SELECT substring(phone, 1, 1) AS code, balance
  FROM customers
  WHERE substring(phone, 1, 1) IN ('a', 'b', 'c')
    AND balance > (SELECT avg(balance) FROM customers WHERE balance > 0 AND substring(phone, 1, 1) IN ('a', 'b'))
    AND NOT EXISTS (SELECT * FROM orders WHERE o_customer = cid)
) AS sale
GROUP BY code
--> code = phone:T
--> customers =
--> total_balance = balance:A
--> rows = phone:FG, balance:F, o_customer:F, cid:F
