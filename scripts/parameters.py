"""Write docs/parameters.md from the rules: every parameter with default, unit, range, source and meaning.

    python -m scripts.parameters

Run it after a default has changed or a field was added; `tests/test_docs.py` fails until then.
"""

import math
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from sim.people.generators import ConfigurationModel, PlantedPartition, SmallWorld
from sim.people.given import GraphFile
from sim.people.lfr import LFR
from sim.people.networks import CommunityGraph, PreferentialAttachment
from sim.rules import Rule
from sim.setting import Setting

PAGE = Path(__file__).resolve().parent.parent / "docs" / "parameters.md"
GRAPHS = {
    "community": CommunityGraph,
    "preferential": PreferentialAttachment,
    "planted": PlantedPartition,
    "small_world": SmallWorld,
    "lfr": LFR,
    "configuration": ConfigurationModel,
    "file": GraphFile,
}

#: What each field does, by "group.field"; the graphs are groups of their own.
MEANINGS = {
    "population.size": "ordinary people; a graph from a file sets it itself",
    "population.dissent_share": "share drawn around stance -0.5; more people end up in the cohort (see the ODD)",
    "population.loyal_share": "share drawn around stance +0.5; the rest is drawn around 0",
    "population.sympathiser_share": "share drawn around +0.7 on the extremist axis; all others around -0.7",
    "population.stance_spread": "SD of the stance towards the principal around its centre",
    "population.sessions_per_day": "mean over people of the personal rate of sessions",
    "population.sessions_sigma": "log-SD of the personal rate of sessions",
    "population.acts_per_session": "mean over people of the personal mean of latent intentions in a session",
    "population.acts_sigma": "log-SD of that mean",
    "population.interest": "mean over people, before the cap at 1, of the share of intentions on the contested topic",
    "population.interest_sigma": "log-SD of that share",
    "population.boldness": "mean log-odds of voicing a prompted contested intention without fear, at even climate",
    "population.boldness_spread": "SD of boldness over people",
    "population.withdraw_share": "share of people who speak less when afraid",
    "population.fight_share": "share of people who speak more when afraid; the rest is indifferent",
    "population.unyielding_share": "share of people whom neither fear nor climate silences",
    "population.public_followers": "organic followers from which an account is a public target",
    "activity.rhythm": "amplitude of the daily rhythm of sessions",
    "activity.peak": "hour of most sessions, before the personal shift",
    "activity.burst": "spread of the daily mood",
    "attention.items": "posts that fit into a session, all places together",
    "attention.mentions": "slots for answers to the reader",
    "attention.search_rate": "P(the reader looks up the contested topic) per unit of interest",
    "attention.search": "slots for the looked-up stream",
    "attention.trends": "slots for the stream of a trending topic",
    "attention.memory": "age at which a post leaves the home feed",
    "attention.crowding": "no: the army's posts are read on top of the budget (a counterfactual)",
    "reaction.persuasion": "step of the stance towards a civil post that is near enough",
    "reaction.tolerance": "distance below which a post persuades, on either axis",
    "reaction.climate_rate": "weight of one post in the perceived climate",
    "reaction.direct": "fear from a toxic answer to the reader",
    "reaction.vicarious": "fear from a toxic answer to somebody of the reader's side",
    "reaction.anticipation": "weight of one post in the toxicity expected from opponents",
    "reaction.half_life": "time in which fear halves",
    "reaction.discount": "share by which visibly copied texts count less for climate, expectation and stance",
    "reaction.thrill": "step of extreme sympathisers towards the extremists per unit of felt shock",
    "reaction.repulsion": "step of everybody else away from them",
    "reaction.terror": "fear from felt shock in who rejects the extremists",
    "reaction.habituation": "share of felt shock to which a reader gets used",
    "reaction.leave": "P(leaving after a session) before the first post",
    "reaction.leave_decline": "decline of that probability with the number of posts written",
    "reaction.leave_abuse": "what a session with abuse adds to it in people who withdraw",
    "expression.climate_weight": "weight of the perceived share of the own side",
    "expression.fear_weight": "weight of alarm in people who withdraw",
    "expression.anticipation": "weight of expected toxicity beside felt fear in alarm",
    "expression.fight_weight": "weight of alarm in people who fight back",
    "expression.unprompted": "share of contested intentions that need no prompt",
    "expression.contagion": "prompting by one like-minded post seen in the session",
    "expression.reposts": "share of acts meant as reposts",
    "expression.replies": "share of acts meant as replies",
    "expression.opposing_replies": "share of replies that answer the other side",
    "expression.toxic_posts": "P(an original is abusive)",
    "expression.toxic_replies": "P(a reply is abusive)",
    "expression.public_toxicity": "factor on that for contested replies to public targets",
    "expression.retaliation": "P(abusive) that fear adds to opposing replies of people who fight back",
    "expression.topics": "topics of the platform, the contested one included",
    "expression.gap": "mean time between a person's acts in a session",
    "feed.engagement": "weight of ln(1 + reposts + replies) in the score; 0 ranks by time alone",
    "feed.recency": "age that lowers the score by 1",
    "feed.depth": "newest posts of a stream that are ranked",
    "trending.slots": "topics that trend at a time",
    "trending.hours": "hours that count as recent",
    "trending.floor": "acts added to the expectation",
    "moderation.report_toxic": "P(a reader reports an abusive post)",
    "moderation.report_opposed": "P(a reader reports a civil post of the other side)",
    "moderation.threshold": "reports from which a post is reviewed",
    "moderation.lag": "age from which a post is reviewed",
    "moderation.capacity": "reviews an hour; 0 switches moderation off",
    "moderation.error": "P(a reviewed civil post is removed)",
    "moderation.strikes": "removals that bring a suspension, and every multiple of them",
    "moderation.suspension": "length of a suspension",
    "army.size": "members of the army",
    "army.span": "members under one officer",
    "army.rate": "mean posts of a member in an hour on shift at full intensity",
    "army.quota": "posts of a member in a campaign day at most",
    "army.shift": "length of a shift; as many shifts as fit into a day follow each other from 8 o'clock",
    "army.delay": "mean delay of an order on its way to an officer, drawn each day",
    "army.discipline": "P(a member obeys in an hour)",
    "army.reposts": "share of a flooder's acts that repost the army's own posts",
    "army.copying": "mean over members of the share of fresh floods that copy the hour's text",
    "army.jitter": "mean delay of a member behind the officer's second",
    "army.followers": "mean organic followers of a member",
    "extremists.size": "propagandists",
    "extremists.posts_per_day": "mean over propagandists of their posts a day",
    "extremists.hyperactivity": "log-SD of that rate",
    "extremists.followers": "mean organic followers of a propagandist",
    "extremists.shock": "shock of shocking posts at the start",
    "extremists.step": "rise of the shock after a day whose echo was no larger than the day's before",
    "extremists.content": "share of posts with shocking content",
    "campaign.principal": "whom the campaign serves: a label, no rule depends on it",
    "campaign.tactics": "which platoons work: any of flood, abuse, amplify",
    "campaign.effort": "additive: only the platoons of the tactics work; equal: all members share them",
    "campaign.start": "first hour of the campaign; until then the reference climate is learnt",
    "campaign.hours": "length of the campaign",
    "campaign.intensity": "factor on the army's rate; 0 is an army that is there and silent",
    "campaign.toxic_share": "share of fresh floods that are abusive",
    "campaign.targets": "dissenters whom the abuse platoon answers, the most visible first",
    "campaign.victims": "people to be abused instead of the most visible: checked, but not yet used by the army",
    "graph=community.mean_following": "accounts a person follows on average",
    "graph=community.spread": "log-SD of the number of accounts followed, before returns",
    "graph=community.tail": "exponent of popularity; lower is heavier",
    "graph=community.reciprocity": "share of edges that are returned",
    "graph=community.communities": "communities, of equal size",
    "graph=community.mixing": "share of drawn edges that leave the community",
    "graph=community.homophily": "share of people placed in communities in the order of their stance",
    "graph=preferential.links": "links that a newcomer makes",
    "graph=preferential.mutual": "yes: links are friendships; no: the newcomer follows",
    "graph=planted.mean_following": "accounts a person follows on average",
    "graph=planted.communities": "blocks, of equal size",
    "graph=planted.mixing": "share of ties that leave the block",
    "graph=planted.homophily": "share of people whose stance goes with their block",
    "graph=planted.mutual": "yes: ties are friendships; no: each direction is drawn by itself",
    "graph=small_world.neighbours": "nearest people on the ring, half on either side",
    "graph=small_world.rewiring": "P(a tie of the ring goes to anybody instead)",
    "graph=lfr.mean_following": "friends of a person on average",
    "graph=lfr.max_following": "friends of a person at most",
    "graph=lfr.degree_exponent": "power law of the number of friends; lower is heavier",
    "graph=lfr.min_community": "members of a community at least, before sizes are scaled to fit",
    "graph=lfr.max_community": "members of a community at most, before sizes are scaled to fit",
    "graph=lfr.community_exponent": "power law of the size of communities",
    "graph=lfr.mixing": "share of a person's ties that leave the community",
    "graph=lfr.homophily": "share of people whose stance goes with their community",
    "graph=configuration.path": "file of degrees, a person a line: followers and following, or friends",
    "graph=file.path": "the edge list, GraphML (.graphml) or GML (.gml) file, plain or .gz",
    "graph=file.edges": "how edges are read; auto: as the file says, an edge list in a comment",
    "graph=file.stance": "where stances come from",
    "graph=file.stance_path": "file of node and stance, for stance=column",
    "graph=file.column": "node attribute of GraphML and GML, for stance=column without a stance_path",
    "graph=file.homophily": "share of people whose stance goes with their community, for stance=communities",
}

HEAD = """# Parameters

Written by `python -m scripts.parameters` from the rules in `sim/`; do not edit. A parameter is set on the command
line as `group.field=value`, the graphs as `graph=NAME graph.field=value`. The choices in `conf/` other than
`default` change some of these defaults. Facts are numbered as in [references.md](references.md).
"""


def rules() -> Iterator[tuple[str, Rule]]:
    """Yield (group, rule with its defaults) in the order of `Setting`, the graphs last."""
    for column in fields(Setting):
        if column.name not in ("graph", "forces"):
            yield column.name, column.default_factory()  # type: ignore[misc]
    for name, kind in GRAPHS.items():
        yield f"graph={name}", kind()


def page() -> str:
    """Return the whole page.

    Raises:
        KeyError: a field has no meaning in `MEANINGS`.
    """
    lines = [HEAD]
    for group, rule in rules():
        lines += [f"## {group}", "", f"`{type(rule).__module__}.{type(rule).__name__}`", ""]
        lines += ["| field | default | unit | range | source | meaning |", "|---|---|---|---|---|---|"]
        lines += [_row(f"{group}.{column.name}", column, getattr(rule, column.name)) for column in fields(rule)]
        lines.append("")
    return "\n".join(lines)


def _row(name: str, column: "Field[Any]", default: object) -> str:
    about = column.metadata
    cells = (f"`{column.name}`", _value(default), about["unit"], _range(column), about["source"], MEANINGS[name])
    return "| " + " | ".join(cells) + " |"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "(none)"
    if isinstance(value, str):
        return value or "(none)"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _range(column: "Field[Any]") -> str:
    about = column.metadata
    if about["choices"]:
        return ", ".join(about["choices"])
    if isinstance(column.default, bool):
        return "yes, no"
    if not isinstance(column.default, int | float):
        return "see the rule"
    low, high = about["low"], about["high"]
    if math.isinf(low) and math.isinf(high):
        return "any"
    return f"{low:g} to {high:g}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
