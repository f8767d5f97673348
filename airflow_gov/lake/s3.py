"""A boto3 client with the credentials that PyIceberg's properties hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def s3_client(properties: Mapping[str, str]) -> Any:
    """A boto3 S3 client for the lake's storage.

    :param properties: the catalogue's: ``s3.endpoint``, ``s3.access-key-id``, ``s3.secret-access-key``,
        ``s3.session-token``, ``s3.region``. Without keys boto3's own chain finds the credentials.
    """
    # Loading it takes a while, and a lake in a folder never needs it.
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=properties.get("s3.endpoint"),
        aws_access_key_id=properties.get("s3.access-key-id"),
        aws_secret_access_key=properties.get("s3.secret-access-key"),
        aws_session_token=properties.get("s3.session-token"),
        region_name=properties.get("s3.region"),
        config=Config(
            connect_timeout=_seconds(properties, "s3.connect-timeout", 10),
            read_timeout=_seconds(properties, "s3.request-timeout", 60),
            retries={"mode": "standard", "max_attempts": 4},
        ),
    )


def _seconds(properties: Mapping[str, str], name: str, default: float) -> float:
    return float(properties.get(name, default))
