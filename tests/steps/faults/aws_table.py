"""What goes wrong with AWS, and how a run is to end then: as `tests.steps.faults.twilio_table` has it for Twilio.

Each fault is one that is left when the AWS client's own tries are used up.
"""

from typing import Final

from tests.steps.faults.twilio_table import NO_MATTER, SIGNED, Ends
from tests.steps.whole_run import WAITS

UNAVAILABLE: Final[Ends] = (SIGNED, SIGNED, "AwsUnavailable")
WAITED_OUT: Final[Ends] = (SIGNED, SIGNED, WAITS)

THROTTLED, FAILING, UNANSWERED = "throttled", "HTTP 500", "no answer"
UNANSWERED_AFTER_THE_WORK: Final = "no answer after the work"
IN_PART, NOT_AT_ALL = "processed in part", "not processed"
FAULTS: Final = (THROTTLED, FAILING, UNANSWERED, UNANSWERED_AFTER_THE_WORK)
OF_BATCHES: Final = (IN_PART, NOT_AT_ALL)

OPERATIONS: Final[dict[str, Ends]] = {
    "DynamoDB GetItem": UNAVAILABLE,
    "DynamoDB PutItem": UNAVAILABLE,
    "DynamoDB UpdateItem": UNAVAILABLE,
    "DynamoDB Query": UNAVAILABLE,
    # The audit reads and writes which numbers are on other bundles, before the Map.
    "DynamoDB BatchGetItem": UNAVAILABLE,
    "DynamoDB BatchWriteItem": UNAVAILABLE,
    "S3 PutObject": UNAVAILABLE,
    "S3 GetObject": UNAVAILABLE,
    "Secrets Manager GetSecretValue": UNAVAILABLE,
    # Only a verdict has to be announced: the run asks for it again until that is done.
    "EventBridge PutEvents": WAITED_OUT,
}


def cases() -> dict[tuple[str, str], Ends]:
    """Every operation with every fault that it can have, and how a run ends with it once, three times, each time."""
    found = {(operation, fault): ends for operation, ends in OPERATIONS.items() for fault in FAULTS}
    for operation in ("DynamoDB BatchGetItem", "DynamoDB BatchWriteItem"):
        # Whatever is left is sent again by itself, so a batch that is taken in parts comes to its end.
        found[operation, IN_PART] = NO_MATTER
        found[operation, NOT_AT_ALL] = UNAVAILABLE
    # What is written all the same is found by the next try, which then has nothing to write.
    found["DynamoDB BatchWriteItem", UNANSWERED_AFTER_THE_WORK] = NO_MATTER
    return found
