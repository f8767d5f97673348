SELECT DISTINCT
  origin,
  time_hour AS hour,
  (temp - 32) / 1.8 AS temperature_c,
  humid AS humidity_percent,
  -- Newark once reported 1,048 mph: a broken sensor, not a hurricane.
  CASE WHEN wind_speed < 200 THEN wind_speed * 0.44704 END AS wind_m_s,
  precip * 25.4 AS precipitation_mm,
  visib * 1.609344 AS visibility_km
FROM preprocessed.weather
