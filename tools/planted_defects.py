"""Defects that the tests must see: each is planted in a copy of the checkout, and has to turn at least one test red.

    .venv/bin/python -m tools.planted_defects                          # all of them
    .venv/bin/python -m tools.planted_defects "no lease" "success on 409"
    .venv/bin/python -m tools.planted_defects --faults                 # those that `make faults` must see, by its tests

The tests run until the first one fails, which is named: first the file that is expected to see it, then all.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
LAYER: Final = "functions/onboarding"
TESTS: Final = ("tests/unit", "tests/steps", "tests/machine")
_NOT_COPIED: Final = shutil.ignore_patterns(
    ".git", ".venv", ".tools", ".aws-sam", "__pycache__", ".*_cache", ".hypothesis", "build"
)


class DefectError(ValueError):
    """A defect cannot be planted, or its tests cannot be run; the message is one sentence for a person."""


@dataclass(frozen=True)
class Defect:
    """A defect: in this file, this text becomes another.

    Attributes:
        name: What is wrong then.
        file: Where, from the checkout's root.
        tests: The file of tests that is expected to see it; if it does not, all are run.
        right: The text as it is, which stands there once.
        wrong: What becomes of it.
        faults: How `make faults` sees it: arguments of pytest that choose some of its tests; empty if it need not.
    """

    name: str
    file: str
    tests: str
    right: str
    wrong: str
    faults: tuple[str, ...] = ()

    def plant(self, checkout: Path) -> None:
        """Change the file in a checkout.

        Raises:
            DefectError: The text does not stand there exactly once.
        """
        path = checkout / self.file
        text = path.read_text(encoding="utf-8")
        if (count := text.count(self.right)) != 1:
            raise DefectError(
                f"{self.name!r} cannot be planted: {self.right!r} stands {count} times in {self.file}, not once; "
                "correct the defect in tools/planted_defects.py."
            )
        path.write_text(text.replace(self.right, self.wrong), encoding="utf-8")


DEFECTS: Final = (
    Defect(
        "no lease",
        f"{LAYER}/table/leases.py",
        "tests/unit/onboarding/table/test_leases.py",
        '"attribute_not_exists(lease_execution) OR',
        '"attribute_not_exists(no_such_attribute) OR',
    ),
    Defect(
        "no lease, nor a proof of one",
        f"{LAYER}/table/leases.py",
        "tests/unit/onboarding/table/test_leases.py",
        'LEASE_IS_OURS = "lease_token = :lease_token"',
        'LEASE_IS_FREE = f"{LEASE_IS_FREE} OR attribute_exists(pk)"\n'
        'LEASE_IS_OURS = "lease_token = :lease_token OR attribute_exists(pk)"',
        faults=("tests/steps/test_two_at_once.py",),
    ),
    Defect(
        "no look before a POST",
        f"{LAYER}/assigning.py",
        "tests/steps/test_assigning.py",
        "    found = assignments.find(by_sid)\n",
        "    found = dict[str, str]()\n",
        faults=("tests/steps/faults/test_twilio_fails.py", "-k", "assign and work"),
    ),
    Defect(
        "no look before a Trust Product is made",
        "functions/find_or_create_trust_product.py",
        "tests/steps/test_two_at_once.py",
        "        if found := find(hub, event, table, times.list_settle_seconds):\n            return found\n",
        "",
        faults=("tests/steps/test_two_at_once.py", "-k", "find_or_create"),
    ),
    Defect(
        "no look before a Trust Product is submitted",
        "functions/submit_trust_product.py",
        "tests/steps/test_submit_trust_product.py",
        "        if before not in SUBMITTABLE:\n            return before\n        if (after := send",
        "        if (after := send",
    ),
    Defect(
        "a POST repeated after a lost answer",
        f"{LAYER}/twilio/http.py",
        "tests/unit/onboarding/test_twilio_errors.py",
        '(method == "GET" and server_error)',
        "server_error",
        faults=("tests/steps/test_no_post_twice.py",),
    ),
    Defect(
        "no wait after a lost answer",
        f"{LAYER}/assigning.py",
        "tests/steps/test_no_post_twice.py",
        "settled=not tried.unanswered",
        "settled=True",
        faults=("tests/steps/test_no_post_twice.py",),
    ),
    Defect(
        "a dropped page of numbers",
        "functions/list_phone_numbers.py",
        "tests/steps/test_plan.py",
        "numbers, next_page = page.records, page.next_page",
        "numbers, next_page = page.records, None",
        faults=("tests/steps/faults/test_twilio_fails.py", "-k", "second and page"),
    ),
    Defect(
        "a look-up that believes the filter",
        f"{LAYER}/twilio/assignments.py",
        "tests/unit/onboarding/test_answers.py",
        " if it.channel_endpoint_sid in sids]",
        "]",
    ),
    Defect(
        "a 404 of another server",
        f"{LAYER}/twilio/http.py",
        "tests/unit/onboarding/test_twilio_errors.py",
        "code != NOT_FOUND",
        "False",
    ),
    Defect(
        "success on 409",
        f"{LAYER}/assigning.py",
        "tests/steps/test_assigned_elsewhere.py",
        "    refused = {sid: refusal for sid, refusal in tried.refused.items() if sid not in there}\n",
        "    refused = {\n        sid: refusal\n        for sid, refusal in tried.refused.items()\n"
        "        if sid not in there and refusal.status != HTTPStatus.CONFLICT\n    }\n",
        faults=("tests/steps/faults/test_twilio_fails.py", "-k", "409 and assign"),
    ),
    Defect(
        "a mask removed",
        f"{LAYER}/masking.py",
        "tests/unit/onboarding/test_masking.py",
        "    return same_name(mask(said)).with_traceback",
        "    return same_name(said).with_traceback",
    ),
    Defect(
        "a wrong stage",
        f"{LAYER}/phone_numbers.py",
        "tests/unit/onboarding/test_phone_numbers.py",
        "        return self._moved(Stage.ON_TRUST_PRODUCT, trust_product_sid=sid",
        "        return self._moved(Stage.ON_BUSINESS_PROFILE, trust_product_sid=sid",
    ),
    Defect(
        "a forged callback accepted",
        "functions/status_callback.py",
        "tests/steps/test_status_callback.py",
        "        return _answer(HTTPStatus.FORBIDDEN)\n",
        "        pass\n",
        faults=("tests/steps/test_forged_callbacks.py",),
    ),
    Defect(
        "only the last value of a doubled parameter checked",
        f"{LAYER}/twilio/callback.py",
        "tests/steps/test_forged_callbacks.py",
        "        return self[name]\n",
        "        return self[name][-1:]\n",
        faults=("tests/steps/test_forged_callbacks.py",),
    ),
    Defect(
        "a token stored too late",
        "functions/await_review.py",
        "tests/steps/test_await_review.py",
        "    add_waiter(table, sid, waiter, event.poll_seconds)\n"
        "    product = trust_hub.of_parent(environment).seen_trust_product(sid, environment.list_settle_seconds)\n",
        "    product = trust_hub.of_parent(environment).seen_trust_product(sid, environment.list_settle_seconds)\n"
        "    add_waiter(table, sid, waiter, event.poll_seconds)\n",
    ),
    Defect(
        "a rejection taken for a verdict to wait for",
        "functions/check_trust_product.py",
        "tests/steps/test_check_trust_product.py",
        "    if product.status is Status.REJECTED:\n        raise",
        "    if False:\n        raise",
    ),
    Defect(
        "a refused number tried by every run",
        f"{LAYER}/phone_numbers.py",
        "tests/unit/onboarding/test_phone_numbers.py",
        "not named and _is_set_aside(known, bundles)",
        "False",
    ),
    Defect(
        "a refusal of the product booked to each number",
        f"{LAYER}/assigning.py",
        "tests/steps/test_assigning.py",
        "error.status in OF_THE_NUMBER and error.code not in OF_THE_BUNDLE",
        "error.status in OF_THE_NUMBER",
    ),
    Defect(
        "a number that lives released as an orphan",
        "functions/release_orphans.py",
        "tests/steps/test_find_orphans.py",
        "for orphan, it_is in zip(orphans, gone, strict=True) if it_is]",
        "for orphan, it_is in zip(orphans, gone, strict=True)]",
    ),
    Defect(
        "an orphan released that one run alone has named",
        "functions/release_orphans.py",
        "tests/steps/test_find_orphans.py",
        "if orphan.named_before]",
        "]",
    ),
    Defect(
        "a lag taken for a loss",
        "functions/audit_assignments.py",
        "tests/steps/test_audit_assignments.py",
        "    corrections = look_again(hub, assigned, corrections, read_at, environment.list_settle_seconds)\n",
        "",
    ),
    Defect(
        "unprocessed writes dropped",
        f"{LAYER}/table/dynamodb.py",
        "tests/unit/onboarding/table/test_batches.py",
        'pending = self._client.batch_write_item(RequestItems=pending)["UnprocessedItems"]',
        'pending = self._client.batch_write_item(RequestItems=pending)["UnprocessedItems"] and {}',
        faults=("tests/steps/faults/test_aws_fails.py", "-k", "BatchWriteItem"),
    ),
    Defect(
        "unprocessed reads dropped",
        f"{LAYER}/table/dynamodb.py",
        "tests/unit/onboarding/table/test_batches.py",
        'pending = answer["UnprocessedKeys"]',
        'pending = answer["UnprocessedKeys"] and {}',
        faults=("tests/steps/faults/test_aws_fails.py", "-k", "BatchGetItem"),
    ),
    Defect(
        "older news of the product over newer",
        f"{LAYER}/table/products.py",
        "tests/unit/onboarding/table/test_products.py",
        '        if known and str(item.get("observed_at", "")) > observed_at:\n            return',
        '        if known and str(item.get("observed_at", "")) > observed_at and False:\n            return',
    ),
    Defect(
        "the end of a validity announced by every run",
        f"{LAYER}/validity.py",
        "tests/unit/onboarding/test_validity.py",
        "    return due if validity.announced is None or due < validity.announced else None\n",
        "    return due\n",
    ),
    Defect(
        "the end of a validity noted as announced that was not",
        f"{LAYER}/announcements.py",
        "tests/steps/test_validity_ending.py",
        "        return False\n",
        "        return True\n",
    ),
    Defect(
        "numbers of any region signed",
        f"{LAYER}/eligibility.py",
        "tests/unit/onboarding/test_eligibility.py",
        "    if region in regions:\n",
        "    if region:\n",
    ),
    Defect(
        "a profile that is not approved used",
        "functions/find_business_profile.py",
        "tests/steps/test_find_business_profile.py",
        "    if profile.status is not Status.APPROVED:\n        raise",
        "    if False:\n        raise",
    ),
    Defect(
        "a subaccount's failure swallowed",
        "functions/record_subaccount.py",
        "tests/machine/test_failures.py",
        "    if not error:\n        return SubaccountStatus.ONBOARDED\n",
        "    if error or not error:\n        return SubaccountStatus.ONBOARDED\n",
        faults=("tests/steps/faults/test_twilio_fails.py", "-k", "assign and 401"),
    ),
    Defect(
        "a release believed without asking",
        "functions/list_phone_numbers.py",
        "tests/steps/test_list_phone_numbers.py",
        "zip(asked, hub.for_each(is_gone, asked), strict=True) if gone]",
        "zip(asked, hub.for_each(is_gone, asked), strict=True)]",
    ),
    Defect(
        "a rejection told without what the callback said",
        "functions/check_trust_product.py",
        "tests/steps/test_why_rejected.py",
        "    said = newest_failure_reason(",
        '    said = "" and newest_failure_reason(',
    ),
    Defect(
        "a rejection told without what the evaluation found",
        "functions/check_trust_product.py",
        "tests/steps/test_why_rejected.py",
        "        reasons += hub.newest_failures(news.sid)\n",
        "        pass\n",
    ),
    Defect(
        "a callback of an earlier review believed",
        "functions/check_trust_product.py",
        "tests/steps/test_why_rejected.py",
        "submitted_at(known.history) if known else None)",
        "None)",
    ),
    Defect(
        "a status that nobody knows taken for an error",
        f"{LAYER}/trust_products.py",
        "tests/steps/test_unknown_status.py",
        "        return _unknown(str(value))\n",
        "        raise ValueError(value)\n",
    ),
    Defect(
        "a submission believed that left a draft a draft",
        "functions/submit_trust_product.py",
        "tests/steps/test_submit_trust_product.py",
        "is not before:\n            return after\n        time.sleep",
        "or before:\n            return after\n        time.sleep",
    ),
    Defect(
        "a rejected product that is not taken again told as any refusal",
        "functions/submit_trust_product.py",
        "tests/steps/test_submit_trust_product.py",
        "        if before is Status.REJECTED and",
        "        if False and",
    ),
    Defect(
        "a number that is elsewhere refused without saying where",
        f"{LAYER}/assigning.py",
        "tests/steps/test_assigned_elsewhere.py",
        "        if (match := named[sid])\n",
        "        if (match := None and named[sid])\n",
    ),
    Defect(
        "a primary profile that is no business's never found",
        f"{LAYER}/business_profiles.py",
        "tests/steps/test_kinds_of_profiles.py",
        "    return [profile for profile in primary if profile.policy_sid == BUSINESS] or primary\n",
        "    return [profile for profile in primary if profile.policy_sid == BUSINESS]\n",
    ),
)


@contextmanager
def copied() -> Iterator[Path]:
    """Copy the checkout, without what is made anew; the copy is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(ROOT, copy, ignore=_NOT_COPIED, symlinks=True)
        yield copy


def first_failure(checkout: Path, tests: Iterable[str]) -> str | None:
    """Run tests until one fails.

    Args:
        checkout: Where; its own code is what is tested.
        tests: Files or folders, from the checkout's root, where what is not there is left out, and options of pytest.

    Returns:
        The test that failed, None if none did.

    Raises:
        DefectError: The tests could not be run.
    """
    paths = [checkout, checkout / "functions"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    there = [it for it in tests if not it.startswith("tests/") or (checkout / it).exists()]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-rfE",
        "-p",
        "no:cacheprovider",
        "-n",
        "2",
        "--dist",
        "loadgroup",
    ]
    done = subprocess.run(  # noqa: S603 - our own tests
        [*command, *there], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    if failed := re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE):
        return failed[1]
    raise DefectError(f"The tests did not run: {' '.join((done.stdout + done.stderr).split())[-500:]}.")


def main(arguments: list[str]) -> int:
    """Plant the defects one by one, and say which test saw each; gives 1 if one was not seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which; all when left out")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="all that may see them")
    parser.add_argument("--faults", action="store_true", help="those that `make faults` must see, by its tests")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - {defect.name for defect in DEFECTS}:
        parser.error(f"no such defect: {', '.join(sorted(unknown))}")
    unseen = 0
    for defect in DEFECTS:
        if (chosen.names and defect.name not in chosen.names) or (chosen.faults and not defect.faults):
            continue
        began = time.monotonic()
        with copied() as checkout:
            try:
                defect.plant(checkout)
                tests = [defect.faults] if chosen.faults else [[defect.tests], chosen.tests]
                seen_by = next(filter(None, (first_failure(checkout, it) for it in tests)), None)
            except DefectError as error:
                sys.stderr.write(f"{error}\n")
                return 2
        unseen += seen_by is None
        sys.stdout.write(f"{defect.name}: {seen_by or 'NOT SEEN'} ({time.monotonic() - began:.0f} s)\n")
        sys.stdout.flush()
    sys.stdout.write("All were seen.\n" if not unseen else f"{unseen} not seen.\n")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
