"""Whether a request that changes something was made by a person on a page of ours.

Airflow's session is a cookie, which a browser adds to whatever request another site makes it send (CSRF).
Three things keep such a request out, each by itself:

- Browsers say where a request comes from: in ``Sec-Fetch-Site``, or, over plain HTTP, in ``Origin``. What
  does not come from a page of this origin is refused. Airflow's frame around us has no origin of its own
  (``allow-same-origin``), so that our forms in it pass.
- A form holds a token: an HMAC of the person and of what the form is for, made with a secret of the API
  servers. Another site cannot read our pages, so it has none; one that somebody got for themselves is no
  good with another person's session. No state and no second cookie is needed, which a sibling domain could
  plant (as it could the cookie of a double submit), and no script, so that the form works without one.
- A program sends JSON. No form of another site can; its script would have to ask first (the preflight of
  CORS), and nothing here answers that.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_bytes
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from fastapi import HTTPException, Request

from airflow_gov.web.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

#: How long a page may lie open before its form is sent.
_VALID = timedelta(hours=12)
#: The longest form, in bytes.
_LONGEST = 32_768
_FROM_ELSEWHERE = (
    "The request does not come from a page of this Airflow. Open the page in Airflow and send it from there; "
    "if Airflow lies behind a proxy, set [api] base_url to the address that people see."
)
_OUTDATED = "The form is too old, or was made for somebody else: load the page again and send it once more."


def _random() -> bytes:
    return _SECRET


_SECRET = token_bytes(32)


@dataclass(frozen=True, slots=True)
class Forms:
    """What the forms of these pages are signed with.

    :param secret: gives what only the servers of this application know; default: this process alone.
    :param hosts: gives the names (with the port) by which people see it, beside the one they ask for.
    """

    secret: Callable[[], bytes] = field(default=_random)
    hosts: Callable[[], Collection[str]] = field(default=frozenset)

    def token(self, purpose: str, person: str, now: datetime) -> str:
        """What a form must hold.

        :param purpose: what it is for.
        :param person: who may send it.
        """
        until = int((now + _VALID).timestamp())
        return f"{until}.{self._sign(purpose, person, until)}"

    def require_token(self, token: str, purpose: str, person: str, now: datetime) -> None:
        """Refuse a form that is not theirs.

        :raises HTTPException: 403.
        """
        until, _, signed = token.partition(".")
        if not until.isascii() or not until.isdigit() or len(until) > 12 or int(until) < now.timestamp():
            raise Refused(_OUTDATED)
        if not hmac.compare_digest(signed.encode(), self._sign(purpose, person, int(until)).encode()):
            raise Refused(_OUTDATED)

    def require_own_origin(self, request: Request) -> None:
        """Refuse what a browser sends for another site.

        What says nothing of where it comes from is no browser's, or is an old one's: the token or the type
        of the body decides alone.

        :raises HTTPException: 403.
        """
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            if site != "same-origin":
                raise Refused(_FROM_ELSEWHERE)
            return
        origin = request.headers.get("origin")
        if origin is not None and not self._is_ours(origin, request):
            raise Refused(_FROM_ELSEWHERE)

    def _is_ours(self, origin: str, request: Request) -> bool:
        try:
            host = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return host != "" and host in {request.headers.get("host", "").lower(), *self.hosts()}

    def _sign(self, purpose: str, person: str, until: int) -> str:
        signed = json.dumps(["airflow-gov form", purpose, person, until]).encode()
        return hmac.new(self.secret(), signed, hashlib.sha256).hexdigest()


async def body_of(request: Request) -> bytes:
    """What a request sends; a FastAPI dependency.

    :raises HTTPException: 413, without reading all of it.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST:
            raise HTTPException(413, f"The form is longer than {_LONGEST:,} bytes.")
    return bytes(body)


def fields_of(request: Request, body: bytes) -> Mapping[str, str]:
    """The fields of a form.

    :raises HTTPException: 415 when it is no form, 422 when it has too many fields.
    """
    if _type_of(request) != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Send a form (application/x-www-form-urlencoded).")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise HTTPException(422, "The form has too many fields.") from None


def object_of(request: Request, body: bytes) -> Mapping[str, object]:
    """The JSON object a program sends.

    :raises HTTPException: 415 when it does not say that it is JSON, 422 when it is no object.
    """
    if _type_of(request) != "application/json":
        raise HTTPException(415, "Send a JSON object (Content-Type: application/json).")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise HTTPException(422, "The body is no JSON object.")
    return told


def _type_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
