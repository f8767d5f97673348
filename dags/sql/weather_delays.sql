SELECT
  f.origin,
  CASE
    WHEN w.visibility_km < 5 THEN 'low visibility'
    WHEN w.precipitation_mm > 0 THEN 'rain'
    WHEN w.wind_m_s > 10 THEN 'wind'
    ELSE 'fair'
  END AS weather,
  count(*) AS flights,
  avg(f.cancelled::INTEGER) AS cancelled_share,
  avg(f.departure_delay_min) AS mean_departure_delay_min
FROM clean.flights AS f
JOIN clean.weather AS w ON w.origin = f.origin AND w.hour = f.scheduled_hour
GROUP BY ALL
