"""What tests look for on the page."""

from playwright.sync_api import Page

ROWS = "#rows > tr:not(.detail)"


def downloaded(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "numbers.csv"
    return download.value.path().read_bytes().decode("utf-8")
