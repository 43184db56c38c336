"""Each bug of moto, shown twice: it is still there, and its patch fixes it. A red first one means: delete the patch."""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_batch

from shaken_stir.engine import moto_patches
from tests.engine import bugs_of_dynamodb, bugs_of_step_functions
from tests.engine.moto_running import Moto, running

BUGS = [*bugs_of_step_functions.BUGS, *bugs_of_dynamodb.BUGS]
each_bug = pytest.mark.parametrize(("fix", "is_there"), BUGS, ids=[bug.__name__ for _, bug in BUGS])


@each_bug
def test_moto_still_has_the_bug(
    fix: Callable[[], AbstractContextManager[None]], is_there: Callable[[Moto], bool]
) -> None:
    with running() as moto:
        assert is_there(moto), f"moto fixed this: delete the patch {fix.__name__}"


@each_bug
def test_the_patch_fixes_it(fix: Callable[[], AbstractContextManager[None]], is_there: Callable[[Moto], bool]) -> None:
    with fix(), running() as moto:
        assert not is_there(moto)


def test_every_patch_has_its_bug_shown() -> None:
    assert {fix for fix, _ in BUGS} == set(moto_patches.PATCHES)


def test_moto_still_loads_all_of_ec2_for_step_functions() -> None:
    loads = "from moto.batch.utils import JobStatus" in inspect.getsource(state_task_service_batch)

    assert loads, "moto fixed this: delete the stand-in for moto.batch.utils in shaken_stir/engine/__init__.py"
