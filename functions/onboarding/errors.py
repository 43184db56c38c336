"""Everything that can go wrong, by the names that the state machine matches.

The text of each error is one sentence for a person: what happened, where, what to do, and where to read more.
"""

import re


def section(error: str) -> str:
    """Name the section on an error: `docs/errors.md#trust-product-busy` for `TrustProductBusy`."""
    return f"docs/errors.md#{re.sub(r'(?<=[a-z])(?=[A-Z])', '-', error).lower()}"


class OnboardingError(Exception):
    """The root of all errors that a step raises on purpose; its text ends with its section of the documentation."""

    def __str__(self) -> str:
        return f"{super().__str__().removesuffix('.')} ({section(type(self).__name__)})."


class InvalidRequest(OnboardingError):
    """The request cannot be carried out as written."""


class CredentialsRefused(OnboardingError):
    """Twilio refused the account SID and Auth Token (HTTP 401, code 20003), or the secret holds none.

    Attributes:
        request_id: The answer's `Twilio-Request-Id`, None if it has none.
    """

    def __init__(self, sentence: str, request_id: str | None = None) -> None:
        self.request_id = request_id
        super().__init__(sentence)


class BusinessProfileNotFound(OnboardingError):
    """There is no such Business Profile, or no primary one at all."""


class BusinessProfileAmbiguous(OnboardingError):
    """Several approved primary Business Profiles could be meant."""


class BusinessProfileNotApproved(OnboardingError):
    """The Business Profile is not `twilio-approved`."""


class TrustProductBusy(OnboardingError):
    """Another execution is creating or connecting the Trust Product; try again."""


class TrustProductNoncompliant(OnboardingError):
    """Twilio's evaluation found the Trust Product noncompliant."""


class TrustProductRejected(OnboardingError):
    """Twilio rejected the Trust Product."""


class TrustProductNotSubmitted(OnboardingError):
    """Twilio took the submission, but the Trust Product has not left the status that it was in."""


class TrustProductNotResubmitted(OnboardingError):
    """Twilio does not take a rejected Trust Product for review again: another one is needed."""


class ReviewAwaitedElsewhere(OnboardingError):
    """Another execution waits for the verdict already; this one need not."""


class ReviewTimedOut(OnboardingError):
    """Twilio gave no verdict in the time that the run was ready to wait."""


class SubaccountBusy(OnboardingError):
    """Another execution is working on the subaccount; try again."""


class SubaccountNotReadable(OnboardingError):
    """Twilio answers 404 to every request below the subaccount, as it does for the account of a Connect App."""


class TwilioRefused(OnboardingError):
    """Twilio answered with a permanent error (HTTP 4xx).

    Attributes:
        status: The HTTP status.
        code: Twilio's error code, None if the answer carried none.
        reason: Twilio's own message.
        more_info: The address of Twilio's page on the code.
        request_id: The answer's `Twilio-Request-Id`, None if it has none.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of one answer
        self,
        request: str,
        status: int,
        code: int | None,
        reason: str,
        more_info: str | None,
        request_id: str | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.reason = reason
        self.more_info = more_info
        self.request_id = request_id
        number = f"code {code}, HTTP {status}" if code else f"HTTP {status}"
        number += f", Twilio-Request-Id {request_id}" if request_id else ""
        see = f"; see {more_info}" if more_info else ""
        super().__init__(
            f"Twilio refused {request} with '{reason.rstrip('.')}' ({number}){see}; "
            "correct what it names, then send the request again."
        )


class SubaccountsNotListed(OnboardingError):
    """Twilio refused a further page of the list of accounts, so nobody knows all subaccounts."""


class TableOfLaterVersion(OnboardingError):
    """A later version of this project wrote an item of the progress table that the run must change."""


class AwsUnavailable(OnboardingError):
    """DynamoDB, S3, Secrets Manager or Step Functions failed or did not answer; try again."""


class TwilioThrottled(OnboardingError):
    """Twilio takes no more requests just now (HTTP 429); try again."""


class TwilioUnavailable(OnboardingError):
    """Twilio failed, did not answer, or the answer cannot be read (HTTP 5xx, timeout, connection); try again.

    Attributes:
        unreadable: Whether an answer arrived that is not one of Twilio's API: a few seconds change nothing about it.
    """

    def __init__(self, sentence: str, *, unreadable: bool = False) -> None:
        self.unreadable = unreadable
        super().__init__(sentence)
