"""How worker processes start: by `spawn` on every system, so that what runs on one runs on all."""

from multiprocessing import current_process, get_context
from multiprocessing.context import SpawnContext

CURE = "start workers under if __name__ == '__main__', since every worker loads the script anew"


def get_spawn_context() -> SpawnContext:
    """Return the context that starts workers, the only one in this project.

    Raises:
        SystemExit: a worker asks for it while it loads a script that starts workers unguarded, in one line.
    """
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(CURE)
    return get_context("spawn")
