"""A sweep in a process of its own, to be killed: python -m tests.sweep_driver FOLDER RUNS [FILE_SIZE]."""

import sys

from experiments.running import scheduler
from experiments.running.local import LocalEngine
from experiments.sweeps.store import Store
from sim.errors import InputError
from tests import sweep_tasks as tasks


def main(folder: str, runs: int, size: int | None) -> None:
    jobs = tasks.jobs([("slow" if number % 4 == 0 else "plain", float(number)) for number in range(runs)])
    if size is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with Store(folder, tasks.METRICS) as store:
        left = store.find_missing(jobs)
        engine = LocalEngine(tasks.measure_hours, tasks.prepare, 2, store.work)
        scheduler.schedule_jobs(store, engine, left, lambda state: None, flush=0.2)
        store.compact()
    print("done", flush=True)


if __name__ == "__main__":
    words = [*sys.argv[1:], None]
    try:
        main(words[0], int(words[1]), int(words[2]) if words[2] else None)
    except InputError as error:
        sys.exit(str(error))
