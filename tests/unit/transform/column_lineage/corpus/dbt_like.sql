--: table raw.customers (id INTEGER, first_name VARCHAR, last_name VARCHAR, email VARCHAR, created_at DATE, _deleted BOOLEAN)
--: table raw.orders (id INTEGER, user_id INTEGER, order_date DATE, status VARCHAR, amount_cents INTEGER, currency VARCHAR, updated_at DATE)
--: table raw.payments (id INTEGER, order_id INTEGER, payment_method VARCHAR, amount INTEGER, paid_at DATE)
--: table raw.events (event_id INTEGER, user_id INTEGER, event_name VARCHAR, page VARCHAR, happened_at DATE, props INTEGER)
--: table raw.rates (currency VARCHAR, valid_from DATE, rate INTEGER)

--: staging: renamed columns
WITH source AS (SELECT * FROM raw.customers),
renamed AS (
  SELECT id AS customer_id, first_name, last_name, created_at AS signed_up_on FROM source
)
SELECT * FROM renamed
--> customer_id = customers.id
--> first_name, last_name = same
--> signed_up_on = customers.created_at

--: staging: cents to units, status cleaned
SELECT id AS order_id, user_id AS customer_id, order_date, lower(trim(status)) AS status,
       amount_cents / 100 AS amount, upper(currency) AS currency
FROM raw.orders
WHERE status IS NOT NULL
--> order_id = orders.id
--> customer_id = orders.user_id
--> order_date = order_date
--> status = status:T
--> amount = amount_cents:T
--> currency = orders.currency:T
--> rows = status:F

--: staging: the newest row of each key
SELECT * EXCLUDE (rn)
FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY updated_at DESC) AS rn FROM raw.orders)
WHERE rn = 1
--> id = orders.id
--> user_id = orders.user_id
--> order_date, status, amount_cents = same
--> currency = orders.currency
--> updated_at = same
--> rows = orders.id:F, updated_at:F

--: staging: the newest row of each key, by QUALIFY
SELECT id, status, amount_cents FROM raw.orders
QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC) = 1
--> id = orders.id
--> status, amount_cents = same
--> rows = orders.id:F, updated_at:F

--: staging: soft-deleted rows left out, key hashed
SELECT md5(CAST(id AS VARCHAR) || '-' || email) AS customer_key, email, coalesce(_deleted, false) AS is_deleted
FROM raw.customers
WHERE NOT coalesce(_deleted, false)
--> customer_key = customers.id:T!, email:T!
--> email = same
--> is_deleted = _deleted:IC
--> rows = _deleted:F

--: customers: orders and payments of each
WITH customers AS (SELECT id AS customer_id, first_name, last_name FROM raw.customers),
orders AS (SELECT id AS order_id, user_id AS customer_id, order_date, status FROM raw.orders),
payments AS (SELECT id AS payment_id, order_id, amount / 100 AS amount FROM raw.payments),
customer_orders AS (
  SELECT customer_id, min(order_date) AS first_order, max(order_date) AS most_recent_order,
         count(order_id) AS number_of_orders
  FROM orders GROUP BY customer_id
),
customer_payments AS (
  SELECT orders.customer_id, sum(amount) AS total_amount
  FROM payments LEFT JOIN orders ON payments.order_id = orders.order_id
  GROUP BY orders.customer_id
),
final AS (
  SELECT customers.customer_id, customers.first_name, customers.last_name, customer_orders.first_order,
         customer_orders.most_recent_order, customer_orders.number_of_orders,
         customer_payments.total_amount AS customer_lifetime_value
  FROM customers
  LEFT JOIN customer_orders ON customers.customer_id = customer_orders.customer_id
  LEFT JOIN customer_payments ON customers.customer_id = customer_payments.customer_id
)
SELECT * FROM final
--> customer_id = customers.id
--> first_name, last_name = same
--> first_order = order_date:A
--> most_recent_order = order_date:A
--> number_of_orders = orders.id:A!
--> customer_lifetime_value = payments.amount:A
--> rows = customers.id:J, orders.user_id:JG, orders.id:J, payments.order_id:J

--: orders: one column for each payment method
WITH order_payments AS (
  SELECT order_id,
         sum(CASE WHEN payment_method = 'a' THEN amount ELSE 0 END) AS credit_card_amount,
         sum(CASE WHEN payment_method = 'b' THEN amount ELSE 0 END) AS coupon_amount,
         sum(amount) AS total_amount
  FROM raw.payments GROUP BY order_id
)
SELECT orders.id AS order_id, orders.user_id AS customer_id, orders.order_date, orders.status,
       order_payments.credit_card_amount, order_payments.coupon_amount, order_payments.total_amount AS amount
FROM raw.orders AS orders
LEFT JOIN order_payments ON orders.id = order_payments.order_id
--> order_id = orders.id
--> customer_id = orders.user_id
--> order_date, status = same
--> credit_card_amount = payment_method:C, payments.amount:A
--> coupon_amount = payment_method:C, payments.amount:A
--> amount = payments.amount:A
--> rows = payments.order_id:JG, orders.id:J

--: payments pivoted by a PIVOT statement
PIVOT (SELECT order_id, payment_method, amount FROM raw.payments)
ON payment_method IN ('a', 'b', 'c') USING sum(amount) GROUP BY order_id
--> order_id = payments.order_id
--> a = payment_method:C, payments.amount:A
--> b = payment_method:C, payments.amount:A
--> c = payment_method:C, payments.amount:A
--> rows = payments.order_id:G

--: sessions of events, thirty days apart
WITH lagged AS (
  SELECT *, lag(happened_at) OVER (PARTITION BY user_id ORDER BY happened_at) AS previous FROM raw.events
),
marked AS (
  SELECT *, CASE WHEN previous IS NULL OR happened_at - previous > 2 THEN 1 ELSE 0 END AS is_new FROM lagged
)
SELECT event_id, user_id, page,
       sum(is_new) OVER (PARTITION BY user_id ORDER BY happened_at ROWS UNBOUNDED PRECEDING) AS session_number
FROM marked
--> event_id = same
--> user_id = events.user_id
--> page = same
--> session_number = happened_at:CW, events.user_id:CW

--: first and last page of each user
SELECT DISTINCT user_id,
       first_value(page) OVER (PARTITION BY user_id ORDER BY happened_at, event_id) AS landing_page,
       last_value(page) OVER (PARTITION BY user_id ORDER BY happened_at, event_id
                              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS exit_page
FROM raw.events
--> user_id = events.user_id
--> landing_page = page:T, events.user_id:W, happened_at:W, event_id:W
--> exit_page = page:T, events.user_id:W, happened_at:W, event_id:W
--> rows = events.user_id:G, page:G, happened_at:G, event_id:G

--: funnel of events, one flag for each step
SELECT user_id,
       max(CASE event_name WHEN 'a' THEN 1 ELSE 0 END) AS viewed,
       max(CASE event_name WHEN 'b' THEN 1 ELSE 0 END) AS added,
       count(*) FILTER (WHERE event_name = 'c') AS bought,
       min(happened_at) FILTER (event_name = 'c') AS bought_at
FROM raw.events GROUP BY 1
--> user_id = events.user_id
--> viewed = event_name:C
--> added = event_name:C
--> bought = event_name:C
--> bought_at = happened_at:A, event_name:C
--> rows = events.user_id:G

--: amounts in another currency at the day's rate #ties
SELECT o.id, o.amount_cents * r.rate AS amount_usd, r.valid_from
FROM raw.orders o ASOF JOIN raw.rates r ON o.currency = r.currency AND o.order_date >= r.valid_from
--> id = orders.id
--> amount_usd = amount_cents:T, rate:T
--> valid_from = same
--> rows = orders.currency:J, rates.currency:J, order_date:J, valid_from:J

--: incremental: only what is newer than what is there
SELECT id, user_id, updated_at FROM raw.orders
WHERE updated_at > (SELECT coalesce(max(paid_at), DATE '2000-01-01') FROM raw.payments)
--> id = orders.id
--> user_id = orders.user_id
--> updated_at = same
--> rows = updated_at:F, paid_at:F

--: snapshot: each version of a row with its end
SELECT id, status, updated_at AS valid_from,
       lead(updated_at, 1, DATE '9999-12-31') OVER (PARTITION BY id ORDER BY updated_at) AS valid_to,
       lead(updated_at) OVER (PARTITION BY id ORDER BY updated_at) IS NULL AS is_current
FROM raw.orders
--> id = orders.id
--> status = same
--> valid_from = updated_at
--> valid_to = updated_at:TW, orders.id:W
--> is_current = updated_at:C, orders.id:C

--: union of two feeds with the feed's name
SELECT 'orders' AS feed, id AS key, order_date AS happened_on FROM raw.orders
UNION ALL
SELECT 'payments', id, paid_at FROM raw.payments
--> feed =
--> key = orders.id, payments.id
--> happened_on = order_date, paid_at

--: union by name, columns that only one side has
SELECT id, order_date, status FROM raw.orders
UNION ALL BY NAME
SELECT amount, id FROM raw.payments
--> id = orders.id, payments.id
--> order_date, status = same
--> amount = payments.amount

--: date spine with orders counted
WITH days AS (
  SELECT CAST(unnest(generate_series(DATE '2024-01-01', DATE '2024-01-06', INTERVAL 1 DAY)) AS DATE) AS day
)
SELECT day, count(o.id) AS orders, coalesce(sum(o.amount_cents), 0) AS amount
FROM days LEFT JOIN raw.orders o ON o.order_date = day
GROUP BY day
--> day =
--> orders = orders.id:A!
--> amount = amount_cents:AC
--> rows = order_date:J

--: cohort of first orders
WITH firsts AS (SELECT user_id, min(order_date) AS cohort FROM raw.orders GROUP BY user_id)
SELECT f.cohort, date_diff('day', f.cohort, o.order_date) AS days_since, count(DISTINCT o.user_id) AS users
FROM raw.orders o JOIN firsts f USING (user_id)
GROUP BY ALL
--> cohort = order_date:A
--> days_since = order_date:AT
--> users = orders.user_id:A!
--> rows = orders.user_id:GJ, order_date:G

--: retention by self join
SELECT a.happened_at AS day, count(DISTINCT a.user_id) AS users, count(DISTINCT b.user_id) AS returned
FROM raw.events a LEFT JOIN raw.events b ON a.user_id = b.user_id AND b.happened_at = a.happened_at + 1
GROUP BY a.happened_at
--> day = happened_at
--> users = events.user_id:A!
--> returned = events.user_id:A!
--> rows = events.user_id:J, happened_at:JG

--: running total and share of each customer
SELECT id, user_id, amount_cents,
       sum(amount_cents) OVER w AS running,
       amount_cents / sum(amount_cents) OVER (PARTITION BY user_id) AS share
FROM raw.orders
WINDOW w AS (PARTITION BY user_id ORDER BY order_date, id)
--> id = orders.id
--> user_id = orders.user_id
--> amount_cents = same
--> running = amount_cents:A, orders.user_id:W, order_date:W, orders.id:W
--> share = amount_cents:TA, orders.user_id:W

--: emails masked and names joined
SELECT id, first_name || ' ' || last_name AS full_name, split_part(email, '@', 2) AS domain,
       sha256(lower(email)) AS email_hash, left(email, 1) || '***' AS masked_by_hand
FROM raw.customers
--> id = customers.id
--> full_name = first_name:T, last_name:T
--> domain = email:T
--> email_hash = email:T!
--> masked_by_hand = email:T

--: customers without orders, by an anti join
SELECT c.id, c.email FROM raw.customers c ANTI JOIN raw.orders o ON c.id = o.user_id
--> id = customers.id
--> email = same
--> rows = customers.id:J, orders.user_id:J

--: customers with orders, by a semi join
SELECT * EXCLUDE (_deleted, created_at) FROM raw.customers c SEMI JOIN raw.orders o ON o.user_id = c.id AND o.amount_cents > 2
--> id = customers.id
--> first_name, last_name, email = same
--> rows = customers.id:J, orders.user_id:J, amount_cents:J

--: customers without orders, by an outer join
SELECT c.id FROM raw.customers c LEFT JOIN raw.orders o ON o.user_id = c.id WHERE o.id IS NULL
--> id = customers.id
--> rows = orders.user_id:J, customers.id:J, orders.id:F

--: surrogate keys of everything
SELECT md5(concat_ws('|', id, user_id, order_date)) AS sk, * EXCLUDE (updated_at, currency) FROM raw.orders
--> sk = orders.id:T!, orders.user_id:T!, order_date:T!
--> id = orders.id
--> user_id = orders.user_id
--> order_date, status, amount_cents = same

--: metrics: ratio of two aggregates over two models
WITH o AS (SELECT order_date AS day, count(*) AS orders, sum(amount_cents) AS revenue FROM raw.orders GROUP BY 1),
     e AS (SELECT happened_at AS day, count(DISTINCT user_id) AS visitors FROM raw.events GROUP BY 1)
SELECT coalesce(o.day, e.day) AS day, o.revenue / nullif(o.orders, 0) AS average_value, o.orders / e.visitors AS conversion
FROM o FULL OUTER JOIN e ON o.day = e.day
--> day = order_date:IC, happened_at
--> average_value = amount_cents:A
--> conversion = events.user_id:A!
--> rows = order_date:GJ, happened_at:GJ

--: test for what is there twice
SELECT id, count(*) AS n FROM raw.orders GROUP BY id HAVING count(*) > 1
--> id = orders.id
--> n =
--> rows = orders.id:G

--: test for orphans
SELECT order_id FROM raw.payments WHERE order_id NOT IN (SELECT id FROM raw.orders WHERE id IS NOT NULL)
--> order_id = payments.order_id
--> rows = payments.order_id:F, orders.id:F

--: buckets of customers
WITH spent AS (SELECT user_id, sum(amount_cents) AS spent FROM raw.orders GROUP BY user_id),
     ranked AS (SELECT user_id, spent, ntile(4) OVER (ORDER BY spent) AS quartile FROM spent)
SELECT user_id, CASE WHEN quartile = 4 THEN 'top' WHEN spent > 3 THEN 'middle' ELSE 'low' END AS tier FROM ranked
--> user_id = orders.user_id
--> tier = amount_cents:C
--> rows = orders.user_id:G

--: medallion: the model that reads a model that reads a model
WITH bronze AS (FROM raw.orders),
     silver AS (FROM bronze SELECT id, user_id, try_cast(amount_cents AS DOUBLE) AS amount WHERE status <> 'c'),
     gold AS (FROM silver SELECT user_id, sum(amount) AS amount, max(id) AS last_id GROUP BY user_id)
FROM gold SELECT user_id, round(amount) AS rounded, last_id WHERE amount > 0
--> user_id = orders.user_id
--> rounded = amount_cents:A
--> last_id = orders.id:A
--> rows = status:F, orders.user_id:G, amount_cents:F

--: jinja-like columns of a loop
SELECT user_id,
       sum(CASE WHEN status = 'a' THEN amount_cents END) AS a_amount,
       sum(CASE WHEN status = 'b' THEN amount_cents END) AS b_amount,
       sum(CASE WHEN status = 'c' THEN amount_cents END) AS c_amount,
       count(CASE WHEN status = 'a' THEN 1 END) AS a_count
FROM raw.orders GROUP BY user_id
--> user_id = orders.user_id
--> a_amount = status:C, amount_cents:A
--> b_amount = status:C, amount_cents:A
--> c_amount = status:C, amount_cents:A
--> a_count = status:C!
--> rows = orders.user_id:G

--: fan-out repaired by aggregating before joining
SELECT o.id, o.amount_cents, p.paid, o.amount_cents - coalesce(p.paid, 0) AS open_amount, p.n
FROM raw.orders o
LEFT JOIN (SELECT order_id, sum(amount) AS paid, count(*) AS n FROM raw.payments GROUP BY order_id) p ON p.order_id = o.id
WHERE o.amount_cents > coalesce(p.paid, 0)
--> id = orders.id
--> amount_cents = same
--> paid = payments.amount:A
--> open_amount = amount_cents:T, payments.amount:AC
--> n =
--> rows = payments.order_id:GJ, orders.id:J, amount_cents:F, payments.amount:F

--: the latest payment of each order by a lateral join
SELECT o.id, last_payment.amount, last_payment.paid_at
FROM raw.orders o
LEFT JOIN LATERAL (
  SELECT amount, paid_at FROM raw.payments p WHERE p.order_id = o.id ORDER BY paid_at DESC LIMIT 1
) last_payment ON true
--> id = orders.id
--> amount = payments.amount
--> paid_at = same
--> rows = payments.order_id:F, orders.id:F, paid_at:S

--: the value at the latest date
SELECT user_id, arg_max(status, updated_at) AS last_status, max_by(amount_cents, updated_at) AS last_amount
FROM raw.orders GROUP BY user_id
--> user_id = orders.user_id
--> last_status = status:A, updated_at:S
--> last_amount = amount_cents:A, updated_at:S
--> rows = orders.user_id:G

--: list of what was bought, in order
SELECT user_id, string_agg(status, ',' ORDER BY order_date, id) AS statuses, list(id ORDER BY id) AS ids,
       list(DISTINCT status) AS kinds
FROM raw.orders GROUP BY user_id
--> user_id = orders.user_id
--> statuses = status:A, order_date:S, orders.id:S
--> ids = orders.id:AS
--> kinds = status:A
--> rows = orders.user_id:G

--: everything of a table but renamed and replaced
SELECT * REPLACE (lower(email) AS email, first_name AS last_name) RENAME (id AS customer_id) FROM raw.customers
--> customer_id = customers.id
--> first_name = same
--> last_name = first_name
--> email = email:T
--> created_at, _deleted = same

--: rollup with the level named
SELECT coalesce(status, 'all') AS status, CASE WHEN grouping(currency) = 1 THEN 'all' ELSE currency END AS currency,
       sum(amount_cents) AS amount
FROM raw.orders GROUP BY ROLLUP (status, currency)
--> status = status:IC
--> currency = orders.currency
--> amount = amount_cents:A
--> rows = status:G, orders.currency:G

--: audit: row counts of all models
SELECT 'orders' AS model, count(*) AS n, max(updated_at) AS fresh FROM raw.orders
UNION ALL SELECT 'customers', count(*), max(created_at) FROM raw.customers
UNION ALL SELECT 'payments', count(*), max(paid_at) FROM raw.payments
--> model =
--> n =
--> fresh = updated_at:A, created_at:A, paid_at:A

--: slowly: rows that changed since the last version
SELECT n.id, n.status, o.status AS old_status
FROM raw.orders n JOIN raw.orders o ON n.id = o.id AND n.updated_at > o.updated_at
WHERE n.status IS DISTINCT FROM o.status
--> id = orders.id
--> status = status
--> old_status = status
--> rows = orders.id:J, updated_at:J, status:F
