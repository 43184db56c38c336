"""The page, served to this machine's browser: it is read, and nothing can be changed by it."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, abort, current_app, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from shaken_stir.page import documents, rendering
from shaken_stir.page.watch import Seen, Watch
from shaken_stir.status.csv_file import COLUMNS, write_csv
from shaken_stir.status.source import SourceError
from shaken_stir.words import clock, day
from simulator.addresses import THIS_MACHINE

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FIRST_PATIENCE: Final = 1.0
"""How long a browser waits for the first reading before the page is shown without it; the script fetches it then."""
SEARCH_PATIENCE: Final = 1.0
"""After how many seconds a search answers with what it found so far."""
NAMES: Final = (THIS_MACHINE, "localhost")
"""By which a browser on this machine reaches it; any other name was made to lead here by somebody else."""


class _Silent(WSGIRequestHandler):
    """Tells nothing of each request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's
        """Say nothing."""


@contextmanager
def served(watch: Watch, port: int) -> Iterator[str]:
    """Serve the page on this machine alone.

    Args:
        watch: What it shows.
        port: Where it listens, 0 for any port that is free.

    Yields:
        Its address.

    Raises:
        OSError: The port is taken.
    """
    app = application(watch)
    # werkzeug ends the process where the port is taken; so it is given a socket, and goes on with a duplicate of it.
    with socket.create_server((THIS_MACHINE, port)) as opened:
        server = make_server(THIS_MACHINE, 0, app, threaded=True, request_handler=_Silent, fd=opened.fileno())
    app.config["HOSTS"] = {f"{name}:{server.port}" for name in NAMES}
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="page", daemon=True)
    thread.start()
    try:
        yield f"http://{THIS_MACHINE}:{server.port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def application(watch: Watch) -> Flask:
    """Make the application; its `HOSTS` are the values of the header `Host` that it answers."""
    app = Flask("shaken_stir.page", static_folder=None)
    app.config.update(HOSTS=set(), PROVIDE_AUTOMATIC_OPTIONS=False)
    app.before_request(_refuse)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _tell)
    app.get("/page.css", endpoint="stylesheet")(lambda: Response(rendering.stylesheet(), mimetype="text/css"))
    app.get("/page.js", endpoint="script")(lambda: Response(rendering.script(), mimetype="text/javascript"))
    app.get("/README.md", endpoint="readme")(lambda: _document("README.md"))
    app.get("/docs/<name>", endpoint="document")(lambda name: _document(f"docs/{name}"))
    _answer_of(app, watch)
    return app


def _document(name: str) -> str:
    document = documents.whole(name)
    if not document:
        abort(HTTPStatus.NOT_FOUND)
    return rendering.draw_document(document)


def _answer_of(app: Flask, watch: Watch) -> None:
    @app.get("/")
    def page() -> str:
        return draw(watch)

    @app.get("/changes")
    def changes() -> Response:
        seen = watch.look()
        news: dict[str, Any] = {"read": read_in_words(seen), "problem": watch.problem}
        if seen and seen.version != request.args.get("since"):
            news |= {"version": seen.version, "sections": seen.sections, "rows": seen.rows}
        return jsonify(news)

    @app.get("/subaccounts/<sid>/numbers")
    def numbers(sid: str) -> tuple[Response, int]:
        try:
            found = watch.numbers_of(lambda it: it.sid == sid)
        except SourceError as error:
            return jsonify(problem=str(error)), HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify(numbers=rendering.numbers_of(found, documents.Documents(embedded=False))), HTTPStatus.OK

    @app.get("/search")
    def search() -> tuple[Response, int]:
        try:
            found = watch.search(request.args.get("search", ""), SEARCH_PATIENCE)
        except SourceError as error:
            return jsonify(problem=str(error)), HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify(found._asdict()), HTTPStatus.OK

    @app.get("/numbers.csv")
    def csv_file() -> Response:
        search, needs = request.args.get("search", ""), bool(request.args.get("needs"))
        text = io.StringIO(newline="")
        try:
            write_csv(watch.numbers_found(search, needs=needs), text)
        except SourceError as error:
            return Response(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE, mimetype="text/plain")
        attached = {"Content-Disposition": 'attachment; filename="numbers.csv"'}
        return Response(text.getvalue(), headers=attached, mimetype="text/csv")


def _refuse() -> None:
    if request.host not in current_app.config["HOSTS"]:
        abort(HTTPStatus.FORBIDDEN)


def _add_headers(answer: Response) -> Response:
    answer.headers.update(HEADERS)
    return answer


def _tell(error: HTTPException) -> Response:
    return Response(f"{error.name}\n", error.code, mimetype="text/plain")


def draw(watch: Watch) -> str:
    """Draw the page as it is first shown."""
    seen = watch.look(FIRST_PATIENCE)
    data: dict[str, Any] = {
        "rows": seen.rows if seen else [],
        "version": seen.version if seen else "",
        "reasons": rendering.labels(),
        "columns": COLUMNS,
        "refresh": round(watch.refresh_seconds * 1000),
    }
    return rendering.draw(
        rendering.Page(
            place=watch.place,
            read=read_in_words(seen),
            problem=watch.problem,
            sections=seen.sections if seen else rendering.not_read_yet(),
            data=data,
            footer="The page reads the fleet again every few seconds while you look at it.",
        )
    )


def read_in_words(seen: Seen | None) -> str:
    """Say when the fleet was read."""
    return f"Read at {day(seen.fleet.read_at)} {clock(seen.fleet.read_at)}" if seen else "Reading…"
