"""What the process has to look like while the local AWS is in it."""

import functools
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import boto3
from botocore.config import Config
from botocore.loaders import JSONFileLoader

from shaken_stir.engine.intrinsics import REGION

_read_file: Final = JSONFileLoader.load_file


@functools.cache
def _model(path: str) -> Any:
    return _read_file(JSONFileLoader(), path)


@contextmanager
def models_read_once() -> Iterator[None]:
    """Have what botocore knows of AWS's services read once per process, not for each session and for moto.

    That is a tenth of what a small run takes in a process of its own.
    """
    with patch.object(JSONFileLoader, "load_file", lambda _, path: _model(path)):
        yield


_clients: Final[dict[str, Any]] = {}
_making: Final = threading.Lock()


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session()


def client(service_name: str, **options: Any) -> Any:
    """Give the client that all mocks of the process share; ask within `clients_kept`."""
    wanted = repr((service_name, [(name, vars(it) if isinstance(it, Config) else it) for name, it in options.items()]))
    make: Any = _session().client
    # botocore's session cannot make two at once.
    with _making:
        if wanted not in _clients:
            _clients[wanted] = make(service_name, **{"region_name": REGION, **options})
    return _clients[wanted]


@contextmanager
def clients_kept() -> Iterator[None]:
    """Have one session of boto3, and one client of a kind, for all mocks of the process; open it within the mock."""
    with patch("boto3.DEFAULT_SESSION", _session()), patch("boto3.client", client):
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Silence moto, which logs the whole machine at every error: a failed execution is not an error of the engine."""
    loggers = [logging.getLogger(name) for name in ("moto", "werkzeug")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def of_aws() -> Iterator[None]:
    """Set the region as Lambda does, and keep the person's own AWS configuration and proxies out of the run."""
    with patch.dict(os.environ):
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        os.environ.update(
            AWS_CONFIG_FILE=os.devnull,
            AWS_DEFAULT_REGION=REGION,
            AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true",
            AWS_REGION=REGION,
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
            NO_PROXY="127.0.0.1,localhost",
            no_proxy="127.0.0.1,localhost",
        )
        yield
