"""api.twilio.com: the parent's accounts and their phone numbers."""

import re

from simulator import views
from simulator.messages import Request, Response
from simulator.paging import list_of_2010, page_of
from simulator.records import Account
from simulator.state import State


class AccountsApi:
    """Answers requests below ``/2010-04-01/Accounts``."""

    def __init__(self, state: State) -> None:
        self._state = state

    def list_accounts(self, request: Request) -> Response:
        """The parent and its subaccounts."""
        status, name = request.query.get("Status"), request.query.get("FriendlyName")
        found = [
            account
            for account in self._state.accounts
            if status in (None, account.status) and name in (None, account.friendly_name)
        ]
        return Response(200, list_of_2010(page_of(found, request), "accounts", views.account))

    def fetch_account(self, request: Request, account_sid: str) -> Response:
        """One account."""
        return Response(200, views.account(self._account(request, account_sid)))

    def list_numbers(self, request: Request, account_sid: str) -> Response:
        """The phone numbers of one account."""
        numbers = self._account(request, account_sid).numbers.in_order()
        pattern, name = request.query.get("PhoneNumber"), request.query.get("FriendlyName")
        if pattern is not None:
            # Part of a number finds it, and * stands for any digit.
            digits = re.compile(re.escape(pattern).replace(r"\*", "[0-9]"))
            numbers = [number for number in numbers if digits.search(number.phone_number)]
        if name is not None:
            numbers = [number for number in numbers if views.friendly_number(number.phone_number) == name]
        page = page_of(self._state.lag.listed(numbers), request)
        return Response(200, list_of_2010(page, "incoming_phone_numbers", views.phone_number))

    def fetch_number(self, request: Request, account_sid: str, number_sid: str) -> Response:
        """One phone number of one account."""
        number = self._account(request, account_sid).numbers.get(number_sid)
        if number is None:
            raise request.not_found()
        return Response(200, views.phone_number(number))

    def _account(self, request: Request, account_sid: str) -> Account:
        account = self._state.accounts.get(account_sid)
        if account is None:
            raise request.not_found()
        return account
