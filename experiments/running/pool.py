"""A pool of processes for what plays no jobs: functions that are called side by side."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from experiments.running.worker import start_worker
from experiments.workers import CURE, get_spawn_context
from sim.errors import InputError


@contextmanager
def open_process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose workers are told to stop, and do, when this block ends early.

    Raises:
        InputError: a worker died.
    """
    pool = ProcessPoolExecutor(workers, mp_context=get_spawn_context(), initializer=start_worker)
    try:
        yield pool
    except BrokenProcessPool:
        raise InputError(f"a worker died: in a script, {CURE}; where memory is short, say fewer workers=N") from None
    except BaseException:
        started = list((pool._processes or {}).values())  # the pool forgets them when it shuts down
        pool.shutdown(wait=False, cancel_futures=True)
        for process in started:
            process.terminate()
        raise
    pool.shutdown()
