"""What a person does to a simulator that runs: the changes that no request to Twilio makes."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, validate_call

from simulator.errors import BAD_PARAMETER, BAD_STATUS, NOT_FOUND, ApiError, bad_request
from simulator.faults import Fault, PlannedFault
from simulator.fleet import AccountStatus, CallbackPlan, PhoneNumberE164, Seconds, Verdict, fictional_number
from simulator.records import Account, Bundle, PhoneNumber
from simulator.reviews import UNDER_REVIEW, Reviews
from simulator.sids import new_sid
from simulator.state import State


def _split(codes: Any) -> Any:
    return codes.split(",") if isinstance(codes, str) else codes


ErrorCodes = Annotated[list[int], BeforeValidator(_split)]
"""Codes of a rejection; in one string (as a form has them) a comma separates them."""


class Controls:
    """The controls of one simulator; any thread may use them at any time.

    Each raises `pydantic.ValidationError` for arguments that are none, and `ApiError` (with Twilio's code and a
    sentence) for a SID that does not exist and for what cannot be done as things stand.
    """

    def __init__(self, state: State, reviews: Reviews) -> None:
        self._state = state
        self._reviews = reviews

    @validate_call
    def buy(self, account_sid: str, *, phone_number: PhoneNumberE164 | None = None, voice: bool = True) -> str:
        """Buy a number (a fictional one, when none is named) for an active account; gives its SID (`PN…`)."""
        with self._state.lock:
            account = self._account(account_sid)
            _require(account, "active", "only an active account buys numbers")
            number = PhoneNumber(
                sid=new_sid("PN"),
                account_sid=account_sid,
                phone_number=phone_number or fictional_number(len(self._state.numbers)),
                voice=voice,
                refuse=None,
            )
            account.numbers.add(number)
            self._state.numbers[number.sid] = number
            self._state.lag.hold_back(number)
            return number.sid

    @validate_call
    def release(self, number_sid: str) -> None:
        """Release a number; its assignments are left behind, as orphans."""
        with self._state.lock:
            self._release(self._number(number_sid))

    @validate_call
    def move(self, number_sid: str, to_account_sid: str) -> None:
        """Move a number to another account; it keeps no assignment."""
        with self._state.lock:
            number, account = self._number(number_sid), self._account(to_account_sid)
            if account.status == "closed":
                raise bad_request(BAD_PARAMETER, f"{to_account_sid} is closed: it takes no numbers")
            if number.account_sid == to_account_sid:
                raise bad_request(BAD_PARAMETER, f"{number_sid} is in {to_account_sid} already")
            self._state.accounts[number.account_sid].numbers.remove(number_sid)
            number.account_sid = to_account_sid
            account.numbers.add(number)
            for bundle in (*self._state.trust_products, *self._state.customer_profiles):
                _take_off(bundle, number_sid)

    @validate_call
    def drop_assignment(self, bundle_sid: str, number_sid: str) -> None:
        """Take a number off a profile or product, against Trust Hub's rules if need be, and as often as it is on it."""
        with self._state.lock:
            bundle = self._bundle(bundle_sid)
            if not _take_off(bundle, number_sid):
                raise ApiError(404, NOT_FOUND, f"{number_sid} is not assigned to {bundle_sid}")

    @validate_call
    def revoke(
        self, trust_product_sid: str, errors: ErrorCodes | None = None, failure_reason: str | None = None
    ) -> None:
        """Reject an approved product after all, for the fleet's reasons or others, and send the callback."""
        with self._state.lock:
            product = self._product(trust_product_sid)
            if product.status != "twilio-approved":
                raise bad_request(BAD_STATUS, f"{product.sid} is {product.status}: only an approved one is revoked")
            self._reviews.conclude(product, "rejected", errors, failure_reason)

    @validate_call
    def decide(
        self,
        trust_product_sid: str,
        verdict: Verdict,
        errors: ErrorCodes | None = None,
        failure_reason: str | None = None,
    ) -> None:
        """End a product's review now, with this verdict, and send the callback."""
        with self._state.lock:
            product = self._product(trust_product_sid)
            if product.status not in UNDER_REVIEW:
                raise bad_request(BAD_STATUS, f"{product.sid} is {product.status}: there is no review to end")
            if verdict == "approved" and (errors is not None or failure_reason is not None):
                raise bad_request(BAD_PARAMETER, "An approval has neither errors nor a failure_reason")
            self._reviews.conclude(product, verdict, errors, failure_reason)

    @validate_call
    def set_status(self, trust_product_sid: str, status: Annotated[str, Field(min_length=1)]) -> None:
        """Give a product any status, also one that Twilio does not document, and send the callback; ends its review."""
        with self._state.lock:
            self._reviews.set_status(self._product(trust_product_sid), status)

    @validate_call
    def set_validity(self, bundle_sid: str, valid_until: AwareDatetime | None = None) -> None:
        """Say when the validity of a profile or product ends, with nothing that it never does; its status stays."""
        with self._state.lock:
            self._bundle(bundle_sid).valid_until = valid_until

    @validate_call
    def suspend(self, account_sid: str) -> None:
        """Suspend an active subaccount; its numbers stay its own."""
        with self._state.lock:
            account = self._subaccount(account_sid)
            _require(account, "active", "only an active account is suspended")
            account.status = "suspended"

    @validate_call
    def reactivate(self, account_sid: str) -> None:
        """Make a suspended subaccount active again."""
        with self._state.lock:
            account = self._subaccount(account_sid)
            _require(account, "suspended", "only a suspended account is reactivated")
            account.status = "active"

    @validate_call
    def close(self, account_sid: str) -> None:
        """Close a subaccount for good, which releases its numbers."""
        with self._state.lock:
            account = self._subaccount(account_sid)
            if account.status == "closed":
                raise bad_request(BAD_PARAMETER, f"{account_sid} is closed already")
            account.status = "closed"
            for number in list(account.numbers):
                self._release(number)

    @validate_call
    def callbacks(
        self,
        *,
        drop: bool = False,
        repeat: int = 0,
        delay_seconds: float = 0.0,
        reorder: bool = False,
        every_status: bool = False,
    ) -> None:
        """Say how callbacks behave from now on; what is left out is as Twilio has it. See `CallbackPlan`."""
        plan = CallbackPlan(
            drop=drop, repeat=repeat, delay_seconds=delay_seconds, reorder=reorder, every_status=every_status
        )
        with self._state.lock:
            self._state.callback_plan = plan

    @validate_call
    def lag(self, seconds: Seconds) -> None:
        """Say by how much lists lag behind creates from now on; 0 shows at once what is still to be listed."""
        with self._state.lock:
            self._state.lag.change(seconds)

    def plan_fault(self, **fault: Any) -> PlannedFault:
        """Have requests go wrong from now on, see `Fault`; what is given tells how often that has happened."""
        return self._state.faults.plan(Fault(**fault))

    @validate_call
    def clear_faults(self) -> list[PlannedFault]:
        """Let no request go wrong any more; gives the faults that were planned."""
        return self._state.faults.clear()

    def _release(self, number: PhoneNumber) -> None:
        del self._state.numbers[number.sid]
        self._state.accounts[number.account_sid].numbers.remove(number.sid)

    def _account(self, sid: str) -> Account:
        account = self._state.accounts.get(sid)
        if account is None:
            raise _not_found("account", sid)
        return account

    def _subaccount(self, sid: str) -> Account:
        if sid == self._state.account_sid:
            raise bad_request(BAD_PARAMETER, f"{sid} is the parent account: only a subaccount's status changes")
        return self._account(sid)

    def _number(self, sid: str) -> PhoneNumber:
        number = self._state.numbers.get(sid)
        if number is None:
            raise _not_found("phone number", sid)
        return number

    def _bundle(self, sid: str) -> Bundle:
        bundle = self._state.customer_profiles.get(sid) or self._state.trust_products.get(sid)
        if bundle is None:
            raise _not_found("profile or product", sid)
        return bundle

    def _product(self, sid: str) -> Bundle:
        product = self._state.trust_products.get(sid)
        if product is None:
            raise _not_found("Trust Product", sid)
        return product


def _require(account: Account, status: AccountStatus, why: str) -> None:
    if account.status != status:
        raise bad_request(BAD_PARAMETER, f"{account.sid} is {account.status}: {why}")


def _take_off(bundle: Bundle, number_sid: str) -> bool:
    found = bundle.endpoints.of_numbers([number_sid])
    for assignment in found:
        bundle.endpoints.remove(assignment.sid)
    return bool(found)


def _not_found(kind: str, sid: str) -> ApiError:
    return ApiError(404, NOT_FOUND, f"There is no {kind} {sid}")
