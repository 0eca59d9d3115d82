"""The list of apps by purpose, with the keys that matter and the choices that they cannot use."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from experiments.configuration import CONF
from sim import __version__

PROGRAM = "infowar-lab"
VERSION = f"{PROGRAM} {__version__}"  #: what --version prints


class App(NamedTuple):
    """One app: a module of this package with `conf`/NAME.yaml, or with its own command line."""

    keys: str = ""  #: the ten that matter, as `--help` lists them
    refused: str = ""  #: choices that the app refuses, each GROUP=CHOICE
    own: Mapping[str, str] = {}  #: keys and groups of the model that the app sets itself -> what to say instead
    line: str = ""  #: what it does, if it has no configuration file


_RUN = "ticks seeds out population.size army.size"

APPS: dict[str, dict[str, App]] = {
    "See it": {
        "demo": App(line="A world in your browser: play, step, reset, and fork it."),
        "replay": App(f"{_RUN} seed campaign.hours replay.people replay.without replay.language"),
        "story": App(f"{_RUN} seed workers campaign.start campaign.hours moderation.capacity"),
        "run": App(f"{_RUN} seed campaign.start campaign.hours record.people replay"),
    },
    "Ask it": {
        "suppression": App(
            f"{_RUN} campaign.dose precision.half_width robustness.seeds reactions.seeds priors.draws",
            own=dict.fromkeys(("campaign.tactics", "campaign.effort"), "every subset of the tactics is an arm"),
        ),
        "defences": App(
            f"{_RUN} moderation.capacity campaign.hours comparison.names comparison.pairs comparison.robustness_seeds"
        ),
        "contest": App(
            "ticks seeds out population.size moderation.capacity contest.budget contest.breadths "
            "contest.tactics contest.brigade.overhead contest.committee.cost",
            own={
                "army": "say contest.budget and contest.brigade",
                "campaign.tactics": "say contest.tactics",
            },
            refused="scenario=committee_smear",
        ),
        "recovery": App(
            f"{_RUN} campaign.start reaction.half_life recovery.hours recovery.intensities moderation.capacity",
            own={"campaign.hours": "say recovery.hours", "campaign.intensity": "say recovery.intensities"},
        ),
        "unmasking": App(
            "ticks seeds out population.size forces.sleepers.size forces.sleepers.hired credibility.spillover "
            "credibility.unmasked_factor unmasking.numbers unmasking.hours",
            "scenario=committee_smear scenario=counter_moves scenario=extremist_surge scenario=fallujah_2016 "
            "scenario=flooded_hashtag scenario=forum_era scenario=protest_day scenario=quiet scenario=suspension_wave "
            "credibility=none",
            own={
                "events.unmasking.unmask": "say unmasking.numbers",
                "events.unmasking.start": "say unmasking.hours",
                "forces.sleepers.operations.awake.risk": "nobody is unmasked by an own act here",
            },
        ),
    },
    "Sweep it": {
        "sweep": App(
            "seeds out workers population.size sweep.grid sweep.lhs sweep.draws sweep.baseline sweep.outcome sweep.plan"
        ),
        "sensitivity": App(
            "seeds out workers population.size sensitivity.method sensitivity.draws sensitivity.ranges "
            "sweep.baseline sweep.outcome sweep.plan"
        ),
        "report": App(line="Write the report of a sweep again, also while it runs."),
    },
    "Test a detector": {
        "detectors": App(
            f"{_RUN} benchmark.only benchmark.rate benchmark.train_seeds benchmark.null_seeds monitor.rate",
            "scenario=committee_smear",
        ),
        "race": App(f"{_RUN} race.detector.kind race.watch.capacity race.rates race.rounds race.tolerance"),
        "export": App(f"{_RUN} seed formats world evasion.jitter evasion.paraphrase"),
        "import": App(line="Data of others, in any of seven formats, as tables that detectors and traces here read."),
        "judge": App(line="Scores of any tool on an export: whom it finds, whom it flags wrongly, how sure that is."),
        "traces": App(line="Real and synthetic data side by side: which traces are of one size, within a factor of 2."),
    },
    "Check the model": {
        "schedule": App(line="What happens in an hour of a world, in order, and what each part reads and writes."),
        "validity": App(
            f"{_RUN} feed.engagement expression.climate_weight expression.fear_weight reaction.direct_fear "
            "reaction.leave_abuse"
        ),
        "calibrate": App(
            "ticks seeds out workers calibrate.parameters calibrate.moments calibrate.trials "
            "calibrate.draws calibrate.particles calibrate.plan",
        ),
        "docking": App(
            "ticks seeds out population.size graph.links expression.climate_weight ross_seeds bots relaxed_bots seed",
            "graph=community graph=configuration graph=file graph=lfr graph=planted graph=small_world",
            own={"army.size": "say bots and relaxed_bots"},
        ),
        "reproduce": App("paper runs seed out workers links bots graph.path simsom.scale daymude.runs"),
    },
}
BY_NAME = {name: app for apps in APPS.values() for name, app in apps.items()}
#: apps with their own design and results that grow; they refuse -m
GROWING = ("sweep", "sensitivity", "calibrate")
#: choice -> a key that it needs
NEEDED = {"graph=file": "graph.path=FILE", "graph=configuration": "graph.path=FILE"}


def read_command_words() -> list[str]:
    """Return the command that started this process, as a user may type it again."""
    words = sys.orig_argv[1:]
    return [PROGRAM, *words[1:]] if words and Path(words[0]).stem == PROGRAM else ["python", *words]


def format_start(name: str) -> str:
    """Return the command that starts an app, in the form that started this process."""
    words = read_command_words()
    if words[0] == PROGRAM:
        return f"{PROGRAM} {name}"
    module = words[words.index("-m") + 1 :][:1] if "-m" in words else []
    return f"python -m experiments{' ' if module == ['experiments'] else '.'}{name}"


def describe_app(name: str) -> str:
    """Return what an app does, in one line."""
    if BY_NAME[name].line:
        return BY_NAME[name].line
    text = (CONF / f"{name}.yaml").read_text(encoding="utf-8")
    return re.search(r"header: \|-\n *(.+)", text)[1]  # type: ignore[index]


def list_apps() -> str:
    """Return the list of all apps by purpose, one line each, and how to continue."""
    start = format_start("APP")
    lines = ["Paired worlds, agent by agent, with and without an organised campaign.", "", f"  {start} KEY=VALUE ..."]
    for purpose, apps in APPS.items():
        lines += ["", purpose, *(f"  {name:<12} {describe_app(name)}" for name in apps)]
    lines += [
        "",
        f"{format_start('suppression')} --help  what an app does, its keys, choices and examples; works for every app",
    ]
    return "\n".join(lines)
