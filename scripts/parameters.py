"""Write docs/parameters.md from the rules: every parameter with default, unit, range, source and meaning.

    python -m scripts.parameters

The same goes into experiments/parameters.csv, which `--help` reads, as it loads no rules. Run it after a default has
changed or a field was added; `tests/test_docs.py` fails until then.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from io import StringIO
from pathlib import Path
from typing import Any

from sim.actors.army import CommandedForce
from sim.actors.committee import Brigade, Committee
from sim.actors.contender import Contender
from sim.actors.counterspeech import CounterSpeech
from sim.actors.evasion import Evasion
from sim.actors.fans import Fans
from sim.actors.newsbots import NewsBots
from sim.actors.propagandist import Extremists
from sim.actors.reporters import Reporters
from sim.actors.returns import Returns
from sim.actors.sleeper import Sleepers
from sim.campaigns import Event, Operation, Principal
from sim.people.credibility import Credibility
from sim.people.following import Following
from sim.people.generators import ConfigurationModel, PlantedPartition, SmallWorld
from sim.people.given_graphs import GraphFile
from sim.people.lfr import LFR
from sim.people.migration import Migration
from sim.people.morale import Morale
from sim.people.networks import CommunityGraph, PreferentialAttachment
from sim.people.recruiting import Recruiting
from sim.people.solidarity import Solidarity
from sim.platform.channels import Channels
from sim.platform.defences.publishing import AccountAge, Prompt, RateLimit, ReplyLimit
from sim.platform.defences.ranking import CoordinationRanking, DownRanking, TrendDeduplication
from sim.platform.defences.suspending import BlockList, Suspension
from sim.platform.defences.watching import DetectorDefence
from sim.platform.pressure import Pressure
from sim.rules import Rule
from sim.setting import Setting

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "parameters.md"
TABLE = ROOT / "experiments" / "parameters.csv"
GRAPHS = {
    "community": CommunityGraph,
    "preferential": PreferentialAttachment,
    "planted": PlantedPartition,
    "small_world": SmallWorld,
    "lfr": LFR,
    "configuration": ConfigurationModel,
    "file": GraphFile,
}

#: What a world may lack, with the values it has once it is there.
OPTIONAL: dict[str, Rule] = {
    "evasion": Evasion(),
    "events.NAME": Event(),
    "credibility": Credibility(),
    "morale": Morale(),
    "forces.committee": Committee(),
    "forces.brigade": Brigade(),
    "forces.reporters": Reporters(),
    "forces.sleepers": Sleepers(),
    "forces.NAME.operations.NAME": Operation(),
    "forces.NAME.principal": Principal(),
    "following": Following(),
    "returns": Returns(),
    "pressure": Pressure(),
    "recruiting": Recruiting(),
    "channels": Channels(),
    "migration": Migration(),
    "solidarity": Solidarity(),
    "forces.contender": Contender(),
    "defences.suspension": Suspension(),
    "defences.down_ranking": DownRanking(),
    "defences.rate_limit": RateLimit(),
    "defences.account_age": AccountAge(),
    "defences.reply_limit": ReplyLimit(),
    "defences.block_list": BlockList(),
    "defences.prompt": Prompt(),
    "defences.trend_deduplication": TrendDeduplication(),
    "defences.watch": DetectorDefence(),
    "defences.coordination_ranking": CoordinationRanking(),
    "forces.counter_speech": CounterSpeech(),
    "forces.fans": Fans(),
    "forces.newsbots": NewsBots(),
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
    "population.intentions_per_session": "mean over people of the personal mean of latent intentions in a session",
    "population.intentions_sigma": "log-SD of that mean",
    "population.interest": "mean over people, before the cap at 1, of the share of intentions on the contested topic",
    "population.interest_sigma": "log-SD of that share",
    "population.willingness": "mean log-odds of voicing a prompted contested intention without fear, at even climate",
    "population.willingness_spread": "SD of willingness over people",
    "population.withdraw_share": "share of people who speak less when afraid",
    "population.fight_share": "share of people who speak more when afraid; the rest is indifferent",
    "population.hardcore_share": "share of people whom neither fear nor climate silences",
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
    "attention.army_competes": "no: the army's posts are read on top of the budget (a counterfactual)",
    "reaction.persuasion": "step of the stance towards a civil post that is near enough",
    "reaction.tolerance": "distance below which a post persuades, on either axis",
    "reaction.climate_rate": "weight of one post in the perceived climate",
    "reaction.direct_fear": "fear from a toxic answer to the reader",
    "reaction.vicarious_fear": "fear from a toxic answer to somebody of the reader's side",
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
    "extremists.escalation_step": "rise of the shock after a day whose echo was no larger than the day's before",
    "extremists.shocking_share": "share of posts with shocking content",
    "campaign.principal": "whom the campaign serves: a label, no rule depends on it",
    "campaign.tactics": "which platoons work: any of flood, abuse, amplify",
    "campaign.effort": "additive: only the platoons of the tactics work; equal: all members share them",
    "campaign.start": "first hour of the campaign; until then the reference climate is learnt",
    "campaign.hours": "length of the campaign",
    "campaign.intensity": "factor on the army's rate; 0 is an army that is there and silent",
    "campaign.toxic_share": "share of fresh floods that are abusive",
    "campaign.targets": "dissenters whom the abuse platoon answers, the most visible first",
    "evasion.jitter": "mean delay of a post behind its order's second; even from 0 to twice that",
    "evasion.diurnal": "delays lead to hours at which people are about",
    "evasion.participation": "P(a member takes part in what is ordered in an hour)",
    "evasion.rotation": "hours for which the same members take part",
    "evasion.camouflage": "share of a member's ordered acts that become everyday talk",
    "evasion.everyday": "mean over members of everyday posts written without orders",
    "evasion.paraphrase": "how copies of a text differ: not, in slots, in any words, wholly",
    "evasion.splitting": "slogans, and articles linked to, over which ordered posts are spread",
    "evasion.deletion": "P(an ordered post is deleted by its author before data are collected)",
    "evasion.maturity": "share of accounts with the age and the ties of people; others are a fresh batch",
    "campaign.victims": "people to be abused instead of the most visible dissenters",
    "events.NAME.start": "first hour of the event",
    "events.NAME.hours": "length of the event",
    "events.NAME.who": "whose sessions and interest it changes",
    "events.NAME.sessions": "factor on the rate of their sessions",
    "events.NAME.interest": "factor on the share of their intentions on the contested topic, which stays at most 1",
    "events.NAME.extremist_volume": "factor on the volume of the extremists",
    "events.NAME.distress": "share of the extremists' own posts that tell of their rout",
    "events.NAME.rally_share": "share of dissenting originals that carry the hour's slogan at its second",
    "events.NAME.unmask": "sleepers who become known as such in its first hour",
    "credibility.people": "first credibility of ordinary people, and what it recovers to",
    "credibility.strangers": "the same for organised accounts",
    "credibility.source_credibility_weight": "0: everybody counts alike; 1: a post counts for what its voice is believed",
    "credibility.lift": "weight of ln credibility in the score of a post",
    "credibility.smear": "share of a reader's belief in the target that one wholly credible smear destroys",
    "credibility.association": "the same for who reposts or agrees with somebody who has lost all credibility",
    "credibility.civic": "share of a reader's doubt in the voice that one civic post removes",
    "credibility.half_life": "time in which half of a loss is made up for",
    "credibility.unmasked_factor": "share of the standing that is left to who is unmasked",
    "credibility.spillover": "share that each dissenter loses when a wholly credible sleeper is unmasked",
    "morale.loss": "log-loss of morale by one post of distress that is wholly believed",
    "morale.outsider": "belief in distress that is not told by their own side",
    "morale.reading_rate": "posts on the topic at which a propagandist looks in an hour",
    "morale.half_life": "time in which half of lost morale comes back",
    "morale.defiance": "share of lost morale that comes back when a false friend is unmasked",
    "morale.threshold": "morale below which they may defect",
    "morale.defection": "P(defecting in a session, or an hour of a propagandist) when no morale is left",
    "following.follow": "P(following the voice of a civil post of the own side, on both axes, once read)",
    "following.refind": "P(following the new account of somebody followed under the former one, once read)",
    "following.unfollow": "P(unfollowing the author of a post that is abusive or of the other side, once read)",
    "following.block": "P(blocking the author of an abusive answer to oneself, once read)",
    "following.mute": "P(muting the author of any other abusive post, once read)",
    "returns.spares": "accounts that each operator has in reserve, one after the other",
    "returns.delay": "mean time from a suspension until the next account is taken up",
    "returns.aged": "share of the reserve that was opened long before, and is not young to a sweep",
    "returns.aged_followers": "mean followers of an aged account of its own",
    "pressure.start": "first hour of the sweep",
    "pressure.hours": "length of the sweep",
    "pressure.lag": "hours after which an act is looked at",
    "pressure.hit": "P(suspension for an abusive or extremist act that is looked at)",
    "pressure.false_alarm": "P(suspension for another act with an opinion on the topic that is looked at)",
    "pressure.bias": "factor on that for opinions against the principal",
    "pressure.newcomer": "factor on the probability for young accounts",
    "pressure.young": "age below which an account is young",
    "pressure.suspension": "time for which abuse and extremism suspend",
    "pressure.appeal": "time for which anybody else is suspended, until the appeal is heard",
    "recruiting.join": "P(turning to who wrote a wholly shocking post that is fully felt, once read)",
    "recruiting.threshold": "stance towards the extremists above which people may join",
    "channels.rooms": "closed rooms",
    "channels.seats": "members that a room holds",
    "channels.hour": "hour of the day at which rooms meet",
    "channels.reach": "stance towards the extremists from which people are let in",
    "channels.invite": "P(asking for a seat on a day)",
    "channels.pull": "share of the way to the extremists that a member goes on a day",
    "channels.threshold": "stance towards the extremists above which members may join them",
    "channels.recruit": "P(joining on a day)",
    "channels.detection_rate": "P(a room is found on a day, through any one of its members)",
    "channels.start": "first hour in which the agency watches",
    "channels.hours": "time for which it watches",
    "channels.lag": "time from when a room is found until it is broken up",
    "channels.raid_fear": "share of the way to full fear that members of a broken room go",
    "channels.avoidance_hours": "time for which they stay away from rooms",
    "channels.rebuild": "time for which the room stays closed",
    "migration.flee": "P(moving in a session) of who expects nothing but abuse on the topic",
    "migration.follow": "P(moving after one dissenting post by somebody who has moved)",
    "migration.pursuit": "time from the first who moves until the organised find the fresh tag",
    "migration.chase": "share of their posts that the organised file under it from then on",
    "solidarity.rally_posts": "like-minded posts as which one case of abuse of one's own side counts in what prompts",
    "solidarity.comfort": "share of fear that one civil answer of one's own side takes away",
    "forces.contender.name": "keys the accounts; two forces of one name are refused",
    "forces.contender.escalation": "what makes the shock rise: a fading echo, a stronger rival, or either",
    "forces.contender.recruits": "accounts that it can open for people who join",
    "forces.reporters.name": "keys the accounts; two forces of one name are refused",
    "forces.reporters.size": "members, who write nothing and whom nobody follows",
    "forces.reporters.start": "first hour in which they report",
    "forces.reporters.hours": "length of their work",
    "forces.reporters.rate": "P(a member reports a civil post of a target)",
    "forces.reporters.targets": "dissenters at whom they aim, the most visible first",
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
    "forces.committee.name": "keys the accounts; two forces of one name are refused",
    "forces.committee.size": "members, if the principal has no budget",
    "forces.committee.rate": "mean posts of a member in an hour at it",
    "forces.committee.quota": "posts of a member in a day at most",
    "forces.committee.duty": "hours of the day at which a member may be at it, from an hour of its own",
    "forces.committee.discipline": "P(a member on duty is at it in an hour)",
    "forces.committee.reposts": "share of acts that repost the committee's own content, where the tactic has any",
    "forces.committee.copying": "mean over members of the share of fresh posts that copy a text",
    "forces.committee.jitter": "mean delay behind one's own second",
    "forces.committee.followers": "mean organic followers of a member",
    "forces.committee.cost": "what a member costs; a budget over it is the number of members",
    "forces.committee.operations": "what it does, by name",
    "forces.committee.principal": "whom it serves",
    "forces.sleepers.name": "keys the accounts; two forces of one name are refused",
    "forces.sleepers.serves": "army: they act in the same minutes; committee: apart, and with one target",
    "forces.sleepers.size": "planted sleepers",
    "forces.sleepers.hired": "genuine figures hired at `hired_at`, the most visible dissenters",
    "forces.sleepers.hired_at": "hour at which they are hired",
    "forces.sleepers.rate": "mean posts to order in an hour on duty",
    "forces.sleepers.quota": "posts to order in a day at most",
    "forces.sleepers.duty": "hours of the day at which one may be at it, from an hour of one's own",
    "forces.sleepers.discipline": "P(who is on duty obeys in an hour)",
    "forces.sleepers.followers": "mean organic followers of a planted sleeper",
    "forces.sleepers.operations": "what they do, by name: before and after they wake",
    "forces.sleepers.principal": "whom they serve",
    "forces.NAME.operations.NAME.tactic": "what is done",
    "forces.NAME.operations.NAME.start": "first hour; targets are chosen then",
    "forces.NAME.operations.NAME.hours": "length",
    "forces.NAME.operations.NAME.intensity": "factor on the rate; 0 chooses targets and writes nothing",
    "forces.NAME.operations.NAME.against": "camp of the targets, for abuse and smear",
    "forces.NAME.operations.NAME.targets": "targets at most; a committee takes one",
    "forces.NAME.operations.NAME.victims": "rows to aim at instead of the most visible",
    "forces.NAME.operations.NAME.delivery": "in whose voice distress is told, or whose is amplified",
    "forces.NAME.operations.NAME.stance": "towards the principal, of content that sways",
    "forces.NAME.operations.NAME.toxic_share": "share of a flood's fresh posts that are abusive",
    "forces.NAME.operations.NAME.risk": "P(one post unmasks its author)",
    "forces.NAME.principal.kind": "what the principal is: a label",
    "forces.NAME.principal.budget": "what it pays in a month; it decides the number of members",
    "forces.NAME.principal.goals": "tactics that it pays for; none: all",
    "forces.brigade.name": "keys the accounts; two forces of one name are refused",
    "forces.brigade.cost": "what a member or an officer costs",
    "forces.brigade.overhead": "what command costs before the first member",
    "forces.brigade.operations": "what it does, by name",
    "forces.brigade.principal": "whom it serves",
    "defences.suspension.strength": "factor on both rates of verdicts",
    "defences.suspension.lag": "age of the newest post that it looks at",
    "defences.suspension.min_verdicts": "verdicts within 24 hours from which an account is suspended",
    "defences.suspension.hit": "P(an abusive post is taken for abuse)",
    "defences.suspension.false_alarm": "P(a civil post is taken for abuse)",
    "defences.suspension.hours": "length of a suspension",
    "defences.down_ranking.strength": "factor on both rates of verdicts",
    "defences.down_ranking.penalty": "score that a post loses",
    "defences.down_ranking.hit": "P(an abusive post is taken for abuse)",
    "defences.down_ranking.false_alarm": "P(a civil post is taken for abuse)",
    "defences.rate_limit.strength": "share of what goes beyond the limit that is not posted",
    "defences.rate_limit.max_posts": "posts of an account in 24 hours",
    "defences.account_age.strength": "share of what goes beyond the limit that is not posted",
    "defences.account_age.max_posts": "posts of a young account in 24 hours",
    "defences.account_age.young": "age below which an account opened during the run is young",
    "defences.reply_limit.strength": "share of accounts that let nobody answer whom they do not follow",
    "defences.block_list.strength": "share of accounts that subscribe",
    "defences.block_list.min_replies": "abusive replies within 24 hours that bring an account onto the list",
    "defences.prompt.strength": "factor on the rate of prompts",
    "defences.prompt.hit": "P(who is about to post abuse is asked)",
    "defences.prompt.revised": "share of prompts after which the post is made civil",
    "defences.prompt.cancelled": "share of prompts after which the post is given up",
    "defences.trend_deduplication.strength": "share of repeats that do not count",
    "defences.watch.strength": "share of suspect accounts that are looked at",
    "defences.watch.detector": "says how suspect each account is; the experiment gives it",
    "defences.watch.limit": "score above which an account is suspect",
    "defences.watch.every": "hours from one look to the next",
    "defences.watch.lag": "age of the newest posts that the detector is shown",
    "defences.watch.capacity": "accounts that are suspended after a look at most",
    "defences.watch.hours": "length of a suspension",
    "defences.coordination_ranking.strength": "share of what is posted together that is ranked lower",
    "defences.coordination_ranking.penalty": "score that a post loses",
    "defences.coordination_ranking.window": "time within which the same thing counts as posted together",
    "forces.counter_speech.strength": "P(a volunteer acts in an hour)",
    "forces.counter_speech.size": "volunteers, who serve nobody",
    "forces.counter_speech.rate": "mean posts of a volunteer in an hour in which somebody was abused",
    "forces.counter_speech.followers": "mean followers of a volunteer among ordinary people",
    "forces.fans.size": "fans, who agree openly when to cheer and serve nobody",
    "forces.fans.topic": "everyday topic that they cheer on",
    "forces.fans.rally_hour": "hour of the day at which they meet",
    "forces.fans.turnout": "P(a fan comes to the day's rally)",
    "forces.fans.cheers": "mean posts of a fan in the hour of a rally",
    "forces.fans.rate": "mean posts of a fan in any other hour from 8 to 24",
    "forces.fans.reposts": "share of cheers that repost what fans wrote in the last day",
    "forces.fans.chanting": "share of own cheers that are copies of the day's chant",
    "forces.fans.spread": "mean delay of a cheer after the full hour",
    "forces.fans.followers": "mean followers of a fan among ordinary people",
    "forces.fans.following": "mean ordinary people whom a fan follows",
    "forces.newsbots.size": "outlets, which post an agency's bulletins by themselves and serve nobody",
    "forces.newsbots.bulletins": "mean bulletins of the agency in an hour",
    "forces.newsbots.uptake": "P(an outlet takes up a bulletin)",
    "forces.newsbots.contested": "share of bulletins on the contested topic, without a side",
    "forces.newsbots.topics": "everyday topics that the other bulletins are on, from the first on",
    "forces.newsbots.lag": "mean delay of an outlet behind the agency",
    "forces.newsbots.followers": "mean followers of an outlet among ordinary people",
}

#: A brigade is drilled as the army is.
MEANINGS |= {
    f"forces.brigade.{column.name}": MEANINGS[f"army.{column.name}"].replace("army", "brigade")
    for column in fields(CommandedForce)
}

#: A contender is an organisation as the extremists are.
MEANINGS |= {f"forces.contender.{column.name}": MEANINGS[f"extremists.{column.name}"] for column in fields(Extremists)}

HEAD = """# Parameters

Written by `python -m scripts.parameters` from the rules in `sim/`; do not edit. A parameter is set on the command
line as `group.field=value`, the graphs as `graph=NAME graph.field=value`. The choices in `conf/` other than
`default` change some of these defaults. Facts are numbered as in [references.md](references.md).
"""


def iterate_rules() -> Iterator[tuple[str, Rule]]:
    """Yield (group, rule with its defaults) in the order of `Setting`, the graphs last."""
    for column in fields(Setting):
        if column.default is MISSING and column.name != "graph":
            yield column.name, column.default_factory()  # type: ignore[misc]
    yield from OPTIONAL.items()
    for name, kind in GRAPHS.items():
        yield f"graph={name}", kind()


def format_page() -> str:
    """Return the whole page.

    Raises:
        KeyError: a field has no meaning in `MEANINGS`.
    """
    lines = [HEAD]
    for group, rule in iterate_rules():
        lines += [f"## {group}", "", f"`{type(rule).__module__}.{type(rule).__name__}`", ""]
        lines += ["| field | default | unit | range | source | meaning |", "|---|---|---|---|---|---|"]
        lines += [_format_row(f"{group}.{column.name}", column, getattr(rule, column.name)) for column in fields(rule)]
        lines.append("")
    return "\n".join(lines)


def table() -> str:
    """Return the whole table: a line a field of a rule, which is named by its class.

    Raises:
        KeyError: a field has no meaning in `MEANINGS`.
    """
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("rule", "field", "default", "unit", "range", "source", "meaning"))
    for group, rule in iterate_rules():
        kind = f"{type(rule).__module__}.{type(rule).__name__}"
        for column in fields(rule):
            lines.writerow((kind, *_cells(f"{group}.{column.name}", column, getattr(rule, column.name))))
    return text.getvalue()


def _format_row(name: str, column: "Field[Any]", default: object) -> str:
    field, *others = _cells(name, column, default)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in (f"`{field}`", *others)) + " |"


def _cells(name: str, column: "Field[Any]", default: object) -> tuple[str, ...]:
    about = column.metadata
    return column.name, _format_value(default), about["unit"], _format_range(column), about["source"], MEANINGS[name]


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Rule):
        return f"{type(value).__name__}()"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "(none)"
    if isinstance(value, str):
        return value or "(none)"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _format_range(column: "Field[Any]") -> str:
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
    """Write the page and the table."""
    PAGE.write_text(format_page(), encoding="utf-8")
    TABLE.write_text(table(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
