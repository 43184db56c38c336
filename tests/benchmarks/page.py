"""How soon `status` and the page of a large fleet are there, what they ask DynamoDB, and how soon the search answers.

`python -m tests.benchmarks.page [SUBACCOUNTS] [NUMBERS]` (5,000 with 20 each). Each command is a process of its own,
the table is that of `make serve` in this one, and the browser is Chromium.
"""

import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from playwright.sync_api import Page, sync_playwright

from shaken_stir.engine.intrinsics import ACCOUNT, REGION
from shaken_stir.engine.server import AwsServer
from shaken_stir.project import ROOT, SMALL_FLEET
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import load_fleet
from tools.chromium import launched
from tools.example_fleet import in_dynamodb_json, items

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main"]
SEARCH = """search => {
  const field = document.getElementById("search");
  field.value = search;
  const began = performance.now();
  field.dispatchEvent(new Event("input"));
  document.body.getBoundingClientRect();
  return performance.now() - began;
}"""

# The page's own policy forbids what waiting for an expression takes.
PAINTED = "() => new Promise(done => new PerformanceObserver(() => done()).observe({ type: 'paint', buffered: true }))"


def counted() -> Counter[str]:
    """Count the requests to DynamoDB from now on."""
    asked: Counter[str] = Counter()
    call: Any = DynamoHandler.call_action

    def counting(self: DynamoHandler) -> Any:
        asked[self.headers["X-Amz-Target"].rpartition(".")[2]] += 1
        return call(self)

    DynamoHandler.call_action = counting
    return asked


def measure_status(url: str, asked: Counter[str]) -> None:
    """Let the command tell where the fleet stands, and which numbers are not signed."""
    for options in ([], ["--unsigned"]):
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, "status", *options, "--served", url], cwd=ROOT, capture_output=True, check=True
        )
        lines = len(done.stdout.splitlines())
        told(f"{' '.join(['status', *options])}: {lines} lines after {time.monotonic() - began:.1f} s", asked)
        asked.clear()


def measure_page(page: Page, url: str, asked: Counter[str]) -> None:
    """Start the command and look at its page."""
    command = [*COMMAND, "page", "--served", url, "--no-open"]
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().split()[0]
            there = time.monotonic() - began
            page.goto(address, wait_until="commit")
            page.evaluate(PAINTED)
            painted = time.monotonic() - began
            page.wait_for_selector("#rows tr")
            read = time.monotonic() - began
            told(
                f"page: address after {there:.1f} s, first paint after {painted:.1f} s, all of it after {read:.1f} s",
                asked,
            )
            slowest = max(float(page.evaluate(SEARCH, "harbor dental"[:length])) for length in range(1, 14))
            told(f"search: at most {slowest:.0f} ms for a key", asked)
            asked.clear()
            with page.expect_response(lambda it: "/changes" in it.url):
                pass
            told("a later look", asked)
        finally:
            process.kill()


def told(words: str, asked: Counter[str]) -> None:
    """Print a figure, and what DynamoDB was asked so far."""
    requests = ", ".join(f"{count} {name}" for name, count in sorted(asked.items()))
    sys.stdout.write(f"{words}; DynamoDB: {requests or 'nothing'}\n")


def main(subaccounts: int, numbers: int) -> None:
    """Fill the table and measure."""
    with SimulatedPlace(load_fleet(str(SMALL_FLEET))) as place, AwsServer() as aws, sync_playwright() as playwright:
        table = dynamodb_backends[ACCOUNT][REGION].tables[place.engine.environment["TABLE_NAME"]]
        for item in items(subaccounts, numbers, datetime.now(UTC)):
            table.put_item(in_dynamodb_json(item))
        asked = counted()
        measure_status(aws.url, asked)
        with launched(playwright) as browser:
            measure_page(browser.new_page(), aws.url, asked)


if __name__ == "__main__":
    main(*(int(it) for it in (sys.argv[1:] or ("5000", "20"))))
