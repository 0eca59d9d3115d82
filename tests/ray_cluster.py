"""A Ray cluster of two nodes on loopback, for tests: started here, and stopped whatever happens.

Nodes are 127.0.0.2 and 127.0.0.3, since Ray takes 127.0.0.1 for the machine's own address. Everything that a node
starts is found again by `tests.open_process_pool`: Ray's own `ray stop` would stop the clusters of others too.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import MARK, gone

HEAD, OTHER = "127.0.0.2", "127.0.0.3"
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": uuid.uuid4().hex}  #: what nodes and drivers need to join
QUICK = {"RAY_health_check_initial_delay_ms": "1000", "RAY_health_check_period_ms": "500"}
QUICK |= {"RAY_health_check_failure_threshold": "4"}  # a dead node shows in two seconds
PLAIN = ["--disable-usage-stats", "--object-store-memory=80000000", "--min-worker-port=0", "--max-worker-port=0"]


class Cluster:
    """A cluster that runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder  # short: Ray puts sockets into it, whose names may have 107 letters
        with socket.socket() as free:
            free.bind((HEAD, 0))
            self.address = f"{HEAD}:{free.getsockname()[1]}"
        self._name = uuid.uuid4().hex
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, node: str) -> None:
        """Start a node of one core, unless it runs, and wait until it stands."""
        if node in self._started:
            return
        port = self.address.partition(":")[2]
        place = ["--head", f"--port={port}", f"--temp-dir={self.folder}", "--include-dashboard=false"]
        words = place if node == HEAD else [f"--address={self.address}"]
        command = [str(Path(sys.executable).with_name("ray")), "start", "--block", *words]
        self.temporary(node).mkdir()
        own = {MARK: self._mark(node), "TMPDIR": str(self.temporary(node))}
        said = self.folder / f"{node}.log"
        with said.open("w") as log:
            self._started[node] = subprocess.Popen(
                [*command, f"--node-ip-address={node}", "--num-cpus=1", *PLAIN],
                env=os.environ | QUICK | TOKEN | own,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 120
        while "Ray runtime started" not in said.read_text():
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.1)

    def temporary(self, node: str) -> Path:
        """Return the folder of temporary files of a node."""
        return self.folder / node

    def kill(self, node: str) -> None:
        """Kill all that a node has started, at once; its temporary files go with it."""
        if node in self._started:
            process = self._started.pop(node)
            gone(self._mark(node), kill=True, session=process.pid)
            process.wait()
            shutil.rmtree(self.temporary(node))

    def _mark(self, node: str) -> str:
        return f"{self._name}-{node}"


@contextmanager
def two_nodes() -> Iterator[Cluster]:
    """Yield a cluster of two nodes with a core each; afterwards nothing of it runs or lies about."""
    folder = Path(tempfile.mkdtemp(prefix="r"))
    cluster = Cluster(folder)
    try:
        cluster.start(HEAD)
        cluster.start(OTHER)
        yield cluster
    finally:
        for node in (OTHER, HEAD):
            cluster.kill(node)
        shutil.rmtree(folder)
