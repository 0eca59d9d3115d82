"""The commands on which a number of the docs rests, as data."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FILE = "FILE"  #: stands in a command for a file that cannot be shared


@dataclass(frozen=True)
class Job:
    """One command, and what is kept of what it writes."""

    name: str  #: of docs/results/NAME.json and out/results/NAME
    command: str  #: as users type it after `infowar-lab`; the name of the app comes first
    tables: Sequence[str] = ()  #: how the titles begin of the report's tables that are kept
    pictures: Mapping[str, str] = field(default_factory=dict)  #: file in docs/images -> name of the report's figure
    needs: str = ""  #: what FILE is, if the command has one

    @property
    def app(self) -> str:
        """The app that plays it."""
        return self.command.partition(" ")[0]

    def list_words(self, file: str = FILE) -> list[str]:
        """Return the words after the app's name, with `file` in place of FILE."""
        return [word.replace(f"={FILE}", f"={file}") for word in shlex.split(self.command)[1:]]


_MONITOR = (
    "detectors benchmark.only=[] seeds=10 benchmark.hours=[12] detectors.near_duplicates=null "
    "detectors.co_sharing=null detectors.isolation_forest=null detectors.co_repost_1h=null "
    "detectors.co_reply_60s=null detectors.co_hashtag_url_60s=null"
)
JOBS = (
    Job(
        "suppression",
        "suppression robustness.seeds=3 reactions.seeds=2",
        (
            "Every arm",
            "Lost and gained",
            "Whole-run",
            "Dose and response",
            "Who loses",
            "Every outcome",
            "Which signs survive",
        ),
        {"suppression.png": "headline", "flows.png": "flows", "dose.png": "dose", "mixes.png": "mixes"},
    ),
    Job("validity", "validity", ("Every fact",)),
    Job("validity_saturation", "validity campaign.dose=saturation seeds=4", ("Every fact",)),
    Job("ross", "reproduce"),
    Job("simsom_small", "reproduce paper=simsom_2024 simsom.scale=0.1"),
    Job("simsom", "reproduce paper=simsom_2024 graph.path=FILE", needs="the published network of Truong et al. 2024"),
    Job("daymude", "reproduce paper=daymude_2025", ("Cells",), {"daymude.png": "shares"}),
    Job("docking", "docking seeds=40", ("What moves", "Their model"), {"docking.png": "docking"}),
    Job(
        "detectors",
        "detectors seeds=3",
        ("Every detector", "What the campaign achieved", "The topic monitor"),
        {"detectors.png": "cells"},
    ),
    Job("monitor", _MONITOR, ("The topic monitor",)),
    Job("contest", "contest", ("Every organisation",)),
    Job("story", "story scenario=committee_smear", ("What is compared",)),
    Job("unmasking", "unmasking", ("Every case",)),
    Job("defences", "defences seeds=4", ("What each defence does", "Where an effect is found")),
    Job("race", "race seeds=5", ("Every round", "Which silences more")),
    Job("recovery", "recovery seeds=10", ("Every campaign", "What speeds up")),
)
BY_NAME = {job.name: job for job in JOBS}
