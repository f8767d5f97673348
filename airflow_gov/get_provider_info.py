"""What Airflow learns about this package without importing the rest of it.

The ``config`` section is the single declaration of this package's options: Airflow documents them
from here and :mod:`airflow_gov.settings` takes their defaults from here. The dict is literal, as
``airflow/provider_info.schema.json`` (Airflow 3.3) wants it; the form fields of the connection follow
``conn-fields`` and ``ui-field-behaviour`` of ``airflow/provider.yaml.schema.json``.
"""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Describe the provider: its modules, its connection type, its decorator, its options."""
    return {
        "package-name": "airflow-gov",
        "name": "Airflow Governance",
        "description": (
            "Governed data-lake zones: operators that record what they do, "
            "gates that decide what is published."
        ),
        "integrations": [
            {
                "integration-name": "Airflow Governance",
                "external-doc-url": "https://pypi.org/project/airflow-gov/",
                "tags": ["service"],
            },
        ],
        "operators": [
            {
                "integration-name": "Airflow Governance",
                "python-modules": ["airflow_gov.operators"],
            },
        ],
        "sensors": [
            {
                "integration-name": "Airflow Governance",
                "python-modules": ["airflow_gov.sensors"],
            },
        ],
        "hooks": [
            {
                "integration-name": "Airflow Governance",
                "python-modules": ["airflow_gov.hooks.governance"],
            },
        ],
        "triggers": [
            {
                "integration-name": "Airflow Governance",
                "python-modules": ["airflow_gov.triggers"],
            },
        ],
        "task-decorators": [
            {
                "name": "zone",
                # Airflow reads `class-name`; its schema asks for `path`.
                "class-name": "airflow_gov.decorators.zone.zone_task",
                "path": "airflow_gov.decorators.zone.zone_task",
            },
        ],
        "extra-links": ["airflow_gov.links.quality.QualityReportLink"],
        "asset-uris": [
            {
                "schemes": ["airflow-gov"],
                "handler": "airflow_gov.assets.sanitize_uri",
                "to_openlineage_converter": "airflow_gov.hooks.asset_uris.to_openlineage",
            },
        ],
        "connection-types": [
            {
                "connection-type": "airflow_gov",
                "hook-class-name": "airflow_gov.hooks.governance.GovernanceHook",
                "hook-name": "Airflow Governance store",
                "ui-field-behaviour": {
                    "hidden-fields": [],
                    "relabeling": {
                        "schema": "Database (or file path, for SQLite)",
                        "login": "User",
                        "extra": "Further parameters of the database URL",
                    },
                    "placeholders": {
                        "host": "governance-db.example.com",
                        "port": "5432",
                        "schema": "governance",
                        "login": "airflow_gov",
                    },
                },
                "conn-fields": {
                    "drivername": {
                        "label": "Database system",
                        "description": "PostgreSQL for production, SQLite for one machine.",
                        "schema": {
                            "type": "string",
                            "enum": ["postgresql+psycopg2", "sqlite"],
                            "default": "postgresql+psycopg2",
                        },
                    },
                    "sslmode": {
                        "label": "TLS (PostgreSQL sslmode)",
                        "description": "How strictly the connection is encrypted and the server checked.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": ["disable", "prefer", "require", "verify-ca", "verify-full"],
                        },
                    },
                },
            },
        ],
        "config": {
            "airflow_gov": {
                "description": "Where governance keeps its records, where the lake is, and how work is done.",
                "options": {
                    "sql_alchemy_conn": {
                        "description": (
                            "SQLAlchemy URL of the governance store: PostgreSQL, or SQLite for one machine.\n"
                            "The connection `airflow_gov_default` wins over it.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": True,
                        "example": "postgresql+psycopg2://user:password@host:5432/governance",
                        "default": "sqlite:///{AIRFLOW_HOME}/airflow_gov/governance.db",
                    },
                    "catalog_name": {
                        "description": "Name of the Iceberg catalogue.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "lake",
                        "default": "airflow_gov",
                    },
                    "catalog_properties": {
                        "description": (
                            "Properties of the Iceberg catalogue as PyIceberg takes them, a JSON object\n"
                            "(`type` sql, rest, glue or hive, `uri`, `s3.*`, …). Empty: SQLite in\n"
                            "`<AIRFLOW_HOME>/airflow_gov/catalog.db`.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": True,
                        "example": '{"type": "rest", "uri": "https://catalog.example.com"}',
                        "default": "",
                    },
                    "warehouse": {
                        "description": "Where the lake's files lie: a local folder or `s3://bucket/prefix`.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://company-lake/governed",
                        "default": "{AIRFLOW_HOME}/airflow_gov/lake",
                    },
                    "aws_conn_id": {
                        "description": (
                            "Airflow AWS connection whose credentials, region and endpoint reach S3 (needs\n"
                            "the extra `amazon`). Empty: boto3's own chain (environment, profile, role).\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "aws_default",
                        "default": "",
                    },
                    "contracts_folder": {
                        "description": (
                            "Where the data contracts (ODCS files) lie: relative to the Dag's bundle, or an\n"
                            "absolute path.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "governance/contracts",
                        "default": "contracts",
                    },
                    "zone_aliases": {
                        "description": (
                            "Other words for the zones raw, preprocessed, clean, gold, sensitive and work,\n"
                            "a JSON object from word to zone.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": '{"landing": "raw", "production": "gold", "dev": "work"}',
                        "default": "",
                    },
                    "memory_limit": {
                        "description": "Memory a task's SQL engine may use before it spills to disk.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "4GB",
                        "default": "640MB",
                    },
                    "threads": {
                        "description": "Threads a task's SQL engine may use. 0: one per processor.\n",
                        "version_added": "0.1.0",
                        "type": "integer",
                        "example": "4",
                        "default": "0",
                    },
                    "temp_folder": {
                        "description": (
                            "Local folder for what does not fit into memory and for files on their way to\n"
                            "S3. Empty: the operating system's.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "/mnt/scratch",
                        "default": "",
                    },
                    "spool_folder": {
                        "description": (
                            "Local folder where records wait that the store could not take, until it can.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "/var/spool/airflow_gov",
                        "default": "{AIRFLOW_HOME}/airflow_gov/spool",
                    },
                    "load_lease_seconds": {
                        "description": (
                            "Seconds for which a running load holds its place without a sign of life; after\n"
                            "that another try may take it over.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "integer",
                        "example": "300",
                        "default": "120",
                    },
                    "target_file_size": {
                        "description": "Size of data file to aim for when writing.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "256MB",
                        "default": "128MB",
                    },
                    "audit_retention_days": {
                        "description": (
                            "Days for which audits and their reports are kept, and findings after they were\n"
                            "fixed. The newest audit of each kind and what is not fixed stay.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "integer",
                        "example": "800",
                        "default": "400",
                    },
                    "openlineage_include_sql": {
                        "description": (
                            "Whether OpenLineage is told the texts of queries. Their literals may be\n"
                            "personal values.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": "True",
                        "default": "False",
                    },
                    "lineage_spool_size": {
                        "description": (
                            "What lineage events may take on disk (in `spool_folder`) while the store is\n"
                            "down. Beyond it new events are refused, logged and counted.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "1GB",
                        "default": "256MB",
                    },
                },
            },
        },
    }
