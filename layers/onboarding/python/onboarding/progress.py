"""What the table says: who works on what, where each phone number stands, how each subaccount came out.

Every write that could race is conditional; phone numbers are written only by the execution that holds their
subaccount's lease, or corrected on the condition that nobody has written them meanwhile. The items are drawn up in
docs/architecture.md.
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from onboarding import clients
from onboarding.dynamodb import ConditionFailed, Item, Key, Table
from onboarding.errors import OnboardingError, SubaccountBusy, TrustProductBusy
from onboarding.models import (
    NamedNumber,
    OrphanRecord,
    PhoneNumberRecord,
    Stage,
    Status,
    SubaccountOutcome,
    SubaccountStatus,
    TrustProductRecord,
)
from onboarding.settings import Settings

DAY_SECONDS = 86_400
OUTCOME_SECONDS = 30 * DAY_SECONDS
RELEASED_SECONDS = 30 * DAY_SECONDS
CALLBACK_SECONDS = 90 * DAY_SECONDS
HISTORY_LENGTH = 100
LEASE = ("lease_execution", "lease_token", "lease_expires_at")
LEASE_IS_FREE = "attribute_not_exists(lease_execution) OR lease_execution = :execution OR lease_expires_at < :now"
LEASE_IS_OURS = "lease_token = :lease_token"


class Lease(NamedTuple):
    """A lease that was taken or renewed.

    Attributes:
        token: What proves that no other invocation, not even of the same execution, has taken it since.
        pause: The seconds to wait before looking at Twilio's lists, mostly 0.
    """

    token: str
    pause: float


class Correction(NamedTuple):
    """What is known of a phone number, and what it should be.

    Attributes:
        account_sid: Whose number it is, `AC…`.
        before: The record as it was read.
        after: The record as it should be.
        updated_at: When the record that was read had been written, in ISO 8601.
    """

    account_sid: str
    before: PhoneNumberRecord
    after: PhoneNumberRecord
    updated_at: str


class Waiter(NamedTuple):
    """An execution that waits for the verdict on a Trust Product.

    Attributes:
        since: When it began to wait, in milliseconds since 1970.
        execution: Its name.
        execution_arn: Its ARN.
        task_token: What wakes it.
    """

    since: int
    execution: str
    execution_arn: str
    task_token: str


class Progress:
    """The progress table.

    A lease keeps other executions out. `unsettled_until` keeps out whoever would look at Twilio's lists too early:
    while POSTs are under way, and after POSTs of which nobody knows what became of them.

    Args:
        table: The table.
        lease_seconds: How long a lease holds without renewal: longer than any function runs.
        function_seconds: How long a function runs at the most.
        list_settle_seconds: How long Twilio's lists may lag behind what was created.
    """

    def __init__(self, table: Table, lease_seconds: float, function_seconds: float, list_settle_seconds: float) -> None:
        self._table = table
        self._lease_milliseconds = int(lease_seconds * 1000)
        self._function_milliseconds = int(function_seconds * 1000)
        self._list_settle_milliseconds = int(list_settle_seconds * 1000)

    def hold_subaccount(self, account_sid: str, execution: str) -> Lease:
        """Take or renew the lease of a subaccount.

        Args:
            account_sid: `AC…`.
            execution: The execution that works on it, by name.

        Raises:
            SubaccountBusy: Another execution holds the lease, or another invocation may still send POSTs.
        """
        return self._hold(_subaccount(account_sid), execution, status=SubaccountStatus.IN_PROGRESS.value)

    def before_posts(self, account_sid: str, lease: Lease) -> None:
        """Note that POSTs for a subaccount are about to be sent.

        Raises:
            SubaccountBusy: The lease was taken by somebody else meanwhile.
        """
        self._unsettle(_subaccount(account_sid), lease, self._function_milliseconds)

    def after_posts(self, account_sid: str, lease: Lease, *, unanswered: bool) -> None:
        """Note that all POSTs have ended and are recorded; some of them perhaps without an answer."""
        if unanswered:
            self._unsettle(_subaccount(account_sid), lease)
        else:
            self._change_lease(_subaccount(account_sid), lease, remove=["unsettled_until"])

    def hold_trust_product(self, execution: str, trust_product_sid: str | None = None) -> Lease:
        """Take the lease for connecting a Trust Product (`BU…`), or for creating one; as `hold_subaccount`.

        Raises:
            TrustProductBusy: Another execution holds it, or another invocation may still send a POST.
        """
        return self._hold(_trust_product_lease(trust_product_sid), execution)

    def before_trust_product_post(self, lease: Lease, trust_product_sid: str | None = None) -> None:
        """Note that a Trust Product is about to be connected or created.

        Raises:
            TrustProductBusy: The lease was taken by somebody else meanwhile.
        """
        self._unsettle(_trust_product_lease(trust_product_sid), lease, self._function_milliseconds)

    def after_trust_product_post(self, lease: Lease, trust_product_sid: str | None = None) -> None:
        """Note that the POST has ended: whoever comes next waits until the lists are sure to show its effect."""
        self._unsettle(_trust_product_lease(trust_product_sid), lease)

    def release_trust_product(self, lease: Lease, trust_product_sid: str | None = None) -> None:
        """Give the lease back, if it is still held."""
        with suppress(TrustProductBusy):
            self._change_lease(_trust_product_lease(trust_product_sid), lease, remove=LEASE)

    def phone_numbers(self, account_sid: str, phone_number_sids: Iterable[str]) -> dict[str, PhoneNumberRecord]:
        """Read what is known of phone numbers (`PN…`) of an account; unknown ones are left out."""
        items = self._table.get_batch(_phone_number(account_sid, sid) for sid in phone_number_sids)
        records = (read_item(PhoneNumberRecord, item) for item in items)
        return {record.phone_number_sid: record for record in records}

    def put_phone_numbers(self, account_sid: str, records: Iterable[PhoneNumberRecord]) -> None:
        """Write where phone numbers of an account, whose lease is held, stand now."""
        now = datetime.now(UTC)
        written = {"updated_at": now.isoformat()}
        released = written | {"expires_at": int(now.timestamp()) + RELEASED_SECONDS}
        self._table.put_batch(
            (
                _phone_number(account_sid, record.phone_number_sid),
                _item(record) | (released if record.stage is Stage.RELEASED else written),
            )
            for record in records
        )

    def all_phone_numbers(self, account_sid: str) -> list[PhoneNumberRecord]:
        """Read what is known of all phone numbers of an account."""
        return [
            read_item(PhoneNumberRecord, item) for item in self._table.query(f"SUBACCOUNT#{account_sid}", "NUMBER#")
        ]

    def compare_phone_numbers(
        self, account_sid: str, correct: Callable[[PhoneNumberRecord], PhoneNumberRecord]
    ) -> Iterator[Correction]:
        """Compare what is known of all phone numbers of an account with what it should be; yields what differs."""
        for item in self._table.query(f"SUBACCOUNT#{account_sid}", "NUMBER#"):
            record = read_item(PhoneNumberRecord, item)
            corrected = correct(record)
            if corrected != record:
                yield Correction(account_sid, record, corrected, item["updated_at"])

    def correct_phone_number(self, correction: Correction) -> None:
        """Write a correction, unless whoever holds the subaccount's lease has written the number meanwhile."""
        with suppress(ConditionFailed):
            self._table.put_if(
                _phone_number(correction.account_sid, correction.after.phone_number_sid),
                _item(correction.after) | {"updated_at": datetime.now(UTC).isoformat()},
                condition="updated_at = :updated_at",
                values={"updated_at": correction.updated_at},
            )

    def add_listing(self, account_sid: str, execution: str, phone_number_sids: list[str]) -> None:
        """Remember one of several pages of an account's phone numbers until the last one is read."""
        if phone_number_sids:
            key = Key(f"SUBACCOUNT#{account_sid}", f"LISTING#{execution}#{phone_number_sids[0]}")
            expires_at = int(time.time()) + DAY_SECONDS
            self._table.put_batch([(key, {"phone_number_sids": phone_number_sids, "expires_at": expires_at})])

    def listed(self, account_sid: str, execution: str) -> set[str]:
        """Read which phone numbers (`PN…`) were on the pages that an execution has read of an account."""
        pages = self._table.query(f"SUBACCOUNT#{account_sid}", f"LISTING#{execution}#")
        return {sid for page in pages for sid in page["phone_number_sids"]}

    def count_stages(self, account_sid: str) -> dict[Stage, int]:
        """Count the phone numbers of an account by stage."""
        items = self._table.query(f"SUBACCOUNT#{account_sid}", "NUMBER#", only="stage")
        return dict(Counter(Stage(item["stage"]) for item in items))

    def record_outcome(self, execution: str, outcome: SubaccountOutcome) -> None:
        """Record how a subaccount came out of a run, and give its lease back.

        The run's own outcome is kept beside the subaccount's progress, since a later run may change that before this
        one is summarised. A subaccount that another execution works on keeps the progress that one writes.
        """
        before, now = self._record_progress(execution, outcome), datetime.now(UTC)
        # A step that is done again finds what it recorded itself, and knows no longer what was there before.
        changed = before.get("recorded_by") == execution or _kept(before.get("numbers", {})) != _kept(outcome.numbers)
        self._table.put(
            Key(f"EXECUTION#{execution}", f"SUBACCOUNT#{outcome.subaccount_sid}"),
            _item(outcome.model_copy(update={"changed": changed}))
            | {"expires_at": int(now.timestamp()) + OUTCOME_SECONDS},
        )

    def _record_progress(self, execution: str, outcome: SubaccountOutcome) -> Item:
        """Give the subaccount's progress as it was before."""
        if outcome.status is SubaccountStatus.BUSY:
            return {"numbers": outcome.numbers}
        item = _item(outcome, exclude={"changed"})
        try:
            return self._table.update(
                _subaccount(outcome.subaccount_sid),
                item | {"recorded_by": execution, "recorded_at": datetime.now(UTC).isoformat()},
                remove=[*LEASE, *({"error", "message"} - item.keys())],
                condition=LEASE_IS_FREE,
                values={"execution": execution, "now": _milliseconds()},
            )
        except ConditionFailed:
            return {"numbers": outcome.numbers}

    def outcomes(self, execution: str) -> list[SubaccountOutcome]:
        """Read how the subaccounts came out of one run."""
        return [
            read_item(SubaccountOutcome, item) for item in self._table.query(f"EXECUTION#{execution}", "SUBACCOUNT#")
        ]

    def put_named_numbers(self, execution: str, numbers: Iterable[NamedNumber]) -> None:
        """Keep what Twilio said of the phone numbers that an execution's request names."""
        expires_at = {"expires_at": int(time.time()) + OUTCOME_SECONDS}
        self._table.put_batch(
            (Key(f"EXECUTION#{execution}", f"NUMBER#{it.phone_number_sid}"), _item(it) | expires_at) for it in numbers
        )

    def named_numbers(self, execution: str) -> list[NamedNumber]:
        """Read what Twilio said of the phone numbers that an execution's request names; empty if it names none."""
        return [read_item(NamedNumber, item) for item in self._table.query(f"EXECUTION#{execution}", "NUMBER#")]

    def fleet(self) -> list[Item]:
        """Read every subaccount's progress, as it is in the table."""
        return list(self._table.query("FLEET", "SUBACCOUNT#"))

    def record_trust_product(self, news: TrustProductRecord, asked_at: datetime) -> TrustProductRecord:
        """Record what Twilio said of a Trust Product when it was asked; what the news leave out stays as it is.

        Older news never overwrite newer. A status that differs from the last one joins the history.

        Args:
            news: What Twilio said.
            asked_at: When it was asked.

        Returns:
            What is recorded now.
        """
        key, observed_at = Key(f"TRUST_PRODUCT#{news.sid}", "STATUS"), asked_at.isoformat()
        while True:
            item = self._table.get(key) or {}
            if item.get("observed_at", "") > observed_at:
                return read_item(TrustProductRecord, item)
            changes = _item(news, exclude_unset=True) | _history(item, news, observed_at) | {"observed_at": observed_at}
            seen = {"seen_at": item["observed_at"]} if item else {}
            condition = "observed_at = :seen_at" if item else "attribute_not_exists(observed_at)"
            with suppress(ConditionFailed):
                self._table.update(key, changes, condition=condition, values=seen)
                return read_item(TrustProductRecord, item | changes)

    def trust_product(self, sid: str) -> TrustProductRecord | None:
        """Read what was last recorded of a Trust Product, `BU…`."""
        item = self._table.get(Key(f"TRUST_PRODUCT#{sid}", "STATUS"))
        return read_item(TrustProductRecord, item) if item else None

    def note_announced(self, trust_product_sid: str, status: Status) -> None:
        """Note that a verdict on a Trust Product was announced."""
        self._table.update(
            Key(f"TRUST_PRODUCT#{trust_product_sid}", "STATUS"),
            {"announced": status.value},
            condition="attribute_exists(pk)",
        )

    def name_orphans(
        self, trust_product_sid: str, execution: str, started_at: datetime, accounts: dict[str, str | None]
    ) -> list[OrphanRecord]:
        """Record the orphans that a run over the whole fleet has found, instead of those that were known.

        Args:
            trust_product_sid: `BU…`; the orphans are on it or on its Business Profile.
            execution: The run.
            started_at: When it began.
            accounts: The orphans (`PN…`), each with the account (`AC…`) where it was last, None where that is unknown.

        Returns:
            The orphans; each tells whether an earlier run had named it.
        """
        known = {orphan.phone_number_sid: orphan for orphan in self.orphans(trust_product_sid)}
        now = datetime.now(UTC)
        orphans = [
            OrphanRecord(
                phone_number_sid=sid,
                account_sid=account_sid,
                named_by=execution,
                named_at=now,
                named_before=_named_before(known.get(sid), execution, started_at),
            )
            for sid, account_sid in accounts.items()
        ]
        self._table.put_batch((_orphan(trust_product_sid, it.phone_number_sid), _item(it)) for it in orphans)
        self.forget_orphans(trust_product_sid, known.keys() - accounts.keys())
        return orphans

    def orphans(self, trust_product_sid: str) -> list[OrphanRecord]:
        """Read the orphans that the last run over the whole fleet has named."""
        items = self._table.query(f"TRUST_PRODUCT#{trust_product_sid}", "ORPHAN#")
        return [read_item(OrphanRecord, item) for item in items]

    def forget_orphans(self, trust_product_sid: str, phone_number_sids: Iterable[str]) -> None:
        """Forget orphans (`PN…`) that are none any more."""
        self._table.delete_batch(_orphan(trust_product_sid, sid) for sid in phone_number_sids)

    def record_callback(self, trust_product_sid: str, digest: str, parameters: dict[str, str]) -> None:
        """Keep a verified callback for audit."""
        now = datetime.now(UTC)
        self._table.put(
            Key(f"TRUST_PRODUCT#{trust_product_sid}", f"CALLBACK#{now.isoformat()}#{digest}"),
            {"parameters": parameters, "expires_at": int(now.timestamp()) + CALLBACK_SECONDS},
        )

    def add_waiter(self, trust_product_sid: str, waiter: Waiter, seconds: float) -> None:
        """Record that an execution waits for the verdict, for so many seconds at the most."""
        self._table.put(
            _waiter(trust_product_sid, waiter.execution),
            {**waiter._asdict(), "expires_at": int(time.time() + seconds) + DAY_SECONDS},
        )

    def waiters(self, trust_product_sid: str) -> list[Waiter]:
        """Read who waits for the verdict on a Trust Product, or did; who has waited longest comes first."""
        items = self._table.query(f"TRUST_PRODUCT#{trust_product_sid}", "WAITER#")
        return sorted(Waiter(**{name: item[name] for name in Waiter._fields}) for item in items)

    def remove_waiter(self, trust_product_sid: str, waiter: Waiter) -> None:
        """Forget a waiter, unless the execution has since begun to wait with another token."""
        with suppress(ConditionFailed):
            self._table.delete(
                _waiter(trust_product_sid, waiter.execution),
                condition="task_token = :task_token",
                values={"task_token": waiter.task_token},
            )

    def _hold(self, key: Key, execution: str, **also: str) -> Lease:
        now, token = _milliseconds(), str(uuid.uuid4())
        taken = {"lease_execution": execution, "lease_token": token, "lease_expires_at": now + self._lease_milliseconds}
        try:
            before = self._table.update(
                key, taken | also, condition=LEASE_IS_FREE, values={"execution": execution, "now": now}
            )
        except ConditionFailed as error:
            raise _busy(key) from error
        pause = int(before.get("unsettled_until", 0)) - now
        if pause > self._list_settle_milliseconds:
            raise _busy(key)
        return Lease(token, max(0, pause) / 1000)

    def _unsettle(self, key: Key, lease: Lease, milliseconds: int = 0) -> None:
        until = _milliseconds() + milliseconds + self._list_settle_milliseconds
        self._change_lease(key, lease, {"unsettled_until": until})

    def _change_lease(self, key: Key, lease: Lease, changes: Item | None = None, remove: Iterable[str] = ()) -> None:
        try:
            self._table.update(
                key, changes or {}, remove=remove, condition=LEASE_IS_OURS, values={"lease_token": lease.token}
            )
        except ConditionFailed as error:
            raise _busy(key) from error


def open_table(settings: Settings) -> Progress:
    """Give the progress table."""
    table = Table(clients.dynamodb(), settings.table_name)
    return Progress(table, settings.lease_seconds, settings.function_seconds, settings.list_settle_seconds)


def _busy(key: Key) -> OnboardingError:
    if key.sk.startswith("SUBACCOUNT#"):
        return SubaccountBusy(
            f"Another execution is working on {key.sk.removeprefix('SUBACCOUNT#')}; "
            "send the request again when that one has ended."
        )
    return TrustProductBusy(
        "Another execution is creating or connecting the Trust Product; send the request again when that one has ended."
    )


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _subaccount(account_sid: str) -> Key:
    return Key("FLEET", f"SUBACCOUNT#{account_sid}")


def _phone_number(account_sid: str, phone_number_sid: str) -> Key:
    return Key(f"SUBACCOUNT#{account_sid}", f"NUMBER#{phone_number_sid}")


def _trust_product_lease(sid: str | None) -> Key:
    return Key(f"TRUST_PRODUCT#{sid}", "CONNECTION") if sid else Key("FLEET", "TRUST_PRODUCT")


def _waiter(trust_product_sid: str, execution: str) -> Key:
    return Key(f"TRUST_PRODUCT#{trust_product_sid}", f"WAITER#{execution}")


def _orphan(trust_product_sid: str, phone_number_sid: str) -> Key:
    return Key(f"TRUST_PRODUCT#{trust_product_sid}", f"ORPHAN#{phone_number_sid}")


def _named_before(known: OrphanRecord | None, execution: str, started_at: datetime) -> str | None:
    """Which run named the orphan before this one began; a run that does a step again is not an earlier one."""
    if not known:
        return None
    return known.named_by if known.named_by != execution and known.named_at < started_at else known.named_before


def _kept[Name: str](numbers: Mapping[Name, int]) -> dict[Name, int]:
    """Leave out the released numbers: the table forgets them by itself."""
    return {stage: count for stage, count in numbers.items() if stage != Stage.RELEASED}


def _history(item: Item, news: TrustProductRecord, observed_at: str) -> Item:
    """What the history of a Trust Product becomes with the news; nothing of it where they are none."""
    history = item.get("history", [])
    change = {"status": news.status.value, "errors": news.errors, "observed_at": observed_at}
    if item.get("status") != news.status.value:
        return {"errors": news.errors, "history": [*history, change][-HISTORY_LENGTH:], "announced": None}
    if not news.errors or news.errors == item.get("errors"):
        return {}
    if item.get("errors"):
        return {"history": [*history, change][-HISTORY_LENGTH:]}
    # A step that looked at the status alone did not learn the codes.
    return {"history": [*history[:-1], {**change, **({"observed_at": history[-1]["observed_at"]} if history else {})}]}


type Record = PhoneNumberRecord | NamedNumber | SubaccountOutcome | TrustProductRecord | OrphanRecord


def _item(record: Record, **options: Any) -> Item:
    return record.model_dump(mode="json", exclude_none=True, **options)


def read_item[Model: (PhoneNumberRecord, NamedNumber, SubaccountOutcome, TrustProductRecord, OrphanRecord)](
    model: type[Model], item: Item
) -> Model:
    """Read an item as a model, without the attributes that only the table needs."""
    return model.model_validate({name: item[name] for name in model.model_fields if name in item})
