"""`shaken-stir status` on what `make serve` keeps up: each question by one command."""

import csv
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shaken_stir.engine.server import AwsServer
from shaken_stir.simulated.place import SimulatedPlace
from simulator.addresses import THIS_MACHINE, Address
from simulator.fleet import Fleet
from tests.commands.output import run
from tests.commands.schemas import parsed
from tests.commands.simulated.running import Done, shaken_stir
from tests.world import NAMED, a_fleet, account, phone_number, subaccount

REFUSED = {"code": 22205, "message": "It belongs to another account"}


def fleet() -> Fleet:
    """Three subaccounts: all is well with one, one has a refused and a foreign number, one cannot be read."""
    odd = subaccount(2)
    odd["numbers"][0]["refuse"] = REFUSED
    odd["numbers"][1]["phone_number"] = "+14165550110"
    broken = {"operation": f"GET */{account(3)}/IncomingPhoneNumbers.json", "status": 400, "code": 20001, "times": 0}
    hostile = subaccount(1, friendly_name="=Evil\u202e\nshop")
    return Fleet.model_validate(a_fleet(subaccounts=[hostile, odd, subaccount(3)], faults=[broken]))


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """Where AWS is served after a run over the fleet."""
    with SimulatedPlace(fleet(), 0.01) as local, AwsServer(Address(THIS_MACHINE, 0)) as aws:
        local.run(NAMED)
        yield aws.url


def status(served: str, *arguments: str) -> Done:
    return shaken_stir("status", "--served", served, *arguments)


def test_which_numbers_are_not_signed_and_whose_move_it_is(served: str) -> None:
    done = status(served, "--unsigned")

    assert done.code == 0
    assert done.out.startswith("2 of 3 eligible numbers are signed; 1 needs you; 1 subaccount failed.\n")
    refused = next(line for line in done.out.splitlines() if phone_number(2, 0) in line)
    assert "refused since" in refused
    assert "Twilio refused it: It belongs to another account (code 22205); tried again after" in refused
    assert "Operator's move:" in refused
    assert "(docs/errors.md#22205)" in refused
    foreign = next(line for line in done.out.splitlines() if phone_number(2, 1) in line)
    assert "its region is CA, not US" in foreign
    assert phone_number(1, 0) not in done.out
    assert done.out.endswith("2 numbers: 1 refused, 1 ineligible.\n")


def test_each_subaccount_is_a_line_and_what_needs_a_person_comes_first(served: str) -> None:
    lines = status(served).out.splitlines()

    first = lines.index("Needs a person (2 subaccounts):")
    calm = lines.index("Nothing to do (1 subaccount):")
    assert first < calm
    assert {account(number) for number in (2, 3) if account(number) in "\n".join(lines[first:calm])} == {
        account(2),
        account(3),
    }
    failing = next(line for line in lines if line.startswith(f"  Subaccount 3 ({account(3)})"))
    assert "failing since" in failing
    assert "TwilioRefused" in failing or "docs/errors.md#twilio-refused" in failing
    assert failing.endswith("; never a success")
    assert "All: 2 signed, 1 refused, 1 ineligible in 3 subaccounts." in lines


def test_names_are_shown_and_not_obeyed(served: str) -> None:
    assert r"=Evil\u202e\nshop" in status(served).out


def test_one_subaccount_s_numbers(served: str) -> None:
    done = status(served, account(1))

    assert phone_number(1, 0) in done.out
    assert "signed since" in done.out
    assert account(2) not in done.out


def test_one_number_by_its_sid_says_where_it_stands_and_what_to_do(served: str) -> None:
    done = status(served, phone_number(2, 0))

    assert (done.code, done.err) == (0, "")
    [about] = [part for part in done.out.split("\n\n") if f"({phone_number(2, 0)})" in part]
    assert re.search(r"Signed: +no since .* UTC: Twilio refused it: It belongs .* \(code 22205\)", about)
    assert re.search(r"Do this: +.*\(docs/errors.md#22205\)", about)
    assert re.search(rf"Account: +Subaccount 2 \({account(2)}\)", about)
    assert phone_number(2, 1) not in done.out


def test_one_number_as_it_is_dialled_is_every_record_of_it(served: str) -> None:
    done = status(served, "+14165550110")

    assert re.search(r"Signed: +no since .* UTC: its region is CA, not US\n", done.out)
    assert f"+14165550110 ({phone_number(2, 1)})" in done.out


def test_a_number_that_no_run_has_seen_is_told_so(served: str) -> None:
    done = status(served, "+12125550199")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("shaken-stir status: No run has seen +12125550199 (read from the local stack at ")


def test_a_subaccount_that_nobody_knows_is_told_so(served: str) -> None:
    done = status(served, account(9))

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"shaken-stir status: No run has worked on {account(9)} (read from the local stack at ")


def test_what_has_changed_since_yesterday(served: str) -> None:
    lines = status(served, "--since", "24h").out.splitlines()

    assert lines[-1] == "4 came, 2 signed, 0 lost, 0 went."
    assert sum(" signed " in line for line in lines[2:-1]) == 2


@pytest.mark.parametrize(
    ("arguments", "lines"), [([], 4), (["--unsigned"], 2), (["--reason", "refused"], 1), ([account(1)], 2)]
)
def test_the_list_for_compliance(served: str, arguments: list[str], lines: int) -> None:
    done = status(served, "--csv", "-", *arguments)

    assert done.code == 0
    assert len(list(csv.DictReader(io.StringIO(done.out)))) == lines


def test_a_list_is_written_to_a_file_and_no_formula_is_in_it(served: str, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"

    done = status(served, "--csv", str(file))

    assert done.out.endswith(f"4 numbers written to {file}.\n")
    with file.open(newline="", encoding="utf-8") as opened:
        names = {line["account_name"] for line in csv.DictReader(opened)}
    assert names == {r"'=Evil\u202e\nshop", "Subaccount 2"}


@pytest.mark.parametrize("option", ["--csv", "--html"])
def test_a_file_of_numbers_is_its_owner_s_alone_and_no_link_is_followed(
    served: str, tmp_path: Path, option: str
) -> None:
    file, link = tmp_path / "numbers", tmp_path / "link"
    file.write_text("")
    file.chmod(0o644)
    link.symlink_to(tmp_path / "elsewhere")

    assert status(served, option, str(file)).code == 0
    refused = status(served, option, str(link))

    assert file.stat().st_mode & 0o777 == 0o600
    assert (refused.code, refused.err) == (
        2,
        f"shaken-stir status: {link} cannot be written (it is a link); name another file.\n",
    )
    assert not (tmp_path / "elsewhere").exists()


def test_a_list_that_goes_to_a_file_is_not_printed_too(served: str, tmp_path: Path) -> None:
    file = tmp_path / "unsigned.csv"

    done = status(served, "--unsigned", "--csv", str(file))

    assert phone_number(2, 0) not in done.out
    assert done.out.endswith(f"2 numbers written to {file}.\n")
    assert len(file.read_text(encoding="utf-8").splitlines()) == 3


def test_the_page_is_written_as_one_file_that_names_what_needs_a_person(served: str, tmp_path: Path) -> None:
    file = tmp_path / "fleet.html"

    done = status(served, "--html", str(file))

    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(f"4 numbers written to {file}.\n")
    page = file.read_text(encoding="utf-8")
    assert "<h1>2 of 3 eligible numbers are signed; 1 needs you; 1 subaccount failed.</h1>" in page
    assert "It belongs to another account" in page
    assert phone_number(1, 0) in page
    assert "<script src" not in page
    assert 'rel="stylesheet"' not in page


def test_a_reader_that_has_seen_enough_of_a_list_gets_no_traceback(
    served: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.close(read)

    # What is left in the output is written when it is closed, as when a process ends.
    with monkeypatch.context() as patched, os.fdopen(write, "w", encoding="utf-8") as output:
        patched.setattr(sys, "stdout", output)
        code = run(patched, ("status", "--served", served, "--csv", "-"), terminal=False)

    assert (code, capsys.readouterr().err) == (141, "")


def test_a_file_that_cannot_be_written_is_told_so(served: str, tmp_path: Path) -> None:
    done = status(served, "--csv", str(tmp_path / "no" / "file.csv"))

    assert done.code == 2
    assert done.err == (
        f"shaken-stir status: {tmp_path}/no/file.csv cannot be written (No such file or directory); "
        "name another file.\n"
    )


def test_json_has_the_fleet_and_what_was_asked_for(served: str) -> None:
    told = parsed(status(served, "--json", "--reason", "refused").out, "status")

    assert told["fleet"]["counts"] == {
        "by_reason": {"signed": 2, "refused": 1, "ineligible": 1},
        "eligible": 3,
        "signed": 2,
        "need_a_person": 1,
    }
    assert [it["phone_number_sid"] for it in told["numbers"]] == [phone_number(2, 0)]
    assert set(told) == {"fleet", "numbers"}


def test_json_has_the_changes_since_a_time_and_nothing_that_was_not_asked_for(served: str) -> None:
    since = parsed(status(served, "--json", "--since", "1h").out, "status")

    assert set(since) == {"fleet", "changes"}
    assert {it["change"] for it in since["changes"]} == {"came", "signed"}
    assert all(it["at"].endswith("+00:00") for it in since["changes"])
    assert set(parsed(status(served, "--json").out, "status")) == {"fleet"}


def test_the_exit_code_says_that_a_person_must_act(served: str) -> None:
    assert status(served, "--exit-code").code == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--strict"], "--strict says when --exit-code ends with 3; add --exit-code"),
        (["--since", "yesterday"], "argument --since: yesterday is not a number of minutes, hours or days"),
        (["--since", "1h", "--unsigned"], "--since tells changes"),
        (["--reason", "odd"], "argument --reason: odd is none of signed, in-review"),
        (["PN1"], "PN1 is not a SID (AC or PN and 32 hexadecimal digits) or a number such as +13035550121"),
        (["--stack", "one", "--live"], "--stack and --live are different places; name one"),
        (["--state", "file"], "--state belongs to --live"),
        (["--twilio", "http://127.0.0.1:8010"], "--twilio belongs to --live, or to a comparison with --check"),
        (["--csv", "-", "--json"], "--csv - and --json both write to standard output"),
        (["--check", "--unsigned"], "--check tells differences, the other options tell numbers"),
        (["--watch", "--exit-code"], "--watch goes on until Ctrl-C; leave out --check, --csv, --html and --exit-code"),
        (["--csv", ""], "argument --csv: the name is empty"),
    ],
)
def test_what_does_not_fit_is_wrong_usage(arguments: list[str], says: str) -> None:
    done = shaken_stir("status", *arguments)

    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_where_nothing_is_served_it_says_what_to_do() -> None:
    done = shaken_stir("status", "--served", "http://127.0.0.1:1")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "shaken-stir status: Nothing is served at http://127.0.0.1:1; start it with `make serve`"
    )
