"""Write docs/parameters.md from the rules: every parameter with default, unit, range, source and meaning.

    python -m scripts.parameters

It also writes experiments/parameters.csv for `--help`, which loads no rules. Run it after you change a default, a
meaning or a source, or add a field; `tests/test_docs.py` fails until then.
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
from sim.actors.sleeper import Sleepers
from sim.campaigns import Event, Operation, Principal
from sim.mechanisms.channels import Channels
from sim.mechanisms.credibility import Credibility
from sim.mechanisms.defences.publishing import AccountAge, Prompt, RateLimit, ReplyLimit
from sim.mechanisms.defences.ranking import CoordinationRanking, DownRanking, TrendDeduplication
from sim.mechanisms.defences.suspending import BlockList, Suspension
from sim.mechanisms.defences.watching import DetectorDefence
from sim.mechanisms.following import Following
from sim.mechanisms.migration import Migration
from sim.mechanisms.morale import Morale
from sim.mechanisms.pressure import Pressure
from sim.mechanisms.recruiting import Recruiting
from sim.mechanisms.returns import Returns
from sim.mechanisms.solidarity import Solidarity
from sim.people.generators import ConfigurationModel, PlantedPartition, SmallWorld
from sim.people.given_graphs import GraphFile
from sim.people.lfr import LFR
from sim.people.networks import CommunityGraph, PreferentialAttachment
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

#: Optional parts of a world, with their values where a world has them.
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
    "population.size": "number of ordinary people; a graph from a file sets it",
    "population.dissent_share": "share drawn around stance -0.5; the cohort of dissenters gets larger (see the ODD)",
    "population.loyal_share": "share drawn around stance +0.5; the rest is drawn around 0",
    "population.sympathiser_share": "share drawn around +0.7 on the extremist axis; all others around -0.7",
    "population.stance_spread": "SD of the stance towards the principal around its centre",
    "population.sessions_per_day": "mean over people of the personal rate of sessions",
    "population.sessions_sigma": "log-SD of the personal rate of sessions",
    "population.intentions_per_session": "mean over people of the mean number of intentions in a session",
    "population.intentions_sigma": "log-SD over people of that mean",
    "population.interest": "mean over people of the share of intentions on the contested topic, before the cap at 1",
    "population.specialist_share": "share of people who write about the contested topic above all",
    "population.specialist_interest": "least share of their intentions on it; the highest is 1, all between as likely",
    "population.prominence": "correlation of the log of intentions a session with the log of followers",
    "population.interest_sigma": "log-SD over people of that share",
    "population.willingness": "mean log-odds of voicing a prompted contested intention, unafraid and at even climate",
    "population.willingness_spread": "SD over people of the willingness",
    "population.withdraw_share": "share of people who speak less when afraid",
    "population.fight_share": "share of people who speak more when afraid; fear does not change the speech of the rest",
    "population.hardcore_share": "share of people whom neither fear nor the opinion climate silences",
    "population.public_followers": "organic followers from which an account counts as public and may become a target",
    "activity.rhythm": "amplitude of the daily rhythm of sessions",
    "activity.peak": "hour of the day with most sessions, before the personal shift",
    "activity.burst": "spread of the daily activity",
    "activity.notified": "P(each unread reply or repost brings its author back within an hour), to read alone",
    "activity.slice": "length of the slices of an hour in which people come; all read what was published before",
    "attention.items": "posts that a person reads in a session, over all places together",
    "attention.mentions": "slots for replies to the reader",
    "attention.search_rate": "times the reader's interest: P(looking up the contested topic in a session), at most 1",
    "attention.search": "slots for the topic that the reader looks up",
    "attention.trends": "slots for a trending topic",
    "attention.memory": "age at which a post no longer appears in the home feed",
    "attention.army_competes": "true: posts of the army take slots from others; false: they are read in addition",
    "reaction.persuasion": "share of the way to a civil post's stance that a reader goes, if the post is near enough",
    "reaction.tolerance": "distance on either axis below which a post persuades",
    "reaction.climate_rate": "weight of one post in the opinion climate that the reader perceives",
    "reaction.direct_fear": "share of the way to full fear that a toxic reply to the reader goes",
    "reaction.vicarious_fear": "the same for a toxic reply to somebody on the reader's side",
    "reaction.anticipation": "weight of one opposing post in the expected toxicity",
    "reaction.half_life": "time in which fear halves",
    "reaction.discount": "share by which visibly copied texts count less for climate, expected toxicity and stance",
    "reaction.thrill": "step of extreme sympathisers towards the extremists for each unit of felt shock",
    "reaction.repulsion": "step of everybody else away from the extremists for each unit of felt shock",
    "reaction.terror": "fear that felt shock causes in people who reject the extremists",
    "reaction.habituation": "share of felt shock that a reader gets used to",
    "reaction.leave": "P(leaving the platform after a session) before the first post",
    "reaction.leave_decline": "how fast that probability falls with the number of posts written",
    "reaction.leave_abuse": "what a session with abuse adds to that probability in people who withdraw",
    "expression.climate_weight": "weight of the perceived share of the person's own side",
    "expression.fear_weight": "weight of alarm in people who withdraw",
    "expression.anticipation": "weight in alarm of expected toxicity, beside that of felt fear",
    "expression.fight_weight": "weight of alarm in people who fight back",
    "expression.unprompted": "share of contested intentions that need no prompt",
    "expression.contagion": "how much one like-minded post, read in the session, prompts",
    "expression.reposts": "share of intentions that are for reposts",
    "expression.replies": "share of intentions that are for replies",
    "expression.opposing_replies": "share of replies that answer the other side",
    "expression.toxic_posts": "P(an original is abusive)",
    "expression.toxic_replies": "P(a reply is abusive)",
    "expression.public_toxicity": "factor on toxic_replies for contested replies to public targets",
    "expression.retaliation": "what fear adds to P(abusive) in opposing replies of people who fight back",
    "expression.fading": "half-life of the weight that a post which is read has among those to repost",
    "expression.topics": "number of topics, with the contested one",
    "expression.gap": "mean time between two posts of a person in a session",
    "feed.engagement": "weight of ln(1 + reposts + replies) in the score; 0 ranks by time alone",
    "feed.recency": "each such age lowers the score by 1",
    "feed.depth": "how many posts of a stream are ranked for a reader; of more, each reader sees a part",
    "feed.window": "how far back search and trends look",
    "trending.slots": "number of topics that trend at the same time",
    "trending.hours": "length of the recent period, in which posts are compared with what is expected",
    "trending.floor": "posts added to the expected number",
    "moderation.report_toxic": "P(a reader reports an abusive post)",
    "moderation.report_opposed": "P(a reader reports a civil post of the other side)",
    "moderation.threshold": "number of reports after which a post is reviewed",
    "moderation.lag": "age at which a reported post is reviewed",
    "moderation.capacity": "reviews in an hour; 0 switches moderation off",
    "moderation.error": "P(a civil post that is reviewed is removed)",
    "moderation.strikes": "number of removals that bring a suspension, as does every multiple of it",
    "moderation.suspension": "length of a suspension",
    "army.size": "number of members of the army",
    "army.span": "members for each officer",
    "army.rate": "mean posts of a member in an hour of work",
    "army.quota": "most posts that a member writes in a campaign day",
    "army.shift": "length of a shift; shifts follow each other from 8 o'clock, as many as fit into a day",
    "army.delay": "mean time that an order takes to an officer, drawn each day",
    "army.discipline": "P(a member obeys orders in an hour)",
    "army.reposts": "share of a flooder's posts that repost the army's own posts",
    "army.copying": "mean over members of the share of a flood's original posts that copy the text of the hour",
    "army.jitter": "mean delay of a member's post after the officer's time",
    "army.affinity": "how much likelier those who agree, and those who follow many, are to follow a member",
    "army.followers": "mean organic followers of a member",
    "extremists.size": "number of propagandists",
    "extremists.posts_per_day": "mean over propagandists of their posts in a day",
    "extremists.hyperactivity": "log-SD over propagandists of that rate",
    "extremists.affinity": "how much likelier sympathisers, and those who follow many, are to follow a propagandist",
    "extremists.followers": "mean organic followers of a propagandist",
    "extremists.shock": "shock of their shocking posts at the start",
    "extremists.escalation_step": "rise of the shock after a day on which the echo did not grow",
    "extremists.shocking_share": "share of posts that are shocking",
    "campaign.principal": "whom the campaign serves; only a label, no rule depends on it",
    "campaign.tactics": "tactics in use: any of flood, abuse, amplify",
    "campaign.effort": "additive: only the members for these tactics work; equal: all members share these tactics",
    "campaign.start": "first hour of the campaign; people learn the reference climate until then",
    "campaign.hours": "length of the campaign",
    "campaign.dose": "how much the army works, by its share of the posts on the topic where 300 members face 10,000 "
    "people; one_account: as much as one member can, saturation: all that the army can",
    "campaign.intensity": "share of the dose; at 0 the army exists and is silent",
    "campaign.toxic_share": "share of a flood's original posts that are abusive",
    "campaign.targets": "number of dissenters whom members abuse, the most visible first",
    "evasion.jitter": "mean delay of a post after its order; uniform from 0 to twice the mean",
    "evasion.diurnal": "true: delays move posts to hours in which many people are active",
    "evasion.participation": "P(a member takes part in the orders of an hour)",
    "evasion.rotation": "hours for which the same members take part, before others do",
    "evasion.camouflage": "share of a member's ordered posts that are replaced by everyday talk",
    "evasion.everyday": "mean over members of the everyday posts that they write without orders",
    "evasion.paraphrase": "how copies of a text differ: copy: not at all; template: slots; swap: words; rewrite: fully",
    "evasion.splitting": "number of slogans, and of linked articles, over which ordered posts are spread",
    "evasion.deletion": "P(the author deletes an ordered post before data are collected)",
    "evasion.maturity": "share of accounts that are as old and as well connected as people's; the rest are a new batch",
    "campaign.victims": "rows of people to abuse instead of the most visible dissenters",
    "events.NAME.start": "first hour of the event",
    "events.NAME.hours": "length of the event",
    "events.NAME.who": "whose sessions and interest the event changes",
    "events.NAME.sessions": "factor on the rate of their sessions",
    "events.NAME.interest": "factor on the share of their intentions on the contested topic; the share stays at most 1",
    "events.NAME.extremist_volume": "factor on the number of the extremists' posts",
    "events.NAME.distress": "share of the extremists' own posts that tell of their rout",
    "events.NAME.rally_share": "share of dissenting original posts that carry the slogan of the hour, at its time",
    "events.NAME.unmask": "number of sleepers who are unmasked in the first hour",
    "credibility.people": "credibility of ordinary people at the start, to which it recovers",
    "credibility.strangers": "credibility of organised accounts at the start, to which it recovers",
    "credibility.source_credibility_weight": "0: all accounts count alike; 1: a post counts as its author is believed",
    "credibility.lift": "weight of ln(credibility) in the score of a post",
    "credibility.smear": "share of a reader's belief in the target that one fully credible smear destroys",
    "credibility.association": "share lost by whoever reposts or agrees with somebody who has lost all credibility",
    "credibility.civic": "share of a reader's doubt in the author that one civic post removes",
    "credibility.half_life": "time in which half of a loss recovers",
    "credibility.unmasked_factor": "share of the baseline credibility that an unmasked account keeps",
    "credibility.spillover": "share that each dissenter loses when a fully credible sleeper is unmasked",
    "morale.loss": "log-loss of morale from one post of distress that is fully believed",
    "morale.outsider": "how far distress is believed that comes from outside the extremists' side",
    "morale.reading_rate": "posts on the topic that a propagandist reads in an hour",
    "morale.half_life": "time in which half of lost morale recovers",
    "morale.defiance": "share of lost morale that comes back when an impersonator is unmasked",
    "morale.threshold": "morale below which people of the extremists' side may defect",
    "morale.defection": "P(defecting in a session, or in an hour for propagandists) at zero morale",
    "following.follow": "P(following the author of a civil post of the reader's own side, once read)",
    "following.refind": "P(following the new account of somebody whose old account the reader followed, once read)",
    "following.unfollow": "P(unfollowing the author of a post that is abusive or of the other side, once read)",
    "following.block": "P(blocking the author of an abusive reply to the reader, once read)",
    "following.mute": "P(muting the author of any other abusive post, once read)",
    "returns.spares": "reserve accounts of each operator, used one after the other",
    "returns.delay": "mean time from a suspension until the operator uses the next account",
    "returns.aged": "share of reserve accounts that were opened long before; the sweep does not count them as young",
    "returns.aged_followers": "mean followers that an aged account has from the start",
    "pressure.start": "first hour of the sweep",
    "pressure.hours": "length of the sweep",
    "pressure.lag": "hours after which a post is checked",
    "pressure.hit": "P(suspension for a checked post that is abusive or extremist)",
    "pressure.false_alarm": "P(suspension for any other checked post with an opinion on the topic)",
    "pressure.bias": "factor on false_alarm for opinions against the principal",
    "pressure.newcomer": "factor on all these probabilities for young accounts",
    "pressure.young": "age below which an account is young",
    "pressure.suspension": "length of a suspension for abuse or extremism",
    "pressure.appeal": "length of any other suspension, until the appeal is heard",
    "recruiting.join": "P(joining the author of a shocking post, once read, if shock 1 is fully felt)",
    "recruiting.threshold": "stance towards the extremists above which people may join",
    "channels.rooms": "number of closed rooms",
    "channels.seats": "members that a room holds",
    "channels.hour": "hour of the day at which rooms meet",
    "channels.reach": "stance towards the extremists from which people may enter",
    "channels.invite": "P(asking for a seat, each day)",
    "channels.pull": "share of the way to full support of the extremists that a member goes each day",
    "channels.threshold": "stance towards the extremists above which members may join them",
    "channels.recruit": "P(joining, each day)",
    "channels.detection_rate": "P(the agency finds a room on a day through one given member)",
    "channels.start": "first hour in which the agency watches rooms",
    "channels.hours": "time for which the agency watches rooms",
    "channels.lag": "time from the hour in which a room is found until it is raided",
    "channels.raid_fear": "share of the way to full fear that members of a raided room go",
    "channels.avoidance_hours": "time for which members of a raided room avoid all rooms",
    "channels.rebuild": "time for which a raided room stays closed",
    "migration.flee": "P(moving in a session) for people who expect nothing but abuse on the topic",
    "migration.follow": "P(moving after reading one dissenting post by somebody who has moved)",
    "migration.pursuit": "time from the first move until organised accounts find the migration tag",
    "migration.chase": "share of their posts that organised accounts put under the migration tag from then on",
    "solidarity.rally_posts": "like-minded posts that one case of abuse of the own side equals as a prompt",
    "solidarity.comfort": "share of fear that one civil reply from the reader's own side takes away",
    "forces.contender.name": "part of the key of its accounts; no two forces may have the same name",
    "forces.contender.escalation": "what makes the shock rise: a weaker echo, a stronger rival, or either",
    "forces.contender.recruits": "number of accounts that it can open for people who join",
    "forces.reporters.name": "part of the key of its accounts; no two forces may have the same name",
    "forces.reporters.size": "number of members; they write nothing and nobody follows them",
    "forces.reporters.start": "first hour in which they report",
    "forces.reporters.hours": "for how long they report",
    "forces.reporters.rate": "P(a member reports a civil post of a target)",
    "forces.reporters.targets": "number of dissenters whose posts they report, the most visible first",
    "graph=community.mean_following": "accounts a person follows on average",
    "graph=community.spread": "log-SD of the number of accounts followed, before edges are returned",
    "graph=community.tail": "exponent of popularity; lower is heavier-tailed",
    "graph=community.fame": "spread of popularity among all people, besides the heavier tail of the most popular",
    "graph=community.reciprocity": "share of edges that are returned",
    "graph=community.communities": "number of communities, all of equal size",
    "graph=community.mixing": "share of drawn edges that leave the community",
    "graph=community.homophily": "share of people placed in communities in the order of their stance",
    "graph=preferential.links": "links that each new person makes",
    "graph=preferential.mutual": "true: links are friendships; false: the new person follows",
    "graph=planted.mean_following": "accounts a person follows on average",
    "graph=planted.communities": "number of blocks, all of equal size",
    "graph=planted.mixing": "share of ties that leave the block",
    "graph=planted.homophily": "share of people whose block depends on their stance",
    "graph=planted.mutual": "true: ties are friendships; false: each direction is drawn separately",
    "graph=small_world.neighbours": "nearest people on the ring to whom a person is tied, half on either side",
    "graph=small_world.rewiring": "P(a tie of the ring leads to a random person instead)",
    "graph=lfr.mean_following": "mean number of friends of a person",
    "graph=lfr.max_following": "most friends that a person may have",
    "graph=lfr.degree_exponent": "exponent of the number of friends; lower is heavier-tailed",
    "graph=lfr.min_community": "fewest members of a community, before sizes are scaled to fit",
    "graph=lfr.max_community": "most members of a community, before sizes are scaled to fit",
    "graph=lfr.community_exponent": "exponent of the size of communities",
    "graph=lfr.mixing": "share of a person's ties that leave the community",
    "graph=lfr.homophily": "share of people whose community depends on their stance",
    "graph=configuration.path": "file of degrees, one person in each line: followers and following, or friends",
    "graph=file.path": "a table of ties, or GraphML, GEXF, GML, Pajek, JSON, DIMACS or METIS; also .gz, .bz2, .zip",
    "graph=file.edges": "how ties are read; auto: as the file says (a table says it in a comment), else directed",
    "graph=file.stance": "where stances come from",
    "graph=file.stance_path": "file of nodes and stances, for stance=column",
    "graph=file.column": "node attribute, or column of stance_path, that holds the stance, for stance=column",
    "graph=file.homophily": "share of people whose stance depends on their community, for stance=communities",
    "graph=file.columns": "the two ends of a tie, the follower first; all: a row is a person and all that they follow",
    "graph=file.separator": "what stands between the cells of a table; space: any white space; auto: found in the file",
    "graph=file.comment": "sign that begins a comment (# or %); none: no line is a comment; auto: found in the file",
    "graph=file.header": "whether the first row names the columns; auto: found in the file",
    "graph=file.missing": "NA, nan and the like as a name: drop: nobody; keep: a person; auto: nobody among numbers",
    "graph=file.encoding": "encoding of the text, as Python names it, such as cp1256; auto: found in the file",
    "graph=file.max_size": "largest file, unpacked; a limit for the memory that reading takes",
    "forces.committee.name": "part of the key of its accounts; no two forces may have the same name",
    "forces.committee.size": "number of members, if the principal has no budget",
    "forces.committee.rate": "mean posts of a member in an hour of work",
    "forces.committee.quota": "most posts that a member writes in a day",
    "forces.committee.duty": "length of a member's duty in a day; each member starts at an hour of their own",
    "forces.committee.discipline": "P(a member on duty works in an hour)",
    "forces.committee.reposts": "share of posts that repost the committee's own content, if the tactic has any",
    "forces.committee.copying": "mean over members of the share of original posts that copy a text",
    "forces.committee.jitter": "mean delay of a post after the member's own time",
    "forces.committee.followers": "mean organic followers of a member",
    "forces.committee.cost": "pay of a member; the budget divided by it gives the number of members",
    "forces.committee.operations": "what it does; each operation has a name",
    "forces.committee.principal": "whom it serves",
    "forces.sleepers.name": "part of the key of its accounts; no two forces may have the same name",
    "forces.sleepers.serves": "army: they act in the same minutes; committee: each at another time, against one target",
    "forces.sleepers.size": "number of planted sleepers",
    "forces.sleepers.hired": "genuine people who are hired at `hired_at`, the most visible dissenters first",
    "forces.sleepers.hired_at": "hour in which they are hired",
    "forces.sleepers.rate": "mean ordered posts in an hour on duty",
    "forces.sleepers.quota": "most ordered posts in a day",
    "forces.sleepers.duty": "length of a sleeper's duty in a day; each sleeper starts at an hour of their own",
    "forces.sleepers.discipline": "P(a sleeper on duty obeys orders in an hour)",
    "forces.sleepers.followers": "mean organic followers of a planted sleeper",
    "forces.sleepers.operations": "what they do, before and after they wake; each operation has a name",
    "forces.sleepers.principal": "whom they serve",
    "forces.NAME.operations.NAME.tactic": "what is done",
    "forces.NAME.operations.NAME.start": "first hour; targets are chosen in it",
    "forces.NAME.operations.NAME.hours": "length of the operation",
    "forces.NAME.operations.NAME.intensity": "share of the full rate; at 0 targets are chosen and nothing is written",
    "forces.NAME.operations.NAME.against": "camp of the targets, for abuse and smear",
    "forces.NAME.operations.NAME.targets": "most targets; a committee has one",
    "forces.NAME.operations.NAME.victims": "rows of the targets, instead of the most visible",
    "forces.NAME.operations.NAME.delivery": "who seems to tell of distress, or whose content is amplified",
    "forces.NAME.operations.NAME.stance": "stance towards the principal of posts that sway",
    "forces.NAME.operations.NAME.toxic_share": "share of a flood's original posts that are abusive",
    "forces.NAME.operations.NAME.risk": "P(one post unmasks its author)",
    "forces.NAME.principal.kind": "who the principal is; only a label",
    "forces.NAME.principal.budget": "what it pays in a month; this decides the number of members",
    "forces.NAME.principal.goals": "tactics that it pays for; empty: all",
    "forces.brigade.name": "part of the key of its accounts; no two forces may have the same name",
    "forces.brigade.cost": "pay of a member or an officer",
    "forces.brigade.overhead": "cost of command, without any member",
    "forces.brigade.operations": "what it does; each operation has a name",
    "forces.brigade.principal": "whom it serves",
    "defences.suspension.strength": "factor on `hit` and `false_alarm`",
    "defences.suspension.lag": "age of a post when the classifier judges it",
    "defences.suspension.min_verdicts": "verdicts of abuse within 24 hours that suspend an account",
    "defences.suspension.hit": "P(the classifier calls an abusive post abuse)",
    "defences.suspension.false_alarm": "P(the classifier calls a civil post abuse)",
    "defences.suspension.hours": "length of a suspension",
    "defences.down_ranking.strength": "factor on `hit` and `false_alarm`",
    "defences.down_ranking.penalty": "how much the score of a post falls",
    "defences.down_ranking.hit": "P(the classifier calls an abusive post abuse)",
    "defences.down_ranking.false_alarm": "P(the classifier calls a civil post abuse)",
    "defences.rate_limit.strength": "share of the posts above the limit that are rejected",
    "defences.rate_limit.max_posts": "posts that an account may write in 24 hours",
    "defences.account_age.strength": "share of the posts above the limit that are rejected",
    "defences.account_age.max_posts": "posts that a young account may write in 24 hours",
    "defences.account_age.young": "age below which an account is young, if it was opened during the run",
    "defences.reply_limit.strength": "share of accounts that accept replies only from accounts that they follow",
    "defences.block_list.strength": "share of accounts that use the list",
    "defences.block_list.min_replies": "abusive replies within 24 hours that put an account on the list",
    "defences.prompt.strength": "factor on `hit`",
    "defences.prompt.hit": "P(a person who is about to post abuse is prompted)",
    "defences.prompt.revised": "share of prompts after which the person makes the post civil",
    "defences.prompt.cancelled": "share of prompts after which the person gives up the post",
    "defences.trend_deduplication.strength": "share of repeats that do not count",
    "defences.watch.strength": "share of suspect accounts that are checked",
    "defences.watch.detector": "gives each account a score; the experiment sets it",
    "defences.watch.limit": "score above which an account is suspect",
    "defences.watch.every": "hours between two checks",
    "defences.watch.lag": "age of the newest posts that the detector sees",
    "defences.watch.capacity": "most accounts that one check suspends",
    "defences.watch.hours": "length of a suspension",
    "defences.coordination_ranking.strength": "share of posts made together that lose score",
    "defences.coordination_ranking.penalty": "how much the score of a post falls",
    "defences.coordination_ranking.window": "time within which equal posts count as made together",
    "forces.counter_speech.strength": "P(a volunteer acts in an hour)",
    "forces.counter_speech.size": "number of volunteers, who are organised by nobody",
    "forces.counter_speech.rate": "mean posts of a volunteer in an hour in which somebody was abused",
    "forces.counter_speech.followers": "mean followers of a volunteer among ordinary people",
    "forces.fans.size": "number of fans, who agree openly when to cheer and are paid by nobody",
    "forces.fans.topic": "everyday topic that they cheer on",
    "forces.fans.rally_hour": "hour of the day of their rally",
    "forces.fans.turnout": "P(a fan takes part in the rally of a day)",
    "forces.fans.cheers": "mean posts of a fan in the hour of a rally",
    "forces.fans.rate": "mean posts of a fan in any other hour from 8 to 24",
    "forces.fans.reposts": "share of cheers that repost what fans wrote in the last 24 hours",
    "forces.fans.chanting": "share of original cheers that copy the chant of the day",
    "forces.fans.spread": "mean delay of a cheer after the start of the hour",
    "forces.fans.followers": "mean followers of a fan among ordinary people",
    "forces.fans.following": "mean number of ordinary people whom a fan follows",
    "forces.newsbots.size": "number of outlets, which post an agency's bulletins automatically and are paid by nobody",
    "forces.newsbots.bulletins": "mean number of bulletins in an hour",
    "forces.newsbots.uptake": "P(an outlet posts a bulletin)",
    "forces.newsbots.contested": "share of bulletins on the contested topic; they take no side",
    "forces.newsbots.topics": "number of everyday topics for the other bulletins, counted from the first",
    "forces.newsbots.lag": "mean delay of an outlet after the agency",
    "forces.newsbots.followers": "mean followers of an outlet among ordinary people",
}

#: A brigade has the operating profile of an army.
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
    """Return the whole table: one line for each field of a rule; the rule is named by its class.

    Raises:
        KeyError: a field has no meaning in `MEANINGS`.
    """
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("rule", "field", "default", "unit", "range", "source", "meaning"))
    for group, rule in iterate_rules():
        kind = f"{type(rule).__module__}.{type(rule).__name__}"
        for column in fields(rule):
            lines.writerow((kind, *_format_cells(f"{group}.{column.name}", column, getattr(rule, column.name))))
    return text.getvalue()


def _format_row(name: str, column: "Field[Any]", default: object) -> str:
    field, *others = _format_cells(name, column, default)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in (f"`{field}`", *others)) + " |"


def _format_cells(name: str, column: "Field[Any]", default: object) -> tuple[str, ...]:
    about = column.metadata
    return column.name, _format_value(default), about["unit"], _format_range(column), about["source"], MEANINGS[name]


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
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
        return "true, false"
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
