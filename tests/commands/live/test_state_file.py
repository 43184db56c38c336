"""What lies on the disk at any moment, and what a next run makes of it."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shaken_stir.engine.intrinsics import REGION
from shaken_stir.live.state_file import StateFile, StateFileError, default_path

ACCOUNT = "AC" + "1" * 32
TABLE = "progress"
SETTLE_SECONDS = 20.0
KEYS = ("pk", "sk")


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": "FLEET"}, "sk": {"S": name}}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name=REGION)
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
            KeySchema=[
                {"AttributeName": name, "KeyType": kind} for name, kind in zip(KEYS, ("HASH", "RANGE"), strict=True)
            ],
        )
        yield client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.json"


def journal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.journal")


def on_disk(path: Path) -> dict[str, dict[str, Any]]:
    """What a run would find that is started now."""
    return {item["sk"]["S"]: item for item in StateFile(path, ACCOUNT).look().items}


def in_the_file(path: Path) -> set[str]:
    return {item["sk"]["S"] for item in json.loads(path.read_text())["items"]}


def copied(path: Path, folder: Path) -> Path:
    """What a run that was killed now would leave behind."""
    folder.mkdir()
    for file in (path, journal_of(path)):
        shutil.copy(file, folder)
    return folder / path.name


def test_each_write_is_on_disk_before_it_is_answered(dynamodb: Any, path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        assert on_disk(path) == {}
        dynamodb.put_item(TableName=TABLE, Item=key("A") | {"status": {"S": "new"}})
        assert on_disk(path)["A"]["status"] == {"S": "new"}
        dynamodb.update_item(
            TableName=TABLE,
            Key=key("A"),
            UpdateExpression="SET numbers = :numbers REMOVE #status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":numbers": {"M": {"refused": {"N": "2"}}}},
        )
        assert on_disk(path)["A"] == key("A") | {"numbers": {"M": {"refused": {"N": "2"}}}}
        dynamodb.batch_write_item(
            RequestItems={
                TABLE: [{"PutRequest": {"Item": key("B")}}, {"DeleteRequest": {"Key": key("A")}}],
            }
        )
        assert on_disk(path).keys() == {"B"}
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": key("C")}}])
        assert on_disk(path).keys() == {"B", "C"}
        dynamodb.delete_item(TableName=TABLE, Key=key("B"))
        assert on_disk(path).keys() == {"C"}

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_that_changes_nothing_and_a_read_leave_the_disk_alone(dynamodb: Any, path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("A"))
        before = path.stat().st_ino, journal_of(path).read_bytes()
        dynamodb.put_item(TableName=TABLE, Item=key("A"))
        dynamodb.get_item(TableName=TABLE, Key=key("A"))

        assert (path.stat().st_ino, journal_of(path).read_bytes()) == before


def test_a_write_costs_what_it_changes_however_much_is_known(dynamodb: Any, path: Path) -> None:
    def cost_of(name: str) -> int:
        before = journal_of(path).stat().st_size
        dynamodb.put_item(TableName=TABLE, Item=key(name))
        return journal_of(path).stat().st_size - before

    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        written_whole = path.stat().st_ino
        dynamodb.put_item(TableName=TABLE, Item=key("A000"))
        with_one = cost_of("A001")
        for number in range(2, 200):
            dynamodb.put_item(TableName=TABLE, Item=key(f"A{number:03}"))

        assert cost_of("A200") == with_one
        assert path.stat().st_ino == written_whole


def test_at_its_end_a_run_leaves_all_in_one_file(dynamodb: Any, path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("A"))
        dynamodb.put_item(TableName=TABLE, Item=key("B"))
        dynamodb.delete_item(TableName=TABLE, Key=key("A"))

    assert in_the_file(path) == {"B"}
    assert not journal_of(path).exists()


def test_a_file_of_before_there_were_journals_is_read(dynamodb: Any, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"format": 1, "account_sid": ACCOUNT, "items": [key("A")]}))

    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("B"))
        assert on_disk(path).keys() == {"A", "B"}

    assert in_the_file(path) == {"A", "B"}


def test_what_a_killed_run_was_about_to_write_is_of_no_account_and_the_rest_is_known(
    dynamodb: Any, path: Path, tmp_path: Path
) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("A"))
        dynamodb.put_item(TableName=TABLE, Item=key("B"))
        dynamodb.delete_item(TableName=TABLE, Key=key("A"))
        left_behind = copied(path, tmp_path / "killed")
    with journal_of(left_behind).open("a") as journal:
        journal.write('{"put": [{"pk"')
    dynamodb.delete_item(TableName=TABLE, Key=key("B"))

    assert on_disk(left_behind).keys() == {"B"}
    with StateFile(left_behind, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("C"))
        assert on_disk(left_behind).keys() == {"B", "C"}
    assert in_the_file(left_behind) == {"B", "C"}


def test_a_journal_that_goes_on_from_another_file_is_nobody_s(dynamodb: Any, path: Path, tmp_path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("OLD"))
        left_behind = copied(path, tmp_path / "killed")
        dynamodb.put_item(TableName=TABLE, Item=key("NEW"))
        dynamodb.delete_item(TableName=TABLE, Key=key("OLD"))
    shutil.copy(path, left_behind)  # as where a run is killed after it has written the file

    assert on_disk(left_behind).keys() == {"NEW"}


def test_a_journal_that_cannot_be_read_is_told(dynamodb: Any, path: Path, tmp_path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("A"))
        left_behind = copied(path, tmp_path / "killed")
    with journal_of(left_behind).open("a") as journal:
        journal.write("no operation\n")

    with pytest.raises(StateFileError, match=r"json\.journal is damaged \(.+\); move it away"):
        StateFile(left_behind, ACCOUNT).look()


def test_the_next_run_finds_the_table_but_no_lease_and_nothing_that_has_expired(dynamodb: Any, path: Path) -> None:
    now = int(time.time())
    lease = {"lease_execution": {"S": "gone"}, "lease_token": {"S": "t"}, "lease_expires_at": {"N": f"{now + 900}000"}}
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        for item in (
            key("WORKED_ON") | lease | {"unsettled_until": {"N": f"{now + 310}000"}},
            key("HELD") | lease,
            key("EXPIRED") | {"expires_at": {"N": str(now - 60)}},
            key("KEPT") | {"expires_at": {"N": str(now + 60)}},
        ):
            dynamodb.put_item(TableName=TABLE, Item=item)
    for name in ("WORKED_ON", "HELD", "EXPIRED", "KEPT"):
        dynamodb.delete_item(TableName=TABLE, Key=key(name))

    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS) as pause:
        found = {item["sk"]["S"]: item for item in dynamodb.scan(TableName=TABLE)["Items"]}

    assert found.keys() == {"WORKED_ON", "HELD", "KEPT"}
    assert found["HELD"] == key("HELD")
    assert found["WORKED_ON"].keys() == {"pk", "sk", "unsettled_until"}
    assert pause == SETTLE_SECONDS
    assert float(found["WORKED_ON"]["unsettled_until"]["N"]) / 1000 < now + 310


def test_a_note_of_a_run_that_came_to_a_proper_end_is_no_interruption(dynamodb: Any, path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(
            TableName=TABLE, Item=key("TRUST_PRODUCT") | {"unsettled_until": {"N": f"{int(time.time()) + 8}000"}}
        )

    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS) as pause:
        assert pause == 0


def test_what_cannot_be_written_is_not_answered_and_written_with_what_comes_next(dynamodb: Any, path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        journal_of(path).mkdir()

        with pytest.raises(StateFileError, match="cannot be written"):
            dynamodb.put_item(TableName=TABLE, Item=key("A"))

        journal_of(path).rmdir()
        assert on_disk(path) == {}
        dynamodb.put_item(TableName=TABLE, Item=key("B"))
        assert on_disk(path).keys() == {"A", "B"}


def test_a_file_that_a_killed_run_left_half_written_is_of_no_account(dynamodb: Any, path: Path) -> None:
    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        dynamodb.put_item(TableName=TABLE, Item=key("A"))
    path.with_name("state.json.new").write_text('{"format": 1, "acc')

    with StateFile(path, ACCOUNT) as file, file.kept(TABLE, SETTLE_SECONDS):
        assert on_disk(path).keys() == {"A"}


def test_one_at_a_time_and_the_next_one_after_it(path: Path) -> None:
    with StateFile(path, ACCOUNT), pytest.raises(StateFileError, match="Another run"), StateFile(path, ACCOUNT):
        pass
    with StateFile(path, ACCOUNT):
        pass


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StateFileError, match="choose another with --state"), StateFile(tmp_path / "file/s", ACCOUNT):
        pass
    with pytest.raises(StateFileError, match="choose another with --state"), StateFile(tmp_path, ACCOUNT):
        pass


def test_the_default_place_is_the_account_s_own_in_the_state_directory(tmp_path: Path) -> None:
    assert default_path(ACCOUNT, {"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / f"shaken-stir/{ACCOUNT}.json"
    in_home = Path.home() / f".local/state/shaken-stir/{ACCOUNT}.json"
    assert default_path(ACCOUNT, {}) == default_path(ACCOUNT, {"XDG_STATE_HOME": "relative"}) == in_home
