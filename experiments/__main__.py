"""One command for all apps: `infowar-lab APP KEY=VALUE`, and the same by `python -m experiments`."""

import runpy
import sys

from experiments.apps import BY_NAME, VERSION, list_apps
from experiments.exit_codes import report_mistakes
from sim.errors import InputError, suggest


def main() -> None:
    """List the apps, or run the one that the command line names."""
    with report_mistakes():
        name, *words = sys.argv[1:] or ["--help"]
        if name == "help":
            name, *words = [*words, "--help"]
        if name in ("--help", "-h"):
            print(list_apps(), flush=True)
            return
        if name == "--version":
            print(VERSION, flush=True)
            return
        if name not in BY_NAME and ("=" in name or name.startswith("-")):
            raise InputError(f"{name} is not an app: say infowar-lab APP KEY=VALUE (infowar-lab alone lists the apps)")
        if name not in BY_NAME:
            raise InputError(f"{name} is not an app: {suggest(name, BY_NAME)}")
    sys.argv[1:] = ["--help" if word == "help" else word for word in words]
    try:
        runpy.run_module(f"experiments.{name}", run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:  # before the app itself could take care of it
        with report_mistakes():
            raise


if __name__ == "__main__":
    main()
