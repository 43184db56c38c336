"""Lambda's Runtime API and the AWS services that a function calls, on a local port; and Lambda's runtime beside it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from simulator.addresses import THIS_MACHINE


@dataclass(frozen=True)
class Ended:
    """How an invocation ended.

    Attributes:
        failed: Whether the runtime reported an error.
        body: What it reported: the error, or the result.
        xray: What it told X-Ray of the error, as it came.
        log: All that the process wrote: its lines in CloudWatch Logs.
    """

    failed: bool
    body: dict[str, Any]
    xray: str
    log: str


def invoke(module: str, event: Any, aws: dict[str, tuple[int, Any]], folder: Path, **environment: str) -> Ended:
    """Let Lambda's runtime run a function once.

    Args:
        module: The function's module; its handler is `handler`.
        event: What it is invoked with.
        aws: What AWS answers, status and body, by the operation's name in `X-Amz-Target`.
        folder: Where the log may be written.
        environment: The function's environment variables.
    """
    ended: queue.Queue[tuple[bool, bytes, str]] = queue.Queue()
    events = queue.Queue[Any]()
    events.put(event)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # the runtime is stopped while it waits
                super().handle()

        def do_GET(self) -> None:
            event = events.get()
            headers = {
                "Lambda-Runtime-Aws-Request-Id": "0f3c3a39-5d43-4d38-9c0b-3b9d6b2f6f55",
                "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:123456789012:function:{module}",
                "Lambda-Runtime-Deadline-Ms": "4102444800000",
            }
            self._answer(200, event, headers)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if operation := self.headers.get("X-Amz-Target"):
                self._answer(*aws[operation.partition(".")[2]], {})
                return
            xray = self.headers.get("Lambda-Runtime-Function-XRay-Error-Cause", "")
            self._answer(202, {"status": "OK"}, {})
            ended.put((self.path.endswith("/error"), body, xray.encode("latin-1").decode()))

        def _answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers | {"Content-Type": "application/json"}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((THIS_MACHINE, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    address = f"{THIS_MACHINE}:{server.server_address[1]}"
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", f"{module}.handler"],
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "LANG": "en_US.UTF-8",
                **environment,
                "AWS_LAMBDA_RUNTIME_API": address,
                "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
                "AWS_LAMBDA_FUNCTION_NAME": module,
                "AWS_ENDPOINT_URL": f"http://{address}",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
            },
        )
    try:
        failed, body, xray = ended.get(timeout=60)
    finally:
        process.kill()
        process.wait()
        events.put(None)
        server.shutdown()
        thread.join()
        server.server_close()
    return Ended(failed, json.loads(body), xray, log.read_text(encoding="utf-8"))
