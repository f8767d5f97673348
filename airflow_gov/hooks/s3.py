"""S3 access for the lake, from an Airflow AWS connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook


def s3_properties(aws_conn_id: str) -> dict[str, str]:
    """PyIceberg's ``s3.*`` properties for an AWS connection, roles assumed and profiles read.

    Keys of an assumed role are those of this moment: they hold for as long as the role's session.

    :param aws_conn_id: an Airflow connection of type ``aws``.
    :raises GovernanceError: ``DEPENDENCY_MISSING`` without the Amazon provider,
        ``CONFIGURATION_INVALID`` when the connection yields no credentials.
    """
    hook = _aws_hook(aws_conn_id)
    session = hook.get_session()
    if session.get_credentials() is None:
        raise GovernanceError(
            Reason.CONFIGURATION_INVALID,
            f"The AWS connection {aws_conn_id!r} yields no credentials for S3: fill in its keys, role or "
            "profile, or leave [airflow_gov] aws_conn_id empty for boto3's own chain.",
            connection=aws_conn_id,
        )
    credentials = hook.get_credentials()
    properties = {
        "s3.access-key-id": credentials.access_key,
        "s3.secret-access-key": credentials.secret_key,
        "s3.session-token": credentials.token,
        "s3.region": session.region_name,
        "s3.endpoint": hook.conn_config.get_service_endpoint_url("s3"),
    }
    return {key: value for key, value in properties.items() if value}


def _aws_hook(aws_conn_id: str) -> AwsGenericHook[Any]:
    try:
        from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
    except ImportError as error:
        raise GovernanceError(
            Reason.DEPENDENCY_MISSING,
            f"[airflow_gov] aws_conn_id is {aws_conn_id!r}, which needs the Amazon provider: "
            "pip install 'airflow-gov[amazon]'. Without it, leave aws_conn_id empty for boto3's own chain.",
            extra="amazon",
        ) from error
    return AwsGenericHook(aws_conn_id=aws_conn_id, client_type="s3")
