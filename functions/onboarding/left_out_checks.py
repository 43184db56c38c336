"""Report a check that a run leaves out: in the table, as a metric, and as an announcement."""

from onboarding import announcements, clients
from onboarding.announcements import CheckLeftOut
from onboarding.observability import measure
from onboarding.settings import Settings
from onboarding.table.left_out_checks import Check, record_left_out_check


def report_left_out_check(
    environment: Settings, check: Check, execution: str, trust_product_sid: str, message: str
) -> None:
    """Report that a run leaves out a check.

    Args:
        environment: The function's settings.
        check: The check.
        execution: The run.
        trust_product_sid: The run's Trust Product, `BU…`.
        message: One sentence: what was left out and why.
    """
    record_left_out_check(clients.table(environment), check, execution, message)
    measure(name="ChecksLeftOut", value=1)
    announcement = CheckLeftOut(
        id=f"{execution}/left-out/{check}",
        execution=execution,
        message=message,
        trust_product_sid=trust_product_sid,
        check=check,
    )
    announcements.try_to_announce(clients.event_bridge(), environment.event_bus_name, announcement)
