"""What a governed task does, without Airflow: resolve sources, load, check, publish, record.

The operators translate Airflow's context into these calls and back; the CLI calls some of them too.
"""
