"""Takes OpenLineage events over HTTP, from producers that show a token of ours.

The two routes stand beside the guarded ones: they take no cookie and no token of Airflow's, so no browser
can be made to use them. They answer as OpenLineage's HTTP API and its clients have it: 2xx is taken, and
clients try again after 503.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import anyio.to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from airflow_gov.lineage.event_errors import EventError
from airflow_gov.lineage.event_text import MAX_BYTES, parse_batch
from airflow_gov.lineage.ingesting import Intake, Refusal, Taken
from airflow_gov.lineage.tokens import check_token
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.lineage import Origin

if TYPE_CHECKING:
    from airflow_gov.model.tokens import TokenRecord
    from airflow_gov.store import Store

T = TypeVar("T")

#: Requests that are worked on at once, those that may wait for it, and what all may hold in memory, in bytes.
#: Airflow's own routes have threads of their own.
_THREADS, _MOST_WAITING, _MOST_BYTES = 32, 500, 250_000_000
#: Bytes of a body that is read whoever sends it.
_SMALL = 64 * 1024
#: Parts that a gzip body may be put together of.
_MOST_PARTS = 100
#: Seconds after which a client that was turned away may try again.
_RETRY_AFTER = {"Retry-After": "5"}
_UNAUTHENTICATED = {"WWW-Authenticate": "Bearer"}
#: Seconds for which it is known where the store is, and how long a use of a token need not be noted again.
_KNOWN_FOR, _NOTED_FOR = 5.0, timedelta(minutes=1)
_DOWN = (
    Reason.CONFIGURATION_INVALID,
    Reason.DEPENDENCY_MISSING,
    Reason.STORE_SCHEMA,
    Reason.STORE_UNAVAILABLE,
)


def ingestion_routes(
    *, store: Callable[[], Store], clock: Callable[[], datetime], own_namespace: str | None
) -> APIRouter:
    """The routes; to be added before those that catch every path.

    :param store: gives the governance store.
    :param clock: gives the time.
    :param own_namespace: of this Airflow's jobs: nobody else may tell of them.
    """
    router = APIRouter()
    store = _Recent(store)
    intake = Intake(store, own_namespace=own_namespace, clock=clock)
    desk = _Desk(store, intake, clock)

    @router.post("/api/v1/lineage")
    async def take_event(request: Request) -> Response:
        return await desk.serve(request, _take_one)

    @router.post("/api/v1/lineage/batch")
    async def take_batch(request: Request) -> Response:
        return await desk.serve(request, _take_batch)

    return router


class _Recent:
    """Gives the store without asking each time where it is, which may be a question to Airflow's database."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._ask = store
        self._known: tuple[Store, float] | None = None

    def __call__(self) -> Store:
        known = self._known
        if known is None or time.monotonic() > known[1]:
            known = self._known = (self._ask(), time.monotonic() + _KNOWN_FOR)
        return known[0]


class _Desk:
    """Checks who comes, reads what they bring, and has it taken in by threads of its own."""

    def __init__(self, store: Callable[[], Store], intake: Intake, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._intake = intake
        self._clock = clock
        self._limiter = anyio.CapacityLimiter(_THREADS)
        self._bytes = 0
        self._used: dict[str, datetime] = {}

    async def serve(
        self, request: Request, take: Callable[[Intake, TokenRecord, bytes], Response]
    ) -> Response:
        """Answer a request."""
        body: list[bytes] = []
        size = 0
        try:
            token = None if _is_small(request) else await self._work(lambda: self._admitted(request))
            async for chunk in request.stream():
                body.append(chunk)
                size += len(chunk)
                self._bytes += len(chunk)
                self._check_room(size)
            return await self._work(lambda: self._taken(request, token, b"".join(body), take))
        except EventError as error:
            return _refused(error.problem, error.path, 422)
        except GovernanceError as error:
            if error.reason in _DOWN:
                raise HTTPException(503, error.message, _RETRY_AFTER) from error
            raise
        finally:
            self._bytes -= size

    async def _work(self, act: Callable[[], T]) -> T:
        if self._limiter.statistics().tasks_waiting >= _MOST_WAITING:
            raise HTTPException(503, "Too many senders at once: try again.", _RETRY_AFTER)
        return await anyio.to_thread.run_sync(act, limiter=self._limiter)

    def _admitted(self, request: Request) -> TokenRecord:
        """Who comes, with something that can be read."""
        token = self._authenticated(request)
        _is_compressed(request)
        return token

    def _taken(
        self,
        request: Request,
        token: TokenRecord | None,
        body: bytes,
        take: Callable[[Intake, TokenRecord, bytes], Response],
    ) -> Response:
        token = token or self._authenticated(request)
        return take(self._intake, token, _unzipped(body) if _is_compressed(request) else body)

    def _authenticated(self, request: Request) -> TokenRecord:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        now = self._clock()
        token = check_token(self._store(), text.strip(), at=now) if scheme.lower() == "bearer" else None
        if token is None:
            raise HTTPException(
                401,
                "A valid token for lineage is needed (Authorization: Bearer agov_…). Make one: "
                "airflow-gov tokens create",
                _UNAUTHENTICATED,
            )
        self._note_use(token, now)
        return token

    def _note_use(self, token: TokenRecord, now: datetime) -> None:
        noted = self._used.get(token.token_id)
        if noted is None or now - noted >= _NOTED_FOR:
            self._store().tokens.used(token.token_id, now)
            self._used[token.token_id] = now

    def _check_room(self, size: int) -> None:
        if size > MAX_BYTES:
            raise _too_large()
        if self._bytes > _MOST_BYTES:
            raise HTTPException(503, "Too much is sent at once: try again.", _RETRY_AFTER)


def _is_small(request: Request) -> bool:
    """Whether the body is so short that it may be read before it is known who sends it.

    Then both are done in one go: to go to another thread and back takes longer than the question.
    """
    length = request.headers.get("content-length", "")
    return length.isdecimal() and int(length) <= _SMALL


def _is_compressed(request: Request) -> bool:
    """Whether the body is compressed; refuses one of another kind."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send JSON: Content-Type: application/json.")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise HTTPException(415, "Content-Encoding has to be gzip, or none.", {"Accept-Encoding": "gzip"})
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise _too_large()
    return encoding == "gzip"


def _unzipped(body: bytes) -> bytes:
    """The body without its compression, as far as it is not too large."""
    pieces: list[bytes] = []
    size, rest = 0, body
    while rest:
        # What is left is copied for each part: many of them would take their number's square.
        if len(pieces) == _MOST_PARTS:
            raise EventError(f"the gzip body has more than {_MOST_PARTS} parts")
        reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            piece = reader.decompress(rest, MAX_BYTES - size + 1)
        except zlib.error:
            raise EventError("the body is not gzip") from None
        size += len(piece)
        if size > MAX_BYTES:
            raise _too_large()
        if not reader.eof:
            raise EventError("the gzip body is cut short")
        pieces.append(piece)
        rest = reader.unused_data
    return b"".join(pieces)


def _too_large() -> HTTPException:
    return HTTPException(413, f"At most {MAX_BYTES:,} bytes are taken at once, compressed or not.")


# --- answers --------------------------------------------------------------------------------------------


def _take_one(intake: Intake, token: TokenRecord, body: bytes) -> Response:
    taken = intake.take([body], origin=Origin.HTTP, token=token)
    for refusal in taken.refused:
        return _refused(refusal.reason, refusal.path, _status(taken.refused))
    status = "duplicate" if taken.duplicates else "created"
    return JSONResponse({"status": status}, 200 if taken.duplicates else 201)


def _take_batch(intake: Intake, token: TokenRecord, body: bytes) -> Response:
    try:
        events = parse_batch(body)
    except EventError as error:
        intake.bury(body, error, origin=Origin.HTTP, token=token)
        raise
    taken = intake.take(events, origin=Origin.HTTP, token=token)
    nothing_taken = len(taken.refused) == len(events) > 0
    return JSONResponse(_told(taken), _status(taken.refused) if nothing_taken else 200)


def _refused(problem: str, path: str, status: int) -> Response:
    return JSONResponse({"detail": problem, "path": path}, status)


def _status(refused: tuple[Refusal, ...]) -> int:
    return 403 if all(refusal.forbidden for refusal in refused) else 422


def _told(taken: Taken) -> dict[str, Any]:
    successful = taken.accepted + taken.duplicates
    status = "success" if not taken.refused else "partial_success" if successful else "failure"
    return {
        "status": status,
        "summary": {
            "received": successful + len(taken.refused),
            "successful": successful,
            "duplicates": taken.duplicates,
            "failed": len(taken.refused),
        },
        "failed_events": [
            {"index": refusal.index, "path": refusal.path, "reason": refusal.reason, "retriable": False}
            for refusal in taken.refused
        ],
    }
