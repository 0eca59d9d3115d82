"""The frame of every app: a Hydra app that gives complete results, or one line that says why not.

An app that is no experiment (`experiments/experiment.py`) defines `main(config: DictConfig, folder: Path) -> None`,
does slow imports inside it (so that --help is quick), and ends with `if __name__ == "__main__": app("run", main)`.
"""

import logging
import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from itertools import islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from experiments import help_pages
from experiments.apps import BY_NAME, VERSION
from experiments.composing import (
    compose,
    expand_paths,
    get_written_name,
    make_readable,
    name_what_hydra_raises,
    refuse_new_keys,
    register_own_folders,
)
from experiments.config_errors import explain_composition, explain_construction
from experiments.configuration import CONF as CONF
from experiments.configuration import find_file, is_file, search_also
from experiments.exit_codes import report_mistakes, stop_on_signals
from experiments.extras import require
from experiments.folder import check_folder, open_result_folder
from experiments.keys import CHANGES, SHARED, FieldsWith, Maybe, write_value
from experiments.ownership import Maker
from experiments.running.drafts import guard_disk
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    from experiments.running.work import Work

MAX_JOBS = 1000  #: of a multirun
ENGINES = ("local", "ray")
STORY = Maybe(FieldsWith("without", Maybe(CHANGES)))  #: what every app reads of a story
MISTAKES = (HydraException, OmegaConfBaseException, YAMLError, ValueError)


class Composition(NamedTuple):
    """A configuration that was asked for."""

    config: DictConfig
    scenario: str | None  #: a name, a path, or lesson=NAME; None for an app without one


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
    play_app(name, lambda config, folder, work: run(config, folder), conf)


def play_app(name: str, run: Callable[[DictConfig, Path, "Work"], None], conf: Path = CONF) -> None:
    """As `app`, for what plays jobs: `run` also gets where they are kept until the result is whole."""
    works: list[Work] = []

    def tell_stopped() -> str:
        kept = any(work.holds_any() for work in works)
        return f"stopped: {'what is done is kept, and the same command continues' if kept else 'nothing was written'}"

    with _parse_and_report(tell_stopped) as arguments:
        jobs = _compose(name, conf, arguments)
        for number, job in enumerate(jobs if len(jobs) > 1 else ()):
            job.config.out += f"-{number}"
            check_folder(job.config.out, Maker(name, job.scenario))
        for config, scenario in jobs:
            maker, plain = Maker(name, scenario), OmegaConf.to_container(config)
            works.append(_make_work(check_folder(config.out, maker)))
            with works[-1] as work:
                work.begin()  # two commands never write one result
                with open_result_folder(config.out, plain, maker) as folder:  # type: ignore[arg-type]
                    run(config, folder, work)


def _make_work(target: Path) -> "Work":
    from experiments.running.work import Work  # not for --help, which is quick

    return Work(target)


def resumable_app(name: str, run: Callable[[DictConfig, list[str]], bool], conf: Path = CONF) -> None:
    """As `app`, for results that grow in their folder and survive a crash; `run` manages the folder.

    Args:
        name: the app's configuration and the last part of its module's name.
        run: receives the resolved configuration and the overrides of the command line; returns whether all went
            well. If not, the process leaves with code 1.
        conf: folder of the configuration files.
    """
    with _parse_and_report(lambda: "stopped: what is done is kept, and the same command continues") as arguments:
        jobs = _compose(name, conf, arguments)
        if len(jobs) > 1:
            raise InputError(f"-m is not for {name}, which has its own design: see --help")
        for job in jobs:
            with guard_disk(f"out={job.config.out}"):
                if not run(job.config, arguments.overrides):
                    raise SystemExit(1)


def compose_config(name: str, overrides: Sequence[str], conf: Path = CONF) -> DictConfig:
    """Return the checked configuration that a command line of `overrides` asks for, for a notebook or a script.

    Raises:
        InputError: what the command would say in its one line.
    """
    try:
        _refuse_own(name, map(str, overrides))
        config = compose(name, overrides, conf, with_hydra=True)
        scenario = get_scenario(config.hydra.runtime.choices)
        OmegaConf.set_struct(config, False)
        del config["hydra"]
        OmegaConf.set_struct(config, True)
        _check(Composition(config, scenario))
    except MISTAKES as error:
        raise explain_composition(error, name, list(overrides), conf) from error
    return config


@contextmanager
def _parse_and_report(stopped: Callable[[], str]) -> Iterator[Namespace]:
    """Yield the command line's overrides; a user's mistake, also in a rule, ends as in `report_mistakes`."""
    with report_mistakes(stopped), stop_on_signals():
        arguments = _parse_arguments()
        try:
            with search_also(arguments.config_dir), _print_notes(), _show_life(arguments):
                yield arguments
        except InstantiationException as error:
            raise explain_construction(error) from error


@contextmanager
def _show_life(arguments: Namespace) -> Iterator[None]:
    """Have a line move on a terminal while nothing else does, but where a page is asked for."""
    if arguments.help or arguments.help_all or arguments.cfg or arguments.info:
        yield
        return
    from experiments.running.progress import show_waiting, stop_waiting

    show_waiting("reading the configuration")
    try:
        yield
    finally:
        stop_waiting()


class _Printer(logging.Handler):
    """Prints on whatever is stderr then: a line that moves may stand in front of it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


@contextmanager
def _print_notes() -> Iterator[None]:
    """Print, on stderr, what is decided inside this block about a user's files."""
    loggers, handler = [logging.getLogger(name) for name in ("sim", "experiments")], _Printer()
    former = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(loggers, former, strict=True):
            logger.setLevel(level)
            logger.removeHandler(handler)


def _compose(name: str, conf: Path, arguments: Namespace) -> list[Composition]:
    """Return the checked configurations that the command line asks for; none if it asks for help or the like."""
    jobs: list[Composition] = []

    def collect(config: DictConfig) -> None:
        jobs.append(Composition(config, get_scenario(HydraConfig.get().runtime.choices)))

    if arguments.help or arguments.help_all:
        _print_help(name, conf, arguments)
    _refuse_own(name, arguments.overrides)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises, where it would print a page and leave
    with TemporaryDirectory() as scratch:
        os.environ["INFOWAR_SCRATCH"] = scratch
        try:
            refuse_new_keys(arguments.config_name or name, arguments.overrides, conf)
            words = make_readable(arguments.overrides, conf)
            if arguments.multirun:
                _check_multirun(words)
            with _replace_command_line(words, arguments.overrides), name_what_hydra_raises():
                hydra.main(config_path=str(conf), config_name=name, version_base="1.3")(collect)()
            for job in jobs:
                _check(job)
        except MISTAKES as error:
            raise explain_composition(error, arguments.config_name or name, arguments.overrides, conf) from error
    return jobs


def _refuse_own(name: str, overrides: Iterable[str]) -> None:
    """Raise InputError if one of the words sets what the app sets itself."""
    own = BY_NAME[name].own if name in BY_NAME else {}
    for key in (word.partition("=")[0].lstrip("+~") for word in overrides):
        for place, cure in own.items():
            if key == place or key.startswith(f"{place}."):
                raise InputError(f"{key} is not for {name}, which sets {place} itself: {cure}")


def _check_multirun(words: Sequence[str]) -> None:
    """Raise InputError if -m asks for more runs than anybody waits for, before they are laid out."""
    runs = 1
    for override in OverridesParser.create().parse_overrides(list(words)):
        if override.is_discrete_sweep():
            runs *= sum(1 for _ in islice(override.sweep_iterator(), MAX_JOBS + 1))
        if runs > MAX_JOBS:
            raise InputError(f"-m with {override.input_line} asks for more than {MAX_JOBS} runs: say fewer values")


def _print_help(name: str, conf: Path, arguments: Namespace) -> NoReturn:
    """Print a page of help and leave."""
    tell = help_pages.format_full_help if arguments.help_all else help_pages.format_help
    try:
        print(tell(name, compose(name, arguments.overrides, conf, with_hydra=True), conf), flush=True)
    except MISTAKES as error:
        raise explain_composition(error, name, arguments.overrides, conf) from error
    raise SystemExit


@contextmanager
def _replace_command_line(words: Sequence[str], instead: Sequence[str]) -> Iterator[None]:
    """Have Hydra, which reads the command line by itself, find `words` there inside this block."""
    register_own_folders()
    former = sys.argv
    sys.argv = [word for word in former if word not in instead] + list(words)
    try:
        yield
    finally:
        sys.argv = former


def _parse_arguments() -> Namespace:
    """Parse the command line as Hydra will, so that a misspelt flag is one line and not a page of usage."""
    parser = get_args_parser()
    parser.add_argument("--help-all", action="store_true")
    parser._option_string_actions["--version"].version = VERSION  # type: ignore[attr-defined]  # not Hydra's
    with redirect_stderr(StringIO()) as said:
        try:
            arguments = parser.parse_intermixed_args()
        except SystemExit as leave:
            if leave.code == 0:
                raise
        else:
            if arguments.experimental_rerun:
                raise InputError("--experimental-rerun is not offered: config.yaml of a result has its keys")
            return arguments
    wrong = said.getvalue().splitlines()[-1].partition("error: ")[2]
    raise InputError(f"{wrong}: see --help")


def get_scenario(choices: Mapping[str, Any]) -> str | None:
    """Return what is simulated, by the choices that Hydra names: a lesson, or a scenario.

    A scenario of this package has its name, one of the user's own its whole path.
    """
    if choices.get("lesson", "none") != "none":
        return f"lesson={choices['lesson']}"
    if not (chosen := choices.get("scenario")):
        return None
    name = get_written_name("scenario", chosen)
    path = None if is_file(name) else find_file("scenario", name)
    return str(path) if path and CONF not in path.parents else name


def _check_engine(engine: Any, address: Any) -> None:
    """Raise InputError unless the keys `engine` and `address` name something that can play."""
    if engine not in ENGINES:
        raise InputError(f"engine={write_value(engine)} is unknown: {suggest(str(engine), ENGINES)}")
    if not isinstance(address, str):
        raise InputError(f"address={address} must be HOST:PORT of a Ray cluster, or auto")
    if engine == "local" and address != "auto":
        raise InputError(f"address={address} is for a cluster: add engine=ray")
    if engine == "ray":
        require("every machine of engine=ray", "ray", "ray")


def _check(job: Composition) -> None:
    """Resolve a configuration in place, expand its paths, check the keys of every app, put the scenario into `out`."""
    config, scenario = job
    expand_paths(config)
    OmegaConf.resolve(config)
    plain: Any = OmegaConf.to_container(config)
    for key in sorted(OmegaConf.missing_keys(config)):
        raise InputError(f"{key} has no value: add {key}=VALUE")
    for key, kind in SHARED.items():
        kind.check(key, plain.get(key))
    STORY.check("story", plain.get("story"))
    _check_engine(config.engine, config.address)
    if not isinstance(config.out, str):
        raise InputError(f"out={write_value(plain['out'])} must be the name of a folder")
    if scenario:
        name = PurePath(scenario.removeprefix("lesson=")).name
        config.out = config.out.replace("{scenario}", re.sub(r"\.ya?ml$", "", name))
