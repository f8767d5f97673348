"""A REST catalogue of Iceberg to read from, in front of a SQL catalogue that others write to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError


@contextmanager
def serving(catalog: Catalog) -> Iterator[str]:
    """Answers what the specification of REST catalogues asks of one that is only read; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(_answer(catalog, self.path.split("?")[0].strip("/").split("/")[1:]))

        def do_HEAD(self) -> None:
            self.do_GET()

        def _answer(self, told: dict[str, Any] | None) -> None:
            self.send_response(200 if told is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            if self.command != "HEAD":
                missing = {"error": {"message": "none", "type": "NoSuchTableException", "code": 404}}
                self.wfile.write(json.dumps(missing if told is None else told).encode())

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _answer(catalog: Catalog, path: list[str]) -> dict[str, Any] | None:
    match path:
        case ["config"]:
            return {"defaults": {}, "overrides": {}}
        case ["namespaces"]:
            return {"namespaces": [list(each) for each in catalog.list_namespaces()]}
        case ["namespaces", namespace, "tables"]:
            tables = catalog.list_tables(namespace)
            return {"identifiers": [{"namespace": [each[0]], "name": each[1]} for each in tables]}
        case ["namespaces", namespace, "tables", name]:
            try:
                table = catalog.load_table((namespace, name))
            except NoSuchTableError:
                return None
            metadata = json.loads(table.metadata.model_dump_json())
            return {"metadata-location": table.metadata_location, "metadata": metadata, "config": {}}
    return None
