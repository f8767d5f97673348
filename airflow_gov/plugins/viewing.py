"""What a user of Airflow may see of governance, by Airflow's own auth manager."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AssetDetails, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_asset
from airflow.configuration import conf
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from fastapi import Depends


class AirflowViewer:
    """A user, within one request.

    :param user: as the auth manager knows them.
    """

    def __init__(self, user: Any) -> None:
        self._user = user
        self._asked = False
        self._dags: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """Their name in Airflow."""
        return str(self._user.get_name())

    def may_read_dag(self, dag_id: str) -> bool:
        """Whether they may read the Dag."""
        dags = self.readable_dags()
        return dags is None or dag_id in dags

    def may_govern(self) -> bool:
        """Whether they may say what is to be done about datasets.

        A dataset is an Airflow asset, and auth managers know no steward: who may create events of assets
        (``POST``, the right to tell Airflow by hand that a dataset has changed; from the role Op on) may also
        tell the governance what is known of one. Whoever may only look may not.
        """
        return get_auth_manager().is_authorized_asset(method="POST", details=AssetDetails(), user=self._user)

    def readable_dags(self) -> frozenset[str] | None:
        """The Dags they may read.

        None, every one, for those who may read whatever Dag there is and would be, too: they see also what
        Dags did that Airflow does not know any more. Who is limited in any way gets a list.
        """
        if not self._asked:
            dags = frozenset(get_auth_manager().get_authorized_dag_ids(user=self._user))
            self._dags = None if self._reads_every(dags) else dags
            self._asked = True
        return self._dags

    def _reads_every(self, dags: frozenset[str]) -> bool:
        if conf.getboolean("core", "multi_team", fallback=False):
            return False  # the team of a Dag that is gone is not known
        # No Dag is called this: the answer is that for Dags in general.
        any_dag = DagDetails(id=f"airflow-gov-{uuid4()}")
        if not get_auth_manager().is_authorized_dag(method="GET", details=any_dag, user=self._user):
            return False
        with create_session() as session:
            return bool(session.query(DagModel).count() == len(dags))


def viewer(
    user: GetUserDep, _: Annotated[None, Depends(requires_access_asset(method="GET"))]
) -> AirflowViewer:
    """The user of the request. A dataset is an Airflow asset: who may read assets may see the datasets.

    :raises HTTPException: 401 without a valid session or token, 403 for those who may not.
    """
    return AirflowViewer(user)
