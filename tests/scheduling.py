"""Which tests run in one process, so that what they look at is had once.

xdist has marks for this (`xdist_group`), but with pytest 9.2 it overlooks them
(https://github.com/pytest-dev/pytest-xdist/issues/1386), and a hook that is its public one needs no marks.
"""

from typing import Final, override

from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = (
    "tests/commands/deployed/",
    "tests/commands/simulated/test_run_command.py",
    "tests/commands/simulated/test_serve_command.py",
    "tests/commands/simulated/test_status_command.py",
    "tests/contract/",
    "tests/machine/test_costs.py",
    "tests/machine/test_orphans.py",
    "tests/page/",
    "tests/template/",
)
"""Files, or folders, or how files begin, whose tests share a run, a stack, a tour, or what is slow to load."""


class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Hands out tests one by one, but those of a group to one process."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)
