"""What every app is: a Hydra app whose user gets results that are whole, or one line that says why not.

An app file defines `main(config: DictConfig, folder: Path) -> None`, imports what is heavy inside it
(so that --help is quick), and ends with `if __name__ == "__main__": app("suppression", main)`.
"""

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.config_errors import explain_composition, explain_construction
from experiments.folder import ROOT, check_folder, open_result_folder
from experiments.ownership import Maker
from experiments.plain_signs import print_plain_signs
from sim.errors import InputError

CONF = ROOT / "conf"
MINIMUM = {"ticks": 1, "seed": 0, "seeds": 1, "workers": 0}
MAX_INTEGER = 2**31 - 1


class Job(NamedTuple):
    """What is asked for."""

    config: DictConfig
    scenario: str | None  #: None for an app without one


def app(name: str, run: Callable[[DictConfig, Path], None], conf: Path = CONF) -> None:
    """Compose `conf`/`name`.yaml with the command line and call `run` once, or once a job of a multirun.

    Every job is composed, and the keys of every app checked, before the first one runs. Leaves the
    process with code 2 and one line on stderr for a user's mistake, 130 after Ctrl-C, 143 after SIGTERM,
    141 if nobody reads what is printed.

    Args:
        name: the app's configuration and the last part of its module's name.
        run: receives the resolved configuration and the folder to write results into.
        conf: folder of the configuration files.
    """
    with _report_errors():
        jobs, _ = _compose(name, conf)
        for number, job in enumerate(jobs if len(jobs) > 1 else ()):
            job.config.out += f"-{number}"
            check_folder(job.config.out, Maker(name, job.scenario))
        for config, scenario in jobs:
            plain: Any = OmegaConf.to_container(config)
            with open_result_folder(config.out, plain, Maker(name, scenario)) as folder:
                run(config, folder)


def resumable_app(name: str, run: Callable[[DictConfig, list[str]], bool], conf: Path = CONF) -> None:
    """As `app`, for results that grow in their folder and outlive a crash; the folder is left to `run`.

    Args:
        name: the app's configuration and the last part of its module's name.
        run: receives the resolved configuration and the overrides of the command line; returns whether all went
            well. If not, the process leaves with code 1.
        conf: folder of the configuration files.
    """
    with _report_errors("stopped: what is done is kept, and the same command goes on"):
        jobs, overrides = _compose(name, conf)
        if len(jobs) > 1:
            raise InputError(f"-m is not for {name}, which has a design of its own: see --help")
        if not all(run(job.config, overrides) for job in jobs):
            raise SystemExit(1)


def compose_config(name: str, overrides: Sequence[str], conf: Path = CONF) -> DictConfig:
    """Return the checked configuration that a command line of `overrides` asks for, for a notebook or a script.

    Raises:
        InputError: what the command would say in its one line.
    """
    try:
        with hydra.initialize_config_dir(str(conf), version_base="1.3"):
            config = hydra.compose(name, list(overrides), return_hydra_config=True)
        scenario = get_scenario(config.hydra.runtime.choices)
        OmegaConf.set_struct(config, False)
        del config["hydra"]
        OmegaConf.set_struct(config, True)
        _check(Job(config, scenario))
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise explain_composition(error, name, list(overrides), conf) from error
    return config


@contextmanager
def _report_errors(stopped: str = "stopped: nothing was written") -> Iterator[None]:
    """Turn what a user can cause into one line on stderr and an exit code; let everything else through."""
    print_plain_signs()
    try:
        try:
            yield
        except InstantiationException as error:
            raise explain_construction(error) from error
    except InputError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:  # who reads has left, as `head` does; what is still to be flushed goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except SystemExit as leave:
        if leave.code == 128 + signal.SIGTERM:
            print(stopped, file=sys.stderr)
        raise


def _compose(name: str, conf: Path) -> tuple[list[Job], list[str]]:
    """Return the checked configurations that the command line asks for, and its overrides.

    There is no configuration if it asks to be shown something.
    """
    arguments = _parse_arguments()
    jobs: list[Job] = []

    def collect(config: DictConfig) -> None:
        jobs.append(Job(config, get_scenario(HydraConfig.get().runtime.choices)))

    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises, where it would print a page and leave
    with TemporaryDirectory() as scratch:
        os.environ["INFOWAR_SCRATCH"] = scratch
        try:
            hydra.main(config_path=str(conf), config_name=name, version_base="1.3")(collect)()
            for job in jobs:
                _check(job)
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            raise explain_composition(error, arguments.config_name or name, arguments.overrides, conf) from error
    return jobs, arguments.overrides


def _parse_arguments() -> Namespace:
    """Parse the command line as Hydra will, so that a misspelt flag is one line and not a page of usage."""
    with redirect_stderr(StringIO()) as said:
        try:
            return get_args_parser().parse_args()
        except SystemExit as leave:
            if leave.code == 0:
                raise
    wrong = said.getvalue().splitlines()[-1].partition("error: ")[2]
    late = "=" in wrong and {"-m", "--multirun"} & set(sys.argv)
    raise InputError(f"{wrong}: {'put -m before every KEY=VALUE' if late else 'see --help'}")


def get_scenario(choices: Mapping[str, Any]) -> str | None:
    """Return the scenario among the choices that Hydra tells: its name, or that of its file."""
    chosen = choices.get("scenario")
    return PurePath(chosen).name.removesuffix(".yaml") if chosen else None


def _check(job: Job) -> None:
    """Resolve a configuration in place, check the keys that every app has, and name the scenario in `out`."""
    config, scenario = job
    OmegaConf.resolve(config)
    for key in sorted(OmegaConf.missing_keys(config)):
        raise InputError(f"{key} has no value: add {key}=VALUE")
    for key, least in MINIMUM.items():
        value: Any = config[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_INTEGER:
            raise InputError(f"{key}={value} must be a whole number from {least} to {MAX_INTEGER}")
    if not isinstance(config.out, str):
        raise InputError(f"out={config.out} must be the name of a folder")
    if scenario:
        config.out = config.out.replace("{scenario}", scenario)
