"""What benchmarks measure is there: they wrap methods by name, from outside."""

import pytest

from benchmarks.phases import ENGINE, PLAIN, THREADED, Calls, time_phases
from sim.world import World


@pytest.mark.parametrize("calls", [ENGINE, THREADED, PLAIN], ids=["engine", "threaded", "plain"])
def test_every_call_that_is_timed_exists(calls: Calls) -> None:
    with time_phases(calls) as seconds:
        assert not seconds


def test_every_phase_of_the_engine_takes_time() -> None:
    world = World(**{"population.size": 200, "campaign.start": 1})
    with time_phases(ENGINE) as seconds:
        world.run(12)
    assert set(seconds) == set(ENGINE)
    assert min(seconds.values()) > 0.0
