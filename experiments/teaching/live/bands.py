"""The band of eight seeds beside a live world: played by worker processes that all sessions of a server share."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import parent_process
from threading import Lock, Thread
from typing import Any

from experiments.teaching.curves import Curves, compute_band, compute_curves
from experiments.teaching.live.choice import Choice, build_setup
from experiments.teaching.replay_runs import ReplayJob, run_job
from experiments.workers import get_spawn_context

SEEDS, HOURS = 8, 264
MOST_PEOPLE = 5000  #: above it there is no band: eight pairs would take too long
_LOCK = Lock()


@lru_cache(1)
def get_pool() -> ProcessPoolExecutor:
    """Return the workers of this server: one, so that worlds that are looked at keep a core."""
    return ProcessPoolExecutor(1, mp_context=get_spawn_context(), initializer=_end_with_server)


def _end_with_server() -> None:
    """End this worker when the server ends, however that happens: a pool's workers outlive one that is killed."""
    Thread(target=_wait_for_end, name="server", daemon=True).start()


def _wait_for_end() -> None:
    if server := parent_process():
        server.join()
        os._exit(0)


def simulate_pair(choice: Choice) -> tuple[Curves, Curves]:
    """Return the curves of one seed, without what the scenario is about and with it."""
    stage = build_setup(choice)
    histories = run_job(ReplayJob(stage.settings, choice.seed, HOURS, 0)).histories
    return compute_curves(histories[0], stage.own), compute_curves(histories[-1], stage.own)


class Bands:
    """Simulates the seeds after the chosen one and reports the band again after every seed.

    Args:
        choice: what is played; its own seed is the first of `SEEDS`.
        tell: receives how many seeds were played, and {low, high} of the worlds without and with the campaign.
    """

    def __init__(self, choice: Choice, tell: Callable[[int, list[dict[str, Any]]], None]) -> None:
        self.tell, self._pairs, self._lock = tell, [], Lock()  # type: ignore[var-annotated]
        seeds = range(choice.seed, choice.seed + SEEDS) if choice.people <= MOST_PEOPLE else ()
        with _LOCK:
            self._waiting = [get_pool().submit(simulate_pair, choice._replace(seed=seed)) for seed in seeds]
        for future in self._waiting:
            future.add_done_callback(self._collect)

    def cancel(self) -> None:
        """Stop simulating."""
        for future in self._waiting:
            future.cancel()
        self.tell = lambda seeds, worlds: None

    def _collect(self, future: "Future[tuple[Curves, Curves]]") -> None:
        if future.cancelled() or future.exception():
            return
        with self._lock:
            self._pairs.append(future.result())
            if len(self._pairs) < 2:
                return
            worlds = [compute_band([both[arm] for both in self._pairs]) for arm in (0, 1)]
            self.tell(
                len(self._pairs), [dict(zip(("low", "high"), map(_to_plain, ends), strict=True)) for ends in worlds]
            )


def _to_plain(lines: Curves) -> dict[str, list[float | None]]:
    return {
        name: [None if value != value else value for value in line.round(4).tolist()] for name, line in lines.items()
    }
