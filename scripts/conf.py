"""Write the files in conf/ that hold one rule with its fields, so that defaults and meanings have one source.

    python -m scripts.conf

Run it after you change a default, a meaning or a source; `tests/test_conf.py` fails until then.
"""

from dataclasses import fields
from pathlib import Path

from scripts.parameters import GRAPHS, MEANINGS
from sim.actors.army import Army
from sim.actors.counterspeech import CounterSpeech
from sim.actors.evasion import Evasion
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.mechanisms.channels import Channels
from sim.mechanisms.credibility import Credibility
from sim.mechanisms.defences.publishing import AccountAge, Prompt, RateLimit, ReplyLimit
from sim.mechanisms.defences.ranking import CoordinationRanking, DownRanking, TrendDeduplication
from sim.mechanisms.defences.suspending import BlockList, Suspension
from sim.mechanisms.following import Following
from sim.mechanisms.migration import Migration
from sim.mechanisms.morale import Morale
from sim.mechanisms.pressure import Pressure
from sim.mechanisms.recruiting import Recruiting
from sim.mechanisms.returns import Returns
from sim.mechanisms.solidarity import Solidarity
from sim.people.activity import Activity
from sim.people.attention import Attention
from sim.people.expression import Expression
from sim.people.generators import ConfigurationModel, PlantedPartition, SmallWorld
from sim.people.given_graphs import GraphFile
from sim.people.lfr import LFR
from sim.people.networks import CommunityGraph, PreferentialAttachment
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.rules import Rule

CONF = Path(__file__).resolve().parent.parent / "conf"
LEAVES: dict[str, Rule] = {
    "population/default": Population(),
    "population/specialists": Population(interest=0.05, specialist_share=0.06),
    "graph/community": CommunityGraph(),
    "graph/preferential": PreferentialAttachment(),
    "graph/planted": PlantedPartition(),
    "graph/small_world": SmallWorld(),
    "graph/lfr": LFR(),
    "graph/configuration": ConfigurationModel(),
    "graph/file": GraphFile(),
    "activity/default": Activity(),
    "activity/hourly": Activity(slice=60),
    "attention/default": Attention(),
    "reaction/default": Reaction(),
    "expression/default": Expression(),
    "feed/engagement": Feed(),
    "feed/chronological": Feed(engagement=0.0, window=0.0),
    "trending/default": Trending(),
    "moderation/default": Moderation(),
    "moderation/none": Moderation(capacity=0),
    "army/default": Army(),
    "extremists/default": Extremists(),
    "campaign/default": Campaign(),
    "evasion/none": Evasion(),
    "evasion/moderate": Evasion(
        jitter=600.0,
        participation=0.5,
        rotation=6,
        camouflage=0.25,
        everyday=2.0,
        paraphrase="swap",
        splitting=3,
        deletion=0.1,
        maturity=0.5,
    ),
    "evasion/full": Evasion(
        jitter=21_600.0,
        diurnal=True,
        participation=0.2,
        rotation=6,
        camouflage=0.75,
        everyday=2.0,
        paraphrase="rewrite",
        splitting=8,
        deletion=0.5,
        maturity=1.0,
    ),
    "credibility/default": Credibility(),
    "morale/default": Morale(),
    "following/changing": Following(),
    "returns/default": Returns(),
    "pressure/default": Pressure(),
    "recruiting/default": Recruiting(),
    "channels/default": Channels(),
    "migration/default": Migration(),
    "solidarity/default": Solidarity(),
    "defence/suspension": Suspension(),
    "defence/down_ranking": DownRanking(),
    "defence/rate_limit": RateLimit(),
    "defence/account_age": AccountAge(),
    "defence/reply_limit": ReplyLimit(strength=0.3),
    "defence/block_list": BlockList(strength=0.3),
    "defence/prompt": Prompt(),
    "defence/counter_speech": CounterSpeech(),
    "defence/trend_deduplication": TrendDeduplication(),
    "defence/coordination_ranking": CoordinationRanking(),
}


_GRAPH_NAMES: dict[type, str] = {kind: name for name, kind in GRAPHS.items()}


def format_leaf(name: str) -> str:
    """Return the YAML of one leaf: package, target, and one line for each field with meaning, unit and source."""
    rule = LEAVES[name]
    kind, (group, choice) = type(rule), name.split("/")
    lines = (
        [f"# @package {'forces' if hasattr(rule, 'create_accounts') else 'defences'}.{choice}"]
        if group == "defence"
        else []
    )
    lines += [f"# Written by scripts/conf.py from {kind.__module__}.{kind.__name__}; do not edit.", ""]
    lines.append(f"_target_: {kind.__module__}.{kind.__name__}")
    for column in fields(rule):
        value = getattr(rule, column.name)
        about = column.metadata
        meaning = _get_meaning(group, _GRAPH_NAMES.get(kind, choice), column.name)
        lines.append(f"{column.name}: {_format_value(value)}  # {meaning} [{about['unit']}; {about['source']}]")
    return "\n".join(lines) + "\n"


def _get_meaning(group: str, choice: str, field: str) -> str:
    """Return the meaning of a field, which is listed by group, by graph, or by the name of a defence or force."""
    places = (group, f"{group}={choice}", f"defences.{choice}", f"forces.{choice}")
    return next(MEANINGS[key] for place in places if (key := f"{place}.{field}") in MEANINGS)


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(str(item) for item in value)}]"
    return str(value) or '""'


def main() -> None:
    """Write every leaf."""
    for name in LEAVES:
        path = CONF / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(format_leaf(name), encoding="utf-8")


if __name__ == "__main__":
    main()
