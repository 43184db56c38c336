"""What a run tells of its subaccounts while it goes on."""

from shaken_stir.project import EXAMPLE_EVENT, load_event
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Snapshot
from simulator.fleet import load_fleet


def test_what_is_told_of_each_subaccount_comes_to_what_the_report_says() -> None:
    with SimulatedPlace(load_fleet("3x2"), 0.02) as local:
        for _ in range(2):
            told = list[Snapshot]()
            report = local.run(load_event(EXAMPLE_EVENT), told.append)

            last = {row.sid: (row.status, row.numbers) for snapshot in told for row in snapshot.rows}
            assert last == {sid: (it.status, it.numbers) for sid, it in report.subaccounts.items()}
            assert len(last) == 3
            known = [snapshot.subaccounts for snapshot in told]
            assert set(known) <= {None, 3}
            assert known[-1] == 3
            assert known == sorted(known, key=bool)
