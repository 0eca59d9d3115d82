"""One import for notebooks and scripts: `import infowar_lab as lab`.

Each name is loaded when it is first used, so the import itself is fast.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.detection.detector import Detector as Detector
    from experiments.notebook.comparing import Comparison as Comparison
    from experiments.notebook.comparing import compare as compare
    from experiments.notebook.exporting import export as export
    from experiments.notebook.loading import load as load
    from experiments.notebook.showing import Replay as Replay
    from experiments.notebook.showing import replay as replay
    from experiments.notebook.world import World as World
    from experiments.sweep import sweep as sweep
    from experiments.sweeps.reading import dataset as dataset
    from experiments.sweeps.reading import tidy as tidy
    from sim.actors.army import Army as Army
    from sim.agents import OrganicUser as OrganicUser
    from sim.campaigns import Campaign as Campaign
    from sim.errors import InputError as InputError
    from sim.mechanisms.defences.base import Defence as Defence
    from sim.people.expression import Expression as Expression
    from sim.people.given_graphs import NetworkxGraph as NetworkxGraph
    from sim.people.networks import CommunityGraph as CommunityGraph
    from sim.people.population import Population as Population
    from sim.people.reaction import Reaction as Reaction
    from sim.platform.feed import Feed as Feed
    from sim.platform.moderation import Moderation as Moderation
    from sim.sampling import SampledWorld as SampledWorld
    from sim.sampling import sample as sample
    from sim.setting import Setting as Setting

#: name -> its module, in the order in which a reader meets them
_HOME = {
    "World": "experiments.notebook.world",
    "Setting": "sim.setting",
    "load": "experiments.notebook.loading",
    "Population": "sim.people.population",
    "CommunityGraph": "sim.people.networks",
    "NetworkxGraph": "sim.people.given_graphs",
    "Army": "sim.actors.army",
    "Campaign": "sim.campaigns",
    "Reaction": "sim.people.reaction",
    "Expression": "sim.people.expression",
    "Feed": "sim.platform.feed",
    "Moderation": "sim.platform.moderation",
    "OrganicUser": "sim.agents",
    "Defence": "sim.mechanisms.defences.base",
    "Detector": "experiments.detection.detector",
    "compare": "experiments.notebook.comparing",
    "Comparison": "experiments.notebook.comparing",
    "replay": "experiments.notebook.showing",
    "Replay": "experiments.notebook.showing",
    "export": "experiments.notebook.exporting",
    "sweep": "experiments.sweep",
    "tidy": "experiments.sweeps.reading",
    "dataset": "experiments.sweeps.reading",
    "sample": "sim.sampling",
    "SampledWorld": "sim.sampling",
    "InputError": "sim.errors",
}
__all__ = ["__version__", *_HOME]


def _check_neighbours() -> None:
    """Raise ImportError if Python finds other files in place of our packages."""
    for name in ("sim", "experiments"):
        spec = find_spec(name)
        found = Path(spec.origin) if spec and spec.origin else None
        if found is None or found.resolve().parent != Path(__file__).resolve().parents[1] / name:
            raise ImportError(
                f"infowar_lab needs its own package {name}, but `import {name}` finds {found}: "
                "rename that file or folder, and start Python again"
            )


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"infowar_lab has no {name}: there are {', '.join(_HOME)}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


_check_neighbours()
import_module("experiments")  # now, because a notebook may later change to a folder with files of this name
__version__: str = import_module("sim").__version__
