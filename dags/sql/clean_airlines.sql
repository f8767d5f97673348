SELECT carrier, regexp_replace(name, ' (Inc\.|Co\.|Corporation)$', '') AS name
FROM preprocessed.airlines
