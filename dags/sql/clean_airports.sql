SELECT DISTINCT
  faa,
  name,
  lat AS latitude,
  lon AS longitude,
  alt * 0.3048 AS altitude_m,
  tzone AS time_zone
FROM preprocessed.airports
