"""Joining a Ray cluster: one line where that fails, and whether the cluster is still there and plays the same bits."""

import logging
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import ray
from ray.exceptions import RayError

from experiments.running.ray_worker import describe_machine
from sim.errors import InputError


def connect(address: str) -> None:
    """Become a driver of the cluster.

    Raises:
        InputError: nobody answers there, or not to us.
    """
    where = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    try:
        host, _, port = where.rpartition(":")
        if host and port.isdigit() and "/" not in host:  # Ray itself would try for two minutes
            socket.create_connection((host, int(port)), timeout=5).close()
        with _silence_stderr():
            ray.init(where, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError, RayError) as error:
        said = "its token is another" if "InvalidAuthToken" in str(error.__cause__) else " ".join(str(error).split())
        raise InputError(
            f"address={address} cannot be joined ({said}): name HOST:PORT of a running Ray cluster that this "
            "machine belongs to, and set RAY_AUTH_MODE and RAY_AUTH_TOKEN as its nodes have them"
        ) from None


def has_head() -> bool:
    """Return whether the cluster's head listens: without it, Ray answers nothing that is asked of the cluster."""
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    with suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), timeout=5):
        return True
    return False


def check_versions(address: str, theirs: Mapping[str, str | None]) -> None:
    """Raise InputError unless the machine at `address`, which says `theirs`, is `about()` what this one is."""
    for name, mine in describe_machine().items():
        if theirs.get(name) != mine:
            what = "other sources of this project" if name == "sources" else f"{name} {theirs.get(name)}, not {mine}"
            raise InputError(
                f"{address} has {what}: runs would differ from those of this machine; install the same there"
            )


@contextmanager
def _silence_stderr() -> Iterator[None]:
    """Let nobody see what is written to stderr inside this, not even by Ray's own compiled code."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
