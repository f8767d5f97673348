"""The command `airflow-gov`."""
