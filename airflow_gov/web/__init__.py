"""The pages and their JSON: a FastAPI application whose authentication is injected."""

from __future__ import annotations

from airflow_gov.web.app import create_app

__all__ = ["create_app"]
