"""The stylised facts: target, source and certainty, and the measure in the model.

Bands are the targets' own. Where a target says "about", "few" or "more", the band is our reading of it,
and the note says so.
"""

import pandas as pd

from experiments.facts import activity, harm, operation, opinion, spread, targets
from experiments.facts.table import Fact, Part, SeedWorlds, measure
from sim.setting import Setting
from sim.state.posts import ORIGINAL, REPLY, REPOST

FACTS = (
    Fact(
        1, "activity concentration", "top 10% of users write 75-90% of posts; top 25% at least 95%", "C",
        "Pew 2019, 2021", "second-hand",
        (
            Part("written by the top 10%, %", lambda w: activity.measure_top_posts(w.quiet, 0.10), 75, 90, 100),
            Part("written by the top 25%, %", lambda w: activity.measure_top_posts(w.quiet, 0.25), 95, 100, 100),
        ),
        "Quiet world, whole run, all people.",
    ),
    Fact(
        2, "mix of acts", "reposts 40-50%, replies 30-35%, originals 10-20%", "C", "Pew 2021", "second-hand",
        (
            Part("reposts, %", lambda w: activity.measure_kind_share(w.quiet, REPOST), 40, 50, 100),
            Part("replies, %", lambda w: activity.measure_kind_share(w.quiet, REPLY), 30, 35, 100),
            Part("originals, %", lambda w: activity.measure_kind_share(w.quiet, ORIGINAL), 10, 20, 100),
        ),
        "Quiet world, of all acts of people.",
    ),
    Fact(
        3, "political concentration",
        "6% of users post at least 10 times, a quarter of it political, and write 73% of all such; 10% write 97%",
        "V", "Pew 2019", "second-hand",
        (
            Part("prolific on the topic, % of people", lambda w: activity.measure_prolific(w.quiet).people, 4, 8, 100),
            Part("contested posts by them, %", lambda w: activity.measure_prolific(w.quiet).posts, 68, 78, 100),
            Part("contested posts by the top 10%, %", lambda w: activity.measure_top_political(w.quiet, 0.10),
                 92, 100, 100),
        ),
        "Quiet world, all people. Pew's window is a year: each person's own rates say who posts ten "
        "times in it and how much of that is political; the whole run says what these people write. Bands are "
        "our reading of \"about\": two points either way of people, five of posts.",
        seen="by mistake the top 6% by rank stood here until they had been measured",
    ),
    Fact(
        4, "cascade size", "70-95% of posts never reshared; 1-4% go beyond one hop", "V",
        "Goel, Watts & Goldstein 2012", "second-hand",
        (
            Part("never reposted, %", lambda w: spread.measure_never_reposted(w.quiet), 70, 95, 100),
            Part("beyond one hop, %", lambda w: spread.measure_beyond_hop(w.quiet), 1, 4, 100),
        ),
        "Quiet world, posts by people given 48 hours or more.",
    ),
    Fact(
        5, "speed", "about half of reposts within 1 h", "C", "Kwak et al. 2010", "second-hand",
        (Part("reposts within 1 h, %", lambda w: spread.measure_fast_reposts(w.quiet), 40, 60, 100),),
        "Quiet world. Band: half and ten points either way, our reading of \"about\". People read what was "
        "published before their slice of the hour began (`activity.slice`). Held out until the hour had slices.",
    ),
    Fact(
        6, "burstiness", "inter-event tail exponent 1-2, and still heavy after the daily rhythm is removed", "V",
        "several", "seen",
        (
            Part("exponent", lambda w: activity.measure_interval_exponent(w.quiet, without_rhythm=False), 1, 2),
            Part("exponent without rhythm",
                 lambda w: activity.measure_interval_exponent(w.quiet, without_rhythm=True), 1, 2),
            Part("burstiness without rhythm", lambda w: activity.measure_burstiness(w.quiet), 0.05, 1),
        ),
        "Quiet world, people with ten posts or more. Burstiness is 0 for a Poisson process; above 0.05 is our reading "
        "of \"still heavy\".",
    ),
    Fact(
        7, "follow graph", "heavy-tailed followers (not a pure power law); reciprocity 20-45%", "C",
        "Kwak 2010, Myers 2014", "unchecked",
        (
            Part("reciprocity, %", lambda w: spread.measure_reciprocity(w.quiet), 20, 45, 100),
            Part("tail exponent of followers",
                 lambda w: spread.measure_tail_exponent(spread.count_followers(w.quiet)), 1, 3),
            Part("bend of the tail", lambda w: spread.measure_tail_bend(spread.count_followers(w.quiet)), high=-0.05),
        ),
        "Reciprocity is an assumption until its source has been read. Bands of exponent (1 to 3) and bend (0 for a "
        "pure power law) are our reading of \"heavy-tailed\" and \"not pure\".",
    ),
    Fact(
        8, "baseline toxicity", "1-3% of posts in general; 3-7% of posts to public targets", "C",
        "Amnesty 2018 and UK MPs study", "seen / second-hand",
        (
            Part("of all posts, %", lambda w: harm.measure_toxic_posts(w.quiet), 1, 3, 100),
            Part("of replies to public targets, %", lambda w: harm.measure_toxic_replies(w.quiet), 3, 7, 100),
        ),
        "Quiet world, posts by people.",
    ),
    Fact(
        9, "abusers are few", "fewer than 1% of accounts draw most reports", "V", "Twitter 2018", "second-hand",
        (Part("accounts with half of reports, %", lambda w: harm.measure_most_reported(w.quiet.counts.reported), 0, 1,
              100),),
        "Quiet world, all accounts.",
    ),
    Fact(
        10, "withholding", "25-35% of those exposed to abuse withhold at least one post; 10-16% leave", "C",
        "Data & Society 2016, PEN America 2017, Amnesty 2017, Pew", "not said",
        (
            Part("abused with a say, withheld, %", lambda w: harm.measure_abused_withheld(w.operation), 25, 35, 100),
            Part("all abused, left, %", lambda w: harm.measure_abused_left(w.operation), 10, 16, 100),
            Part("all abused, withheld, %",
                 lambda w: harm.measure_withheld(w.operation, harm.select_abused(w.operation)), scale=100),
            Part("messages an abused person", lambda w: harm.measure_messages(w.operation)),
            Part("withheld per 100 messages", lambda w: 100 * harm.compute_hazard(harm.count_withheld(w.operation))),
            Part("excess withheld per 100 messages",
                 lambda w: 100 * harm.compute_excess_hazard(harm.count_withheld(w.operation))),
            Part("left per 1000 messages", lambda w: 1000 * harm.compute_hazard(harm.count_leaving(w.operation))),
            Part("excess left per 1000 messages",
                 lambda w: 1000 * harm.compute_excess_hazard(harm.count_leaving(w.operation))),
        ),
        "World with the operation; people abused since the campaign began; shares over the time from its beginning to "
        "the end of the run. The surveys ask \"ever\": who had nothing to say on the topic in these two weeks is left "
        "out of the first number, and counted in the third. Hazards: contested posts withheld, and people who left, "
        "within 24 hours of an abusive message, over the abusive messages received and read; excess: less what as many "
        "other decisions, or sessions, would have brought. No published hazard was found, so they have no band.",
    ),
    Fact(
        11, "witnessing silences too", "bystanders withhold as well (66% witnessed abuse)", "V",
        "Data & Society, Pew 2017", "seen",
        (
            Part("others with a say, withheld, %", lambda w: harm.measure_bystanders_withheld(w.operation), 1,
                 100, 100),
            Part("the same, quiet world, %", lambda w: harm.measure_bystanders_withheld(w.quiet), scale=100),
            Part("witnessed abuse, quiet world, %", lambda w: harm.measure_witnesses(w.quiet), scale=100),
        ),
        "As fact 10. At least 1% is our reading of \"as well\". One may withhold without abuse around: climate works "
        "too. The 66% are of a survey that asks \"ever\", so no band.",
    ),
    Fact(
        12, "leaving",
        "P(leave after N posts) ~ N^-0.9..-1.0, raised by toxicity (0.5-2 fewer active days per editor)", "V",
        "Smirnov et al. 2023, Wikipedia", "second-hand",
        (
            Part("exponent", lambda w: activity.measure_leaving_exponent(w.quiet), -1.0, -0.9),
            Part("abused over others, who left", lambda w: harm.measure_leaving_ratio(w.operation), 1.0),
        ),
        "The exponent in the quiet world, the ratio with the operation. That leaving grows rarer with posts is built "
        "in by assumption, a session and not a post at a time; the ratio follows from the rate fitted to fact 10.",
        seen="its exponent had been looked at before the form of leaving was changed",
    ),
    Fact(
        13, "the climate effect is small", "correlation of perceived support and expression r about 0.10", "C",
        "Matthes, Knoll & von Sikorski 2018, meta-analysis", "seen",
        (Part("r", lambda w: opinion.measure_climate_correlation(w.quiet), 0.07, 0.13),),
        "Quiet world, opinionated people with a decision to speak or not, since the campaign began elsewhere. Band: "
        "0.03 either way, our reading of \"about\".",
    ),
    Fact(
        14, "reactions are mixed", "some targets post more; thread volume may not fall", "V",
        "Cheng 2014; Avalle 2024", "seen",
        (
            Part("targets who post more, %", lambda w: harm.measure_post_more(w.operation, w.quiet), 5, 95, 100),
            Part("targets who post less, %", lambda w: harm.measure_post_less(w.operation, w.quiet), scale=100),
            Part("contested posts, with / without", lambda w: harm.measure_volume_ratio(w.operation, w.quiet)),
        ),
        "72 hours after the first abuse against 72 before, less the same in the quiet world. At least 5% is our "
        "reading of \"some\".",
    ),
    Fact(
        15, "flood profile", "dormant, then 10-20 posts/h; up to about 90% reposts", "C", "Russia 2011, Iraq 2023",
        "second-hand",
        (
            Part("posts in an active hour", lambda w: operation.measure_hourly_rate(w.working), 10, 20),
            Part("reposts of the flood, %", lambda w: operation.measure_flood_reposts(w.working), 50, 90, 100),
            Part("posts before the campaign", lambda w: operation.measure_early_posts(w.working), 0, 0),
        ),
        "World in which the army works all its shifts. At least 50% is our reading of \"up to\".",
    ),
    Fact(
        16, "coordination leaves a trace",
        "50-90% (mean 74%) of a campaign's accounts co-post within a minute; office-hours peaks on workdays", "C",
        "Schoch et al. 2022", "seen",
        (
            Part("flooders who co-post own text, %", lambda w: operation.measure_copied_together(w.working),
                 50, 90, 100),
            Part("all accounts, reposts count, %", lambda w: operation.measure_acted_together(w.working),
                 50, 90, 100),
            Part("office hours over others", lambda w: operation.measure_office_peak(w.working), 1.05),
        ),
        "World in which the army works all its shifts: the source's campaigns were watched for months. At least twice, "
        "within 60 s of another account. Only the first number identifies a parameter: the second "
        "follows from the division of labour (who abuses in replies shares no text), the third from shifts and quotas. "
        "There are no workdays in the model.",
    ),
    Fact(
        17, "suspension curve",
        "accounts suspended within days: followers / ~13, posts / ~6 against tolerated ones; persistent decline of "
        "returnees", "V", "Conway 2019; Berger & Perez 2016", "second-hand; seen",
        (
            Part("followers, tolerated over suspended",
                 lambda w: operation.measure_early_loss(w.operation, w.swept, "followers"), 6.5, 26),
            Part("posts, tolerated over suspended",
                 lambda w: operation.measure_early_loss(w.operation, w.swept, "written"), 3, 12),
            Part("followers, returned over first", lambda w: operation.measure_returned_followers(w.swept), high=0.999),
            Part("posts, none suspended for good", lambda w: operation.measure_posts_lost(w.operation)),
        ),
        "Accounts of the extremists: tolerated in the world with the operation, against those opened and suspended "
        "within 7 days in the same world, swept from the campaign's start on. Bands: a factor of two either way, our "
        "reading of \"about\". That returned accounts have fewer followers is built in; by how much is not.",
    ),
    Fact(
        18, "exposure is concentrated", "1% of users get about 70% of exposures to the operation", "C",
        "Eady et al. 2023", "seen",
        (
            Part("in home feeds of the top 1%, %", lambda w: operation.measure_top_delivered(w.operation, 0.01),
                 60, 80, 100),
            Part("impressions on the top 1%, %", lambda w: operation.measure_top_exposure(w.operation, 0.01),
                 scale=100),
        ),
        "World with the operation, all people. As in the source, an exposure is a post of the operation, or a repost "
        "of one, by an account that the person follows, read or not; impressions are read, in search and trends too. "
        "Band: ten points either way, our reading of \"about\". Held out until `army.affinity` drew the followers. "
        "Fitted with 10,000 people; in smaller worlds fewer people can share the operation's followers.",
    ),
    Fact(
        19, "shock polarises",
        "brutal content lowers support in general, raises it among extreme supporters", "V",
        "Mitts, Phillips & Walter", "seen",
        (
            Part("moved: extreme supporters",
                 lambda w: opinion.measure_stance_change(w.quiet, w.shockless, extreme=True),
                 0.001),
            Part("moved: all others", lambda w: opinion.measure_stance_change(w.quiet, w.shockless, extreme=False),
                 high=-0.001),
        ),
        "Stance in [-1, 1]; against the same world whose extremists post without shock. That both directions occur is "
        "built into the rule by assumption; ours is the balance.",
    ),
    Fact(
        20, "tipping",
        "2-4% (Ross 2019) or 5-10% (Cheng, Luo & Yu 2020) manipulators flip the climate in at least 2/3 of runs", "D",
        "models, not data", "seen",
        (
            Part("runs with the climate flipped, %", lambda w: opinion.measure_flipped(w.operation), scale=100),
            Part("the same, quiet world, %", lambda w: opinion.measure_flipped(w.quiet), scale=100),
            Part("army, % of all accounts",
                 lambda w: w.operation.setting.army.size / len(w.operation.role), scale=100),
        ),
        "Flipped: the median dissenter believes that most people support the principal. Shown here, judged by "
        "`python -m experiments.docking`.",
    ),
    Fact(
        21, "targets engage",
        "authors who got toxic replies are more likely to engage in the conversation; verified ones less", "V",
        "Aleksandric et al. 2022, arXiv:2210.13420", "second-hand",
        (
            Part("attacked minus not, points", lambda w: targets.measure_engagement(w.quiet), 0.001),
            Part("the same, public authors, points", lambda w: targets.measure_engagement(w.quiet, public_only=True),
                 high=-0.001),
            Part("attacked minus not, operation, points", lambda w: targets.measure_engagement(w.operation)),
        ),
        "Conversations below originals of people. Engaged: the author replies in it, after the first toxic reply "
        "addressed to the author or, where every reply is civil, after the first reply. Compared within 1, 2 to 3, and "
        "4 or more replies of others. Only the abstract was seen: it gives the signs. Public stands for verified, our "
        "reading.",
    ),
    Fact(
        22, "an attack and the week after", "equally active people fall silent alike, attacked or not (44.7 and 45.6% "
        "at 1-4 posts, 19.0 and 20.3% at 5-11); posts of the most active fall by 18 and 14%", "V",
        "Urbaniak et al. 2022, data on 3,673 people of Reddit", "seen",
        (
            Part("silent, 1-4 posts, points", lambda w: targets.measure_silence(w.quiet, 1, 4), -8.0, 5.8),
            Part("silent, 5-11 posts, points", lambda w: targets.measure_silence(w.quiet, 5, 11), -7.1, 3.9),
            Part("posts, 58 or more, points", lambda w: targets.measure_activity_change(w.quiet, 58), -15.5, 5.3),
            Part("silent of the spared, 1-4, %", lambda w: targets.measure_spared_silence(w.quiet, 1, 4), scale=100),
            Part("silent, 1-4, operation, points", lambda w: targets.measure_silence(w.operation, 1, 4)),
            Part("silent, 5-11, operation, points", lambda w: targets.measure_silence(w.operation, 5, 11)),
        ),
        "Attacked: sent abuse on the eighth day. Spared: posted on that day, and never attacked until its end. Before: "
        "posts of the eight days; after: of the seven that follow. Points: attacked minus spared. Bands are 95% "
        "bootstrap intervals of the same differences in the published data. Quiet world, as the data have no "
        "operation.",
    ),
    Fact(
        23, "the punished and their followers", "the imprisoned dissented less online; their followers dissented more; "
        "other prominent people went on", "V", "Pan & Siegel 2020", "second-hand",
        (
            Part("the punished, with / without", lambda w: targets.measure_punished(w.operation, w.quiet), high=0.999),
            Part("their followers, with / without",
                 lambda w: targets.measure_punished_followers(w.operation, w.quiet), 1.001),
            Part("other prominent, with / without", lambda w: targets.measure_other_prominent(w.operation, w.quiet)),
        ),
        "Dissenting posts since the campaign began, over those of the same people in the quiet world. Punished: public "
        "people who began as dissenters and were sent abuse by the army. Followers: who follow one of them, and were "
        "sent none. Abuse stands for prison, our reading; nothing here is as visible as an arrest. Only the abstract "
        "was seen.",
    ),
    Fact(
        24, "half-life of a post", "half of the impressions of a post come within about 80 minutes (median over "
        "posts); after a day none that matter come to about 95% of posts", "V", "Pfeffer, Matter & Sargsyan 2023",
        "seen",
        (
            Part("median half-life, minutes", lambda w: spread.measure_half_life(w.quiet), 40, 160),
            Part("impressions after a day, %", lambda w: spread.measure_late_impressions(w.quiet), scale=100),
        ),
        "Quiet world, posts by people, one in ten, written 48 hours or more before the end. An impression is a post "
        "that is read, in the home feed, in search or in trends. Band: a factor of two either way, our reading of "
        "\"about\". Nothing is fitted to it.",
        seen="defined before it was measured, but then seen, at 62 to 99 minutes, while search and trends got a window",
    ),
)  # fmt: skip


def measure_facts(setting: Setting, seed: int, ticks: int) -> pd.DataFrame:
    """Simulate the worlds of one seed and measure every fact: `number, part, seed, value`."""
    return measure(FACTS, SeedWorlds(setting, seed, ticks), seed)
