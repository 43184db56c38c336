"""The bugs of what is common to all of moto's services."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

from moto.core import models, responses
from moto.core.models import responses_mock


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


PATCHES: Final = (requests_to_anywhere_are_intercepted, operations_are_listed_at_every_request)
