"""What Airflow loads into its processes: pages and listeners."""
