"""What `shaken-stir status --check` says at its end, and when it sends somebody to the next run."""

import io

import pytest
from rich.console import Console

from shaken_stir.cli.status_check import tell
from shaken_stir.status.check import Compared, Difference

ACCOUNT = "AC" + "1" * 32
LOST = Difference(account_sid=ACCOUNT, phone_number_sid="PN" + "1" * 32, says="+15125550100 is lost.")
REFUSED = Difference(account_sid=ACCOUNT, says="No profile is approved.", corrected=False)


@pytest.mark.parametrize(
    ("differences", "last"),
    [
        ([], "0 differences."),
        ([LOST], "1 difference. The next run over the whole fleet corrects them."),
        ([LOST, REFUSED], "2 differences."),
    ],
)
def test_only_what_a_run_corrects_is_left_to_the_next_run(differences: list[Difference], last: str) -> None:
    out = io.StringIO()

    tell(Console(file=out, width=200), Compared(compared=4, differences=differences))

    lines = out.getvalue().splitlines()
    assert lines[:-1] == [it.says for it in differences]
    assert lines[-1] == f"4 numbers of the table compared with Twilio: {last}"
