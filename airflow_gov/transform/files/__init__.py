"""Files to typed tables: each format says how DuckDB reads it fast, and how it is read with line numbers."""
