"""The defects of `make defects` fit the code as it is: each can be planted, and the tests that are to see it exist."""

import pytest

from tools.planted_defects import DEFECTS, ROOT, Defect


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda it: it.name)
def test_a_defect_can_be_planted(defect: Defect) -> None:
    assert (ROOT / defect.file).read_text(encoding="utf-8").count(defect.right) == 1
    assert defect.right != defect.wrong
    for place in (defect.tests, *(it for it in defect.faults if it.startswith("tests/"))):
        assert (ROOT / place).exists()
