"""Executions wait for up to 14 days on the definition that they began with: today's functions understand its events."""

from submit_trust_product import SubmitTrustProductEvent
from summarise_subaccounts import SummariseSubaccountsEvent

PRODUCT = {"sid": "BU" + "1" * 32, "status": "draft", "created": True, "connection_sid": None}


def test_the_webhook_s_address_may_come_with_a_product_to_submit() -> None:
    event = {"execution": "run", "trust_product": PRODUCT, "callback_url": "https://webhook.example/status-callback"}

    assert SubmitTrustProductEvent.model_validate(event).trust_product.sid == PRODUCT["sid"]


def test_a_summary_without_the_request_s_subaccounts_is_not_taken_for_the_whole_fleet() -> None:
    event = {"execution": "run", "manifest": {"bucket": "b", "key": "k", "count": 1}}

    assert SummariseSubaccountsEvent.model_validate(event).subaccounts == []
