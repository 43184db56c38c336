"""The bugs of what is common to all of moto's services."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

from moto.core import models, responses
from moto.core.models import responses_mock
from moto.s3 import urls
from moto.s3.models import S3Backend


@contextmanager
def requests_to_anywhere_are_intercepted() -> Iterator[None]:
    """The mock puts itself between `requests` and every server, though boto3 does not use `requests`.

    Fixed by leaving `requests` alone, so that calls to the Twilio simulator are real and as fast as they are.
    """
    with (
        patch.object(responses_mock, "start"),
        patch.object(responses_mock, "stop"),
        patch.object(models, "RESPONSES_METHODS", ()),
    ):
        yield


@contextmanager
def operations_are_listed_at_every_request() -> Iterator[None]:
    """Every request goes through all that its service's class has, to see if its operation is there.

    Fixed by remembering: a class does not change.
    """
    with patch.object(responses, "method_names_from_class", functools.cache(responses.method_names_from_class)):
        yield


@contextmanager
def addresses_of_s3_are_loaded_at_every_request() -> Iterator[None]:
    """Every request to S3 loads the module of its addresses anew, in case the environment has changed.

    Fixed by loading it once: it does not.
    """
    with patch.object(S3Backend, "_url_module", urls):
        yield


PATCHES: Final = (
    requests_to_anywhere_are_intercepted,
    operations_are_listed_at_every_request,
    addresses_of_s3_are_loaded_at_every_request,
)
