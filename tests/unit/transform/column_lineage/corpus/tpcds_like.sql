--: table dates (date_id INTEGER, day DATE, year INTEGER, month INTEGER, dow INTEGER, quarter INTEGER)
--: table items (item_id INTEGER, item_name VARCHAR, category VARCHAR, class VARCHAR, brand_id INTEGER, brand VARCHAR, manager INTEGER, list_price INTEGER)
--: table stores (store_id INTEGER, store_name VARCHAR, state VARCHAR, city VARCHAR)
--: table buyers (buyer_id INTEGER, b_name VARCHAR, b_state VARCHAR, birth_year INTEGER, b_flag BOOLEAN)
--: table store_sales (s_date INTEGER, s_item INTEGER, s_store INTEGER, s_buyer INTEGER, s_ticket INTEGER, s_quantity INTEGER, s_price INTEGER, s_cost INTEGER, s_profit INTEGER)
--: table store_returns (r_date INTEGER, r_item INTEGER, r_buyer INTEGER, r_ticket INTEGER, r_quantity INTEGER, r_amount INTEGER)
--: table web_sales (w_date INTEGER, w_item INTEGER, w_buyer INTEGER, w_order INTEGER, w_quantity INTEGER, w_price INTEGER, w_profit INTEGER)
--: table inventory (i_date INTEGER, i_item INTEGER, i_warehouse INTEGER, on_hand INTEGER)

--: buyers who return more than others of their store's state
WITH returned AS (
  SELECT r_buyer AS buyer, s_store AS store, sum(r_amount) AS amount
  FROM store_returns JOIN store_sales ON r_ticket = s_ticket AND r_item = s_item
  JOIN dates ON r_date = date_id
  WHERE year = 2
  GROUP BY r_buyer, s_store
)
SELECT b_name
FROM returned r1, stores, buyers
WHERE r1.amount > (SELECT avg(amount) * 1.2 FROM returned r2 WHERE r1.store = r2.store)
  AND store_id = r1.store AND state = 'a' AND r1.buyer = buyer_id
ORDER BY b_name LIMIT 100
--> b_name = same
--> rows = r_ticket:JF, s_ticket:JF, r_item:JF, s_item:JF, r_date:JF, date_id:JF, year:F, r_buyer:GF, s_store:GF, r_amount:F, store_id:F, state:F, buyer_id:F, b_name:S

--: sales of both channels by week day, one year against the next
WITH both_channels AS (
  SELECT w_date AS sold, w_price AS price FROM web_sales
  UNION ALL
  SELECT s_date, s_price FROM store_sales
),
weeks AS (
  SELECT year, sum(CASE WHEN dow = 0 THEN price END) AS sunday, sum(CASE WHEN dow = 1 THEN price END) AS monday
  FROM both_channels JOIN dates ON sold = date_id GROUP BY year
)
SELECT this.year, round(this.sunday / next.sunday, 2) AS sundays, round(this.monday / next.monday, 2) AS mondays
FROM weeks this JOIN weeks next ON this.year = next.year - 1
--> year = same
--> sundays = dow:C, w_price:A, s_price:A
--> mondays = dow:C, w_price:A, s_price:A
--> rows = w_date:J, s_date:J, date_id:J, year:GJ

--: sales of a manager's brands in a month
SELECT d.year, i.brand_id AS brand_id, i.brand, sum(ss.s_price) AS ext_price
FROM dates d, store_sales ss, items i
WHERE d.date_id = ss.s_date AND ss.s_item = i.item_id AND i.manager = 1 AND d.month = 2
GROUP BY d.year, i.brand, i.brand_id
ORDER BY d.year, ext_price DESC, brand_id LIMIT 100
--> year, brand_id, brand = same
--> ext_price = s_price:A
--> rows = date_id:F, s_date:F, s_item:F, item_id:F, manager:F, month:F, year:GS, brand:G, brand_id:GS, s_price:S

--: buyers whose web sales grow faster than their store sales
WITH year_total AS (
  SELECT b_name AS name, year AS y, sum(s_price) AS total, 's' AS channel
  FROM buyers, store_sales, dates WHERE buyer_id = s_buyer AND s_date = date_id GROUP BY b_name, year
  UNION ALL
  SELECT b_name, year, sum(w_price), 'w'
  FROM buyers, web_sales, dates WHERE buyer_id = w_buyer AND w_date = date_id GROUP BY b_name, year
)
SELECT s2.name
FROM year_total s1, year_total s2, year_total w1, year_total w2
WHERE s1.name = s2.name AND s1.name = w1.name AND s1.name = w2.name
  AND s1.channel = 's' AND s2.channel = 's' AND w1.channel = 'w' AND w2.channel = 'w'
  AND s1.y = 1 AND s2.y = 2 AND w1.y = 1 AND w2.y = 2
  AND CASE WHEN w1.total > 0 THEN w2.total / w1.total END > CASE WHEN s1.total > 0 THEN s2.total / s1.total END
--> name = b_name
--> rows = buyer_id:F, s_buyer:F, s_date:F, date_id:F, w_buyer:F, w_date:F, b_name:GF, year:GF, s_price:F, w_price:F

--: sales, returns and profit by channel, with totals
WITH ssr AS (
  SELECT store_name AS id, sum(sales) AS sales, sum(returned) AS returned, sum(profit) AS profit
  FROM (
    SELECT s_store AS store, s_price AS sales, 0 AS returned, s_profit AS profit FROM store_sales
    UNION ALL
    SELECT s_store, 0, r_amount, -r_amount FROM store_returns JOIN store_sales ON r_ticket = s_ticket
  ) x JOIN stores ON store = store_id GROUP BY store_name
)
SELECT 'store' AS channel, id, sum(sales) AS sales, sum(returned) AS returned, sum(profit) AS profit
FROM ssr GROUP BY ROLLUP (channel, id)
--> channel =
--> id = store_name
--> sales = s_price:A
--> returned = r_amount:A
--> profit = s_profit:A, r_amount:A
--> rows = r_ticket:J, s_ticket:J, s_store:J, store_id:J, store_name:G

--: states with buyers of items dearer than their category
SELECT b_state AS state, count(*) AS cnt
FROM buyers, store_sales, dates, items i
WHERE buyer_id = s_buyer AND s_date = date_id AND s_item = i.item_id
  AND month = (SELECT DISTINCT month FROM dates WHERE year = 1 AND quarter = 1 LIMIT 1)
  AND i.list_price > 1.2 * (SELECT avg(j.list_price) FROM items j WHERE j.category = i.category)
GROUP BY b_state HAVING count(*) >= 1
--> state = b_state
--> cnt =
--> rows = buyer_id:F, s_buyer:F, s_date:F, date_id:F, s_item:F, item_id:F, month:F, year:F, quarter:F, list_price:F, category:F, b_state:G

--: averages of sales by item for a kind of buyer
SELECT item_name, avg(s_quantity) AS q, avg(s_price) AS p, avg(s_profit) FILTER (WHERE b_flag) AS flagged
FROM store_sales JOIN items ON s_item = item_id LEFT JOIN buyers ON s_buyer = buyer_id AND birth_year > 1
GROUP BY item_name
--> item_name = same
--> q = s_quantity:A
--> p = s_price:A
--> flagged = s_profit:A, b_flag:C
--> rows = s_item:J, item_id:J, s_buyer:J, buyer_id:J, birth_year:J, item_name:G

--: one of two values by how many sales there are
SELECT CASE WHEN (SELECT count(*) FROM store_sales WHERE s_quantity BETWEEN 1 AND 2) > 3
            THEN (SELECT avg(s_price) FROM store_sales WHERE s_quantity BETWEEN 1 AND 2)
            ELSE (SELECT avg(s_profit) FROM store_sales WHERE s_quantity BETWEEN 1 AND 2) END AS bucket
FROM stores WHERE store_id = 1
--> bucket = s_quantity:CF, s_price:A, s_profit:A
--> rows = store_id:F

--: buyers by demography who bought in store and on the web
SELECT b_state, count(*) AS cnt
FROM buyers c
WHERE EXISTS (SELECT * FROM store_sales, dates WHERE c.buyer_id = s_buyer AND s_date = date_id AND year = 1)
  AND (EXISTS (SELECT * FROM web_sales, dates WHERE c.buyer_id = w_buyer AND w_date = date_id AND year = 1)
       OR EXISTS (SELECT 1 FROM store_returns WHERE r_buyer = c.buyer_id))
GROUP BY b_state
--> b_state = same
--> cnt =
--> rows = buyer_id:F, s_buyer:F, s_date:F, date_id:F, year:F, w_buyer:F, w_date:F, r_buyer:F, b_state:G

--: an item's share of its class's revenue
SELECT item_name, category, class, sum(w_price) AS revenue,
       sum(w_price) * 100 / sum(sum(w_price)) OVER (PARTITION BY class) AS ratio
FROM web_sales, items, dates
WHERE w_item = item_id AND category IN ('a', 'b') AND w_date = date_id
GROUP BY item_name, category, class
--> item_name, category, class = same
--> revenue = w_price:A
--> ratio = w_price:A, class:W
--> rows = w_item:F, item_id:F, category:FG, w_date:F, date_id:F, item_name:G, class:G

--: items sold in both channels
WITH cross_items AS (
  SELECT item_id AS id FROM items,
    (SELECT brand_id AS b, class AS c FROM store_sales JOIN items ON s_item = item_id
     INTERSECT
     SELECT brand_id, class FROM web_sales JOIN items ON w_item = item_id) common
  WHERE brand_id = b AND class = c
)
SELECT s_item, sum(s_price) AS sales FROM store_sales WHERE s_item IN (SELECT id FROM cross_items) GROUP BY s_item
--> s_item = same
--> sales = s_price:A
--> rows = s_item:FG, item_id:F, w_item:F, brand_id:F, class:F

--: tickets with more than one store and no return
SELECT count(DISTINCT s_ticket) AS tickets, sum(s_price) AS price
FROM store_sales s1, dates
WHERE s_date = date_id AND day BETWEEN DATE '2024-01-01' AND DATE '2024-01-04'
  AND EXISTS (SELECT * FROM store_sales s2 WHERE s1.s_ticket = s2.s_ticket AND s1.s_store <> s2.s_store)
  AND NOT EXISTS (SELECT * FROM store_returns WHERE s1.s_ticket = r_ticket)
--> tickets = s_ticket:A!
--> price = s_price:A
--> rows = s_date:F, date_id:F, day:F, s_ticket:F, s_store:F, r_ticket:F

--: quantities sold, returned and sold again, with their spread
SELECT item_name, state, count(s_quantity) AS n, avg(s_quantity) AS mean, stddev_samp(s_quantity) AS dev,
       stddev_samp(s_quantity) / avg(s_quantity) AS cov, avg(w_quantity) AS again
FROM store_sales, store_returns, web_sales, stores, items
WHERE s_item = item_id AND s_store = store_id AND s_buyer = r_buyer AND s_item = r_item AND r_buyer = w_buyer AND r_item = w_item
GROUP BY item_name, state
--> item_name, state = same
--> n = s_quantity:A!
--> mean = s_quantity:A
--> dev = s_quantity:A
--> cov = s_quantity:A
--> again = w_quantity:A
--> rows = s_item:F, item_id:F, s_store:F, store_id:F, s_buyer:F, r_buyer:F, r_item:F, w_buyer:F, w_item:F, item_name:G, state:G

--: inventory before and after a day
SELECT i_warehouse, item_name,
       sum(CASE WHEN day < DATE '2024-01-02' THEN on_hand ELSE 0 END) AS before,
       sum(CASE WHEN day >= DATE '2024-01-02' THEN on_hand ELSE 0 END) AS after
FROM inventory, items, dates
WHERE item_id = i_item AND i_date = date_id
GROUP BY i_warehouse, item_name
HAVING sum(on_hand) > 2
--> i_warehouse, item_name = same
--> before = day:C, on_hand:A
--> after = day:C, on_hand:A
--> rows = item_id:F, i_item:F, i_date:F, date_id:F, i_warehouse:G, item_name:G, on_hand:F

--: inventory by rollup
SELECT item_name, brand, class, category, avg(on_hand) AS qoh
FROM inventory JOIN dates ON i_date = date_id JOIN items ON i_item = item_id
GROUP BY ROLLUP (item_name, brand, class, category)
ORDER BY qoh, item_name LIMIT 5
--> item_name, brand, class, category = same
--> qoh = on_hand:A
--> rows = i_date:J, date_id:J, i_item:J, item_id:J, item_name:GS, brand:G, class:G, category:G, on_hand:S

--: best buyers of frequent items
WITH frequent AS (
  SELECT substring(item_name, 1, 2) AS short_name, item_id AS id, count(*) AS cnt
  FROM store_sales, items WHERE s_item = item_id GROUP BY substring(item_name, 1, 2), item_id HAVING count(*) > 1
),
max_sales AS (
  SELECT max(sales) AS cmax FROM (SELECT s_buyer, sum(s_quantity * s_price) AS sales FROM store_sales GROUP BY s_buyer)
),
best AS (
  SELECT s_buyer AS buyer, sum(s_quantity * s_price) AS sales FROM store_sales GROUP BY s_buyer
  HAVING sum(s_quantity * s_price) > 0.5 * (SELECT cmax FROM max_sales)
)
SELECT sum(w_quantity * w_price) AS sales
FROM web_sales
WHERE w_item IN (SELECT id FROM frequent) AND w_buyer IN (SELECT buyer FROM best)
--> sales = w_quantity:A, w_price:A
--> rows = w_item:F, item_id:F, s_item:F, item_name:F, w_buyer:F, s_buyer:F, s_quantity:F, s_price:F

--: profit of the best and the worst items side by side
SELECT a.rnk, i1.item_name AS best, i2.item_name AS worst
FROM (SELECT s_item AS id, rank() OVER (ORDER BY avg(s_profit)) AS rnk FROM store_sales GROUP BY s_item) a,
     (SELECT s_item AS id, rank() OVER (ORDER BY avg(s_profit) DESC) AS rnk FROM store_sales GROUP BY s_item) d,
     items i1, items i2
WHERE a.rnk = d.rnk AND i1.item_id = a.id AND i2.item_id = d.id
--> rnk = s_profit:W
--> best = item_name
--> worst = item_name
--> rows = s_item:GF, s_profit:F, item_id:F

--: monthly sales against the year's average and the months beside
WITH v1 AS (
  SELECT category, brand, year, month, sum(s_price) AS sum_sales,
         avg(sum(s_price)) OVER (PARTITION BY category, brand, year) AS avg_monthly,
         rank() OVER (PARTITION BY category, brand ORDER BY year, month) AS rn
  FROM items, store_sales, dates
  WHERE s_item = item_id AND s_date = date_id
  GROUP BY category, brand, year, month
)
SELECT v1.category, v1.year, v1.month, v1.avg_monthly, v1.sum_sales, v1_lag.sum_sales AS psum, v1_lead.sum_sales AS nsum
FROM v1, v1 v1_lag, v1 v1_lead
WHERE v1.category = v1_lag.category AND v1.category = v1_lead.category AND v1.brand = v1_lag.brand AND v1.brand = v1_lead.brand
  AND v1.rn = v1_lag.rn + 1 AND v1.rn = v1_lead.rn - 1
--> category, year, month = same
--> avg_monthly = s_price:A, category:W, brand:W, year:W
--> sum_sales = s_price:A
--> psum = s_price:A
--> nsum = s_price:A
--> rows = s_item:F, item_id:F, s_date:F, date_id:F, category:GF, brand:GF, year:GF, month:GF

--: worst return ratios by two ranks
SELECT item, return_ratio, return_rank, currency_rank
FROM (
  SELECT item, return_ratio, rank() OVER (ORDER BY return_ratio) AS return_rank, rank() OVER (ORDER BY currency_ratio) AS currency_rank
  FROM (
    SELECT s_item AS item, sum(coalesce(r_quantity, 0)) / sum(coalesce(s_quantity, 1)) AS return_ratio,
           sum(coalesce(r_amount, 0)) / sum(coalesce(s_price, 1)) AS currency_ratio
    FROM store_sales LEFT OUTER JOIN store_returns ON s_ticket = r_ticket AND s_item = r_item
    WHERE s_profit > 0 GROUP BY s_item
  ) a
) b
WHERE return_rank <= 2 OR currency_rank <= 2
--> item = s_item
--> return_ratio = r_quantity:AC, s_quantity:AC
--> return_rank = r_quantity:W, s_quantity:W
--> currency_rank = r_amount:W, s_price:W
--> rows = s_ticket:J, r_ticket:J, s_item:JG, r_item:J, s_profit:F, r_quantity:F, s_quantity:F, r_amount:F, s_price:F

--: running totals of two channels, greatest so far
WITH web AS (
  SELECT w_item AS item, w_date AS d, sum(sum(w_price)) OVER (PARTITION BY w_item ORDER BY w_date) AS total
  FROM web_sales GROUP BY w_item, w_date
),
store AS (
  SELECT s_item AS item, s_date AS d, sum(sum(s_price)) OVER (PARTITION BY s_item ORDER BY s_date) AS total
  FROM store_sales GROUP BY s_item, s_date
)
SELECT item, d, web_total, store_total, max(web_total) OVER (PARTITION BY item ORDER BY d) AS web_so_far
FROM (
  SELECT CASE WHEN web.item IS NOT NULL THEN web.item ELSE store.item END AS item,
         CASE WHEN web.d IS NOT NULL THEN web.d ELSE store.d END AS d, web.total AS web_total, store.total AS store_total
  FROM web FULL OUTER JOIN store ON web.item = store.item AND web.d = store.d
) x
--> item = w_item:IC, s_item
--> d = w_date:IC, s_date
--> web_total = w_price:A, w_item:W, w_date:W
--> store_total = s_price:A, s_item:W, s_date:W
--> web_so_far = w_price:A, w_item:W, w_date:W, s_item:W, s_date:W
--> rows = w_item:GJ, w_date:GJ, s_item:GJ, s_date:GJ

--: web shoppers who never came to the store
SELECT b_name, sum(w_price) AS spent
FROM web_sales JOIN buyers ON w_buyer = buyer_id
WHERE w_buyer IN (SELECT w_buyer FROM web_sales EXCEPT SELECT s_buyer FROM store_sales)
GROUP BY b_name
--> b_name = same
--> spent = w_price:A
--> rows = w_buyer:JF, buyer_id:J, s_buyer:F, b_name:G

--: cubes of sales with the level in a rank
SELECT category, class, sum(s_profit) / sum(s_price) AS margin, grouping(category) + grouping(class) AS lochierarchy,
       rank() OVER (PARTITION BY grouping(category) + grouping(class) ORDER BY sum(s_profit) / sum(s_price)) AS rank_within
FROM store_sales JOIN items ON s_item = item_id
GROUP BY CUBE (category, class)
--> category, class = same
--> margin = s_profit:A, s_price:A
--> lochierarchy =
--> rank_within = s_profit:W, s_price:W
--> rows = s_item:J, item_id:J, category:G, class:G

--: counts in three time bands as one row
SELECT *
FROM (SELECT count(*) AS h1 FROM store_sales JOIN dates ON s_date = date_id WHERE dow = 0) a,
     (SELECT count(*) AS h2 FROM store_sales JOIN dates ON s_date = date_id WHERE dow = 1) b,
     (SELECT count(DISTINCT s_buyer) AS h3 FROM store_sales) c
--> h1 =
--> h2 =
--> h3 = s_buyer:A!
--> rows = s_date:J, date_id:J, dow:F

--: buyers by number of items in a ticket
SELECT b_name, s_ticket, cnt
FROM (SELECT s_ticket, s_buyer, count(*) AS cnt FROM store_sales, dates WHERE s_date = date_id AND dow IN (1, 2) GROUP BY s_ticket, s_buyer) dn
JOIN buyers ON s_buyer = buyer_id
WHERE cnt BETWEEN 1 AND 5
ORDER BY cnt DESC, b_name
--> b_name, s_ticket = same
--> cnt =
--> rows = s_date:F, date_id:F, dow:F, s_ticket:G, s_buyer:GJ, buyer_id:J

--: hours of the top brands, nulls told as such
SELECT coalesce(brand, 'none') AS brand, nullif(class, 'a') AS class, sum(w_price) AS price
FROM web_sales LEFT JOIN items ON w_item = item_id
GROUP BY 1, 2
--> brand = brand:IC
--> class = class:IC
--> price = w_price:A
--> rows = w_item:J, item_id:J, brand:G, class:G

--: returns by reason of the quantity kept
SELECT s_buyer, sum(act_sales) AS sumsales
FROM (
  SELECT s_item, s_ticket, s_buyer,
         CASE WHEN r_quantity IS NOT NULL THEN (s_quantity - r_quantity) * s_price ELSE s_quantity * s_price END AS act_sales
  FROM store_sales LEFT JOIN store_returns ON r_item = s_item AND r_ticket = s_ticket
) t
GROUP BY s_buyer
ORDER BY sumsales, s_buyer LIMIT 100
--> s_buyer = same
--> sumsales = r_quantity:CA, s_quantity:A, s_price:A
--> rows = r_item:J, s_item:J, r_ticket:J, s_ticket:J, s_buyer:GS, r_quantity:S, s_quantity:S, s_price:S

--: weekly sales against those of the same week a year before
WITH wss AS (
  SELECT year, s_store AS store,
         sum(s_price) FILTER (WHERE dow = 0) AS sun, sum(s_price) FILTER (WHERE dow = 1) AS mon
  FROM store_sales, dates WHERE date_id = s_date GROUP BY year, s_store
)
SELECT store_name, y.year, y.sun / x.sun AS sun, y.mon / x.mon AS mon
FROM (SELECT store_name, store_id, wss.* FROM wss, stores WHERE store = store_id AND year = 1) y
JOIN (SELECT store_id, wss.* FROM wss, stores WHERE store = store_id AND year = 2) x USING (store_id)
--> store_name, year = same
--> sun = s_price:A, dow:C
--> mon = s_price:A, dow:C
--> rows = date_id:F, s_date:F, year:GF, s_store:GF, store_id:FJ

--: unsold stock, by except
SELECT i_item FROM inventory WHERE on_hand > 0
EXCEPT
SELECT s_item FROM store_sales
EXCEPT
SELECT w_item FROM web_sales
--> i_item = same
--> rows = on_hand:F, i_item:F, s_item:F, w_item:F

--: percentiles of prices
SELECT category, median(list_price) AS med, quantile_cont(list_price, 0.9) AS p90,
       percentile_disc(0.25) WITHIN GROUP (ORDER BY list_price) AS p25, mode(brand) AS usual,
       approx_count_distinct(brand) AS brands
FROM items GROUP BY category
--> category = same
--> med = list_price:A
--> p90 = list_price:A
--> p25 = list_price:A
--> usual = brand:A
--> brands = brand:A!
--> rows = category:G

--: top sellers of each class by a correlated count
SELECT class, item_name, list_price
FROM items i
WHERE (SELECT count(*) FROM items j WHERE j.class = i.class AND j.list_price > i.list_price) < 2
--> class, item_name, list_price = same
--> rows = class:F, list_price:F

--: the manager whose items sold at a loss
SELECT DISTINCT manager FROM items WHERE item_id = ANY (SELECT s_item FROM store_sales WHERE s_profit < s_cost)
--> manager = same
--> rows = manager:G, item_id:F, s_item:F, s_profit:F, s_cost:F

--: moving averages by rows and by range #ties
SELECT s_item, s_date,
       avg(s_price) OVER (PARTITION BY s_item ORDER BY s_date ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS by_rows,
       sum(s_quantity) OVER (ORDER BY s_date RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS by_range,
       count(*) OVER (PARTITION BY s_store) AS in_store,
       s_price - lag(s_price) OVER (PARTITION BY s_item ORDER BY s_date) AS change
FROM store_sales
--> s_item, s_date = same
--> by_rows = s_price:A, s_item:W, s_date:W
--> by_range = s_quantity:A, s_date:W
--> in_store = s_store:W
--> change = s_price:T, s_item:W, s_date:W

--: households by dependants, with everything grouped
SELECT b_state, birth_year, b_flag, count(*) AS cnt1, avg(birth_year) AS avg1, max(buyer_id) AS max1
FROM buyers
GROUP BY GROUPING SETS ((b_state, birth_year), (b_flag), ())
--> b_state, birth_year, b_flag = same
--> cnt1 =
--> avg1 = birth_year:A
--> max1 = buyer_id:A
--> rows = b_state:G, birth_year:G, b_flag:G
