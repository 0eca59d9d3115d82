"""Whatever is written after an app's name: it goes on to its first world, or says one line and leaves with code 2.

A few in the fast tests, 2,000 by `make fuzz`. What was found becomes a line of `FOUND`.
"""

import contextlib
import io
import re
import shlex
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from yaml import YAMLError

from experiments import docking
from experiments.__main__ import main
from experiments.app import compose_config
from experiments.apps import BY_NAME, GROWING
from experiments.config_errors import _iterate_keys
from experiments.configuration import CONF
from sim.errors import MAX_LINE
from sim.world import World
from tests.test_keys import give
from tests.test_offered import PLAN

APPS = sorted(name for name, app in BY_NAME.items() if app.keys)
OWN = (*APPS, "report", "schedule", "traces", "import", "judge")  #: with those that have their own command line
#: words that are not ours
HYDRA = r"hydra\.cc|--multirun to|requires --multirun|full_key|object_type|Ambiguous|Error merging"
PATIENCE = 60  #: s that a command may take, on a machine that does other things too
ODD = (
    *("", "null", "~", "???", "true", "no", "x", "'x'", '""', "é", "0", "-1", "1.5", "1e308", "-1e308", ".nan", ".inf"),
    *("1e400", "2147483647", "2147483648", "9" * 40, "9" * 5000, "[]", "[1]", "[[1]]", "[x,-7]", "[null]", "{}"),
    *("{x: 1}", "{x: {y: [z]}}", "{_target_: x}", "{_target_: os.getcwd}", "${ticks}", "${x}", "${", "[x", "{x"),
    *("choice(1,2)", "range(0,3)", "range(0,1000000000)", "interval(0,1)", "int(3)", "a=b", "a,b", "1,2", "a:b"),
    *("../x", "/", ".", "/dev/null", "~nobody/x", "$HOME", "a b", "\\", "\n", "0x10", "1_000", "2001-01-01", "1:30"),
)
FLAGS = (
    *("-m", "--version", "--cfg=job", "--cfg=x", "--info", "--info=x", "--resolve", "--package=x", "--hydra-help"),
    *("--config-name=x", "--config-dir=x", "--config-path=x", "--experimental-rerun=x", "--experimental-rerun"),
    *("--help", "--help-all", "--run", "--shell-completion", "-sc", "--", "-x", "--x=1", "-c", "-"),
)
#: commands that once ended in a traceback, never ended, or ended with more than a line
FOUND = """
run --config-name=x army.size=1,2
run hydra.job.name=[1]
run hydra.job.name=1,2
defences comparison.scenarios={x:1}
run =3
run =
run ~feed
run population=[1]
run --experimental-rerun=x
run campaign.tactics=null
run campaign.tactics=2
run campaign.victims=3.0
run scenario=committee_smear forces.committee.principal=3
run scenario=committee_smear forces.committee.operations=1e308
run population.size=100000000
run army.size=100000000
run -m seed=range(0,1000000000)
sweep 'sweep.grid=["army.size=range(0,1000000000)"]'
suppression seeds=1000000000
suppression workers=1000000
run ticks=2147483647
""".strip().splitlines()

values = st.one_of(st.sampled_from(ODD), st.text(max_size=12).filter(lambda text: "\0" not in text))


class Accepted(BaseException):
    """A world is about to be made, so nothing was refused."""


def stop(*_: object, **__: object) -> None:
    raise Accepted


@pytest.fixture(scope="module", autouse=True)
def no_worlds() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.chdir(folder)
        patch.setattr(World, "__init__", stop)
        patch.setattr("experiments.running.player.Player.__call__", stop)
        patch.setattr("experiments.running.scheduler.schedule_jobs", stop)
        patch.setattr(docking.Docking, "make_batches", lambda *_: [])
        yield


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a block that takes longer."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError(f"no answer in {seconds} s")

    former = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def order(words: list[str]) -> tuple[int, str]:
    """Give a command; return its code, 0 if it went on to a world, and what it said on stderr."""
    code, said = 0, io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(said), limited(PATIENCE):
        patch.setattr(sys, "argv", ["infowar-lab", *words])
        for name in ("HYDRA_FULL_ERROR", "INFOWAR_SCRATCH"):  # which an app sets
            patch.setenv(name, "1")
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of runpy, for what is imported already
            try:
                main()
            except Accepted:
                pass
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return code, said.getvalue()


def answers_well(words: list[str]) -> None:
    code, said = order(words)
    assert code in (0, 2), (words, said)
    if code == 2:
        assert len(said.splitlines()) == 1, (words, said)
        assert len(said) <= MAX_LINE + 1, (words, said)
        assert not re.search(HYDRA, said), (words, said)


@pytest.mark.fuzz
@pytest.mark.parametrize("line", FOUND)
def test_what_was_found_is_one_line(line: str) -> None:
    answers_well(shlex.split(line))
    assert order(shlex.split(line))[0] == 2


commands = st.tuples(
    st.sampled_from(OWN),
    st.lists(
        st.one_of(
            st.builds(
                "{}{}={}".format,
                st.sampled_from(("", "", "", "+", "++", "~")),
                st.one_of(
                    st.sampled_from(sorted(path.name for path in CONF.iterdir() if path.is_dir())),
                    st.sampled_from(("ticks", "seeds", "out", "hydra.run.dir", "hydra.job.name", "sweep", "x", "x.y")),
                ),
                values,
            ),
            st.sampled_from(FLAGS),
            values,
        ),
        min_size=1,
        max_size=3,
    ),
)
several = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@settings(several, max_examples=3)
@given(commands)
def test_a_few_commands_answer(command) -> None:
    answers_well([command[0], *command[1]])


@pytest.mark.fuzz
@settings(several, max_examples=300)
@given(commands)
def test_commands_answer(command) -> None:
    answers_well([command[0], *command[1]])


def is_read(value: str) -> bool:
    """Return whether Hydra would have made a value of this text, and not of another key's value."""
    try:
        OverridesParser.create().parse_overrides([f"key={value}"])
        return not {"$", "?"} & set(value) and "value" in OmegaConf.create(f"value: {value}")
    except (HydraException, YAMLError, ValueError):
        return False


@pytest.mark.fuzz
@pytest.mark.parametrize("name", APPS)
def test_no_value_of_a_documented_key_is_a_traceback(name: str, tmp_path: Path) -> None:
    config = compose_config(name, [PLAN.get(name, "sweep.plan=true")] if name in GROWING else [])
    keys = sorted(_iterate_keys(config))
    OmegaConf.set_struct(config, False)

    @settings(several, max_examples=100)
    @given(st.sampled_from(keys), st.one_of(st.sampled_from(ODD), st.integers(), st.floats().map(repr)))
    def answers(key: str, value: object) -> None:
        assume(is_read(str(value)))
        with limited(PATIENCE), contextlib.suppress(Accepted):
            said = give(name, config, key, str(value), tmp_path, checked=True)
            assert "\n" not in said, (key, value)
            assert len(said) <= MAX_LINE, (key, value)

    answers()
