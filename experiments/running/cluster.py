"""The engine of a Ray cluster that is there already: the engine of one machine on each of its machines."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from experiments.running.engine import EndedRuns, Engine, Limits, NoWorkerError
from experiments.running.jobs import Job
from experiments.running.outcomes import Outcome
from experiments.running.ray_setup import check_versions, connect, has_head
from experiments.running.ray_worker import RayWorker
from experiments.running.worker import Measure, Prepare
from sim.errors import InputError

POLL = 0.2  #: s
SCAN_INTERVAL = 2.0  #: s between two looks at which machines there are
PATIENCE = 60.0  #: s without any machine
NOTICE_DELAY = 10.0  #: s without a ready machine, after which the user is told
MAX_LOST_WORKERS = 5  #: Ray workers that may be lost in a row while nothing ends
GRACE = 10.0  #: s that Ray workers get to stop
HEADLESS = 20.0  #: s without the cluster's head


@dataclass
class Machine:
    """A machine at work: its worker and the jobs that it has."""

    node: str  #: Ray's name of it
    address: str
    workers: int
    worker: Any
    call: Any  #: what it is asked for now: first about itself, then turns; None between two turns
    ready: bool = False
    plays_alone: bool = False  #: has one job that may have killed a Ray worker, and gets no other
    jobs: dict[str, Job] = field(default_factory=dict)  #: by run id


class ClusterEngine(Engine):
    """Runs jobs on the machines of a running Ray cluster, those that join later too.

    Ray tries nothing again by itself: a lost Ray worker's jobs wait again here. Where its machine was lost with it, no
    job is to blame; where it died alone, each of its jobs is played without company, so that the one that killed it
    shows.

    Args:
        measure, prepare, limits: as for any engine.
        workers: processes on each machine; 0 for one on each core that Ray has there.
        work: folder of what the driver has received and not kept yet.
        address: HOST:PORT of the cluster, or auto for the one that this machine belongs to.
    """

    def __init__(
        self, measure: Measure, prepare: Prepare, workers: int, work: Path, limits: Limits | None, address: str
    ) -> None:
        super().__init__(measure, prepare, 0, work, limits)
        self.address, self._most = address, workers
        self._machines: dict[str, Machine] = {}
        self._looked, self._seen, self._headed = -SCAN_INTERVAL, 0.0, 0.0
        self._written = self._in_vain = 0
        self._told: list[int] = []  # signals

    def run_jobs(self, jobs: Sequence[Job]) -> Generator[EndedRuns, None, None]:
        """Yield what ended, some times a second, also when that is nothing."""
        self.add(jobs)
        if not self.count_left():
            return
        with self._connect():
            self._seen = self._headed = time.monotonic()
            while self.count_left():
                self._check_signal()
                self._scan_machines()
                self._assign_jobs()
                yield self._harvest()

    def _count_under_way(self) -> int:
        return sum(len(machine.jobs) for machine in self._machines.values())

    @contextmanager
    def _connect(self) -> Iterator[None]:
        mine, former = not ray.is_initialized(), signal.getsignal(signal.SIGTERM)
        if mine:
            connect(self.address)
        signal.signal(signal.SIGTERM, lambda number, frame: self._told.append(number))
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, former)
            if has_head():
                self._stop_workers()
            if mine:
                ray.shutdown()

    def _check_signal(self) -> None:
        """Leave if SIGTERM came: an exception that is raised while Ray waits would be lost there."""
        if self._told:
            raise SystemExit(128 + self._told[0])

    def _scan_machines(self) -> None:
        """Put a Ray worker on every machine that has none."""
        now = time.monotonic()
        if now - self._looked < SCAN_INTERVAL:
            return
        self._looked = now
        if not has_head():
            self._wait_for_head(now)
            return
        self._headed = now
        for node in ray.nodes():
            cores = int(node["Resources"].get("CPU", 0))
            if node["Alive"] and cores and node["NodeID"] not in self._machines and (self._queue or self._alone):
                workers = min(self._most or cores, cores)
                self._machines[node["NodeID"]] = self._start_worker(node["NodeID"], node["NodeManagerAddress"], workers)
        self.workers = sum(machine.workers for machine in self._machines.values())
        self._wait_for_machines(now)

    def _wait_for_head(self, now: float) -> None:
        if now - self._headed > HEADLESS:
            raise InputError(
                f"address={self.address}: the head of this cluster is gone: what is done is kept; start the "
                "cluster, and the same command continues"
            )

    def _start_worker(self, node: str, address: str, workers: int) -> Machine:
        where = blake2b(f"{socket.gethostname()} {self.work.resolve()} {address}".encode(), digest_size=8).hexdigest()
        options: dict[str, Any] = {"num_cpus": workers, "max_restarts": 0, "max_task_retries": 0}
        options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node, soft=False)
        kind: Any = ray.remote(RayWorker)
        ray_worker = kind.options(**options).remote(
            self.measure, self.prepare, workers, f"infowar-{where}", self.limits
        )
        return Machine(node, address, workers, ray_worker, ray_worker.describe_machine.remote())

    def _wait_for_machines(self, now: float) -> None:
        if any(machine.ready for machine in self._machines.values()):
            self._seen = now
        elif not self._machines and now - self._seen > PATIENCE:
            raise InputError(
                f"address={self.address}: no machine with a core is left in this cluster: start one, and the "
                "same command continues"
            )
        elif self._machines and NOTICE_DELAY < now - self._seen <= NOTICE_DELAY + SCAN_INTERVAL:
            wanted = ", ".join(f"{machine.workers} on {machine.address}" for machine in self._machines.values())
            print(f"waiting for free cores: {wanted}; workers=N asks for fewer on each machine", file=sys.stderr)

    def _assign_jobs(self) -> None:
        for machine in self._machines.values():
            if machine.ready and machine.call is None:
                jobs = self._select_jobs(machine)
                machine.jobs |= {job.run_id: job for job in jobs}
                if machine.jobs:
                    machine.call = machine.worker.run_turn.remote(jobs)

    def _select_jobs(self, machine: Machine) -> list[Job]:
        """Return some seconds of work for all workers of a machine, or one job that may have killed a Ray worker."""
        if not machine.jobs:
            machine.plays_alone = bool(self._alone)
        if machine.plays_alone:
            return [] if machine.jobs else [self._alone.popleft()]
        enough = machine.workers * (1 + self._estimate_batch_size() if self._ended else 1)
        return self._take_jobs(max(0, min(enough - len(machine.jobs), self._limit_share(machine.workers))))

    def _harvest(self) -> EndedRuns:
        calls = {machine.call: machine for machine in self._machines.values() if machine.call is not None}
        if not calls:
            time.sleep(POLL)
        outcomes: list[Outcome] = []
        for call in ray.wait(list(calls), timeout=POLL)[0] if calls else []:
            outcomes += self._receive(calls[call])
        return EndedRuns(outcomes, [self._write_journal(outcomes)] if outcomes else [])

    def _receive(self, machine: Machine) -> list[Outcome]:
        try:
            told = ray.get(machine.call)
        except RayTaskError as error:
            if isinstance(error.cause, OSError):
                raise InputError(f"{machine.address} cannot keep what it plays: {error.cause}") from None
            if isinstance(error.cause, NoWorkerError):
                raise NoWorkerError(f"{machine.address}: {error.cause}") from None
            raise RuntimeError(f"{machine.address}: {error.cause}") from None
        except RayError:
            return self._handle_loss(machine)
        machine.call = None
        if not machine.ready:
            check_versions(machine.address, told)
            machine.ready = True
            return []
        for outcome in told:
            del machine.jobs[outcome.run_id]
            self._record_outcome(outcome)
        self._in_vain = 0 if told else self._in_vain
        return list(told)

    def _handle_loss(self, machine: Machine) -> list[Outcome]:
        """Put a lost Ray worker's jobs back, and return the one that is known to have killed it twice."""
        del self._machines[machine.node]
        self.workers -= machine.workers
        if not has_head():
            self._put_back(machine.jobs.values())
            return []
        with suppress(RayError):
            ray.kill(machine.worker)
        if not any(node["Alive"] and node["NodeID"] == machine.node for node in ray.nodes()):
            self._put_back(machine.jobs.values())
            return []
        self._in_vain += 1
        if self._in_vain > MAX_LOST_WORKERS:
            raise NoWorkerError(
                f"{machine.address}: its Ray workers die before a run ends: see what Ray's logs there say of "
                "RayWorker; what is done is kept, and the same command continues"
            )
        if machine.plays_alone:
            return [
                outcome
                for job in machine.jobs.values()
                for outcome in self._retry_or_fail(job, "it killed its Ray worker")
            ]
        self._alone.extend(machine.jobs.values())
        return []

    def _write_journal(self, outcomes: Sequence[Outcome]) -> Path:
        """Write down what ended, so that a driver that is killed before it is kept loses nothing."""
        self._written += 1
        path = self.work / f"{os.getpid()}-{self._written}.jsonl"
        path.write_text("".join(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes), encoding="utf-8")
        return path

    def _stop_workers(self) -> None:
        """Stop every Ray worker and what it plays."""
        closing = [machine.worker.close.remote() for machine in self._machines.values() if machine.ready]
        with suppress(RayError):
            ray.wait(closing, num_returns=len(closing), timeout=GRACE) if closing else None
        for machine in self._machines.values():
            with suppress(RayError):
                ray.kill(machine.worker)
            self._put_back(machine.jobs.values())
        self._machines.clear()
