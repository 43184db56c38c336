"""Phone numbers on other Business Profiles and SHAKEN/STIR products of the account, as last read from Twilio."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from onboarding.models import BundleSid, Model
from onboarding.phone_numbers import Elsewhere
from onboarding.table.dynamodb import DAY_SECONDS, Key, Table, expires_after, is_newer, readable, to_item

READ_AGAIN_AFTER = timedelta(days=1)
KEPT_SECONDS = 30 * DAY_SECONDS


class OtherBundles(Model):
    """The last reading of the bundles other than this Business Profile and Trust Product (`BU…`).

    `bundles` and `numbers` count them and the phone numbers on them.
    """

    business_profile_sid: BundleSid
    trust_product_sid: BundleSid
    read_at: datetime
    bundles: int
    numbers: int

    @property
    def is_fresh(self) -> bool:
        """Whether Twilio need not be asked again."""
        return datetime.now(UTC) - self.read_at < READ_AGAIN_AFTER


def read_other_bundles(table: Table, bundles: tuple[str, str]) -> OtherBundles | None:
    """Return the last reading for this Business Profile and Trust Product (`BU…`), None if there is none."""
    for item in table.get_batch([_reading()]):
        reading = readable(OtherBundles, item)
        if reading and (reading.business_profile_sid, reading.trust_product_sid) == bundles:
            return reading
    return None


def read_elsewhere(table: Table, reading: OtherBundles, phone_number_sids: Iterable[str]) -> dict[str, Elsewhere]:
    """Return the other bundle of each of these phone numbers (`PN…`) that the reading found on one."""
    if not reading.numbers:
        return {}
    items = table.get_batch(map(_number, phone_number_sids))
    found = {item["pk"].removeprefix("ELSEWHERE#"): readable(Elsewhere, item) for item in items}
    return {sid: it for sid, it in found.items() if it and it.seen_at == reading.read_at}


def record_elsewhere(table: Table, reading: OtherBundles, elsewhere: Mapping[str, Elsewhere]) -> None:
    """Record a reading; the phone numbers (`PN…`) before the reading, which says that they are complete.

    A reading that a later version of this project recorded stays as it is.
    """
    if is_newer(table.get(_reading()) or {}):
        return
    expires_at = expires_after(KEPT_SECONDS)
    table.put_batch((_number(sid), to_item(it) | expires_at) for sid, it in elsewhere.items())
    table.put_batch([(_reading(), to_item(reading))])


def _reading() -> Key:
    return Key("FLEET", "OTHER_BUNDLES")


def _number(sid: str) -> Key:
    return Key(f"ELSEWHERE#{sid}", "BUNDLE")
