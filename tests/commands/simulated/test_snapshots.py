"""What a run tells of its subaccounts while it goes on."""

from shaken_stir.project import EXAMPLE_EVENT, load_event
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Row, Snapshot
from simulator.fleet import load_fleet


def test_what_is_told_of_each_subaccount_comes_to_what_the_report_says() -> None:
    told: list[Row] = []

    def on_change(snapshot: Snapshot) -> None:
        told.extend(snapshot.rows)

    with SimulatedPlace(load_fleet("7x3"), 0.05) as local:
        for _ in range(2):
            told.clear()
            report = local.run(load_event(EXAMPLE_EVENT), on_change)

            last = {row.sid: (row.status, row.numbers) for row in told}
            assert last == {sid: (it.status, it.numbers) for sid, it in report.subaccounts.items()}
            assert len(last) == len(local.fleet.subaccounts)
