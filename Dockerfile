# Airflow with this package, for docker-compose.yaml and as a start for an image of your own.
# Slim: Airflow alone. All else comes in the versions of constraints.txt, which pins this Airflow too.
FROM apache/airflow:slim-3.3.2-python3.11

WORKDIR /opt/airflow/source
COPY --chown=airflow:root pyproject.toml constraints.txt README.md LICENSE ./
COPY --chown=airflow:root airflow_gov ./airflow_gov
COPY --chown=airflow:root dags ./dags
RUN pip install --no-cache-dir --constraint constraints.txt --build-constraint constraints.txt \
        --group image '.[amazon,postgres]' \
    && airflow-gov contracts validate dags/contracts \
    && cp -r dags/. /opt/airflow/dags

WORKDIR /opt/airflow
# Where records wait while the store is down: a volume put here keeps these permissions.
RUN mkdir -p airflow_gov
USER airflow
