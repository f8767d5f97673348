SELECT DISTINCT
  make_date(year, month, day) AS flight_date,
  carrier,
  flight,
  origin,
  dest AS destination,
  time_hour AS scheduled_hour,
  tailnum,
  dep_time IS NULL AS cancelled,
  dep_delay AS departure_delay_min,
  arr_delay AS arrival_delay_min,
  air_time AS air_time_min,
  distance * 1.609344 AS distance_km
FROM preprocessed.flights
