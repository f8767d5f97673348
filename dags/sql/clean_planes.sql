SELECT DISTINCT
  tailnum,
  CASE
    WHEN manufacturer LIKE 'AIRBUS%' THEN 'AIRBUS'
    WHEN manufacturer LIKE 'MCDONNELL DOUGLAS%' THEN 'MCDONNELL DOUGLAS'
    WHEN manufacturer LIKE 'CANADAIR%' THEN 'CANADAIR'
    ELSE manufacturer
  END AS manufacturer,
  model,
  year AS built,
  engines,
  seats
FROM preprocessed.planes
