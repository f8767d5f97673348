SELECT
  f.carrier,
  date_trunc('month', f.flight_date) AS month,
  a.name AS airline,
  count(*) AS flights,
  count(*) FILTER (WHERE f.cancelled) AS cancelled,
  avg((f.arrival_delay_min <= 15)::INTEGER) AS on_time_share,
  avg(f.arrival_delay_min) AS mean_arrival_delay_min
FROM clean.flights AS f
JOIN clean.airlines AS a USING (carrier)
GROUP BY ALL
