SELECT
  carrier,
  origin,
  destination,
  count(*) AS flights,
  any_value(distance_km) AS distance_km,
  avg(arrival_delay_min) AS mean_arrival_delay_min
FROM clean.flights
WHERE carrier = '{{ params.carrier }}'
GROUP BY ALL
