SELECT inspection_id, upper(trim(tailnum)) AS tailnum, inspected_on, upper(kind) AS kind, labour_hours, cost_usd
FROM preprocessed.inspections
WHERE labour_hours IS NOT NULL
