"""Write the choices in conf/ that are a rule with its fields, so that defaults, units and sources stand in one place.

    python -m scripts.conf

Run it after a default has changed; `tests/test_conf.py` fails until then.
"""

from dataclasses import fields
from pathlib import Path

from sim.actors.army import Army
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.people.activity import Activity
from sim.people.expression import Expression
from sim.people.generators import ConfigurationModel, PlantedPartition, SmallWorld
from sim.people.given import GraphFile
from sim.people.lfr import LFR
from sim.people.networks import CommunityGraph, PreferentialAttachment
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.people.reading import Attention
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.rules import Rule

CONF = Path(__file__).resolve().parent.parent / "conf"
LEAVES: dict[str, Rule] = {
    "population/default": Population(),
    "graph/community": CommunityGraph(),
    "graph/preferential": PreferentialAttachment(),
    "graph/planted": PlantedPartition(),
    "graph/small_world": SmallWorld(),
    "graph/lfr": LFR(),
    "graph/configuration": ConfigurationModel(),
    "graph/file": GraphFile(),
    "activity/default": Activity(),
    "attention/default": Attention(),
    "reaction/default": Reaction(),
    "expression/default": Expression(),
    "feed/engagement": Feed(),
    "feed/chronological": Feed(engagement=0.0),
    "trending/default": Trending(),
    "moderation/default": Moderation(),
    "moderation/none": Moderation(capacity=0),
    "army/default": Army(),
    "extremists/default": Extremists(),
    "campaign/default": Campaign(),
}


def leaf(rule: Rule) -> str:
    """Return the YAML of one rule: its target, then a line a field with unit and source behind it."""
    kind = type(rule)
    lines = [f"# Written by scripts/conf.py from {kind.__module__}.{kind.__name__}, which explains each field.", ""]
    lines.append(f"_target_: {kind.__module__}.{kind.__name__}")
    for column in fields(rule):
        value = getattr(rule, column.name)
        about = column.metadata
        lines.append(f"{column.name}: {_yaml(value)}  # {about['unit']}; {about['source']}")
    return "\n".join(lines) + "\n"


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(str(item) for item in value)}]"
    return str(value) or '""'


def main() -> None:
    """Write every leaf."""
    for name, rule in LEAVES.items():
        path = CONF / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(leaf(rule), encoding="utf-8")


if __name__ == "__main__":
    main()
