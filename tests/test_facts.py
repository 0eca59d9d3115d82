"""Each fact is measured right on data whose answer is known."""

import dataclasses
import math

import numpy as np
import pytest

from experiments.facts import activity, harm, operation, opinion, spread
from sim.state.posts import CONTESTED, ORIGINAL, REPLY, REPOST
from tests.fact_recordings import HOUR, recording, with_after

# Activity


def test_top_share_is_the_part_of_the_largest() -> None:
    assert activity.compute_top_share(np.array([0] * 9 + [5]), 0.1) == 1.0
    assert activity.compute_top_share(np.ones(10), 0.1) == pytest.approx(0.1)
    assert activity.compute_top_share(np.array([1, 2, 3, 4]), 0.5) == pytest.approx(0.7)
    assert math.isnan(activity.compute_top_share(np.zeros(10), 0.1))


def test_posts_are_counted_of_all_people_and_of_nobody_else() -> None:
    run = recording(people=10, army=2, author=[0, 0, 0, 1, 10, 11, 11])
    assert activity.measure_top_posts(run, 0.1) == 0.75
    assert activity.measure_top_posts(run, 0.2) == 1.0


def test_mix_of_acts_is_of_people_only() -> None:
    run = recording(people=2, army=1, author=[0, 0, 1, 1, 2, 2], kind=[ORIGINAL, REPOST, REPOST, REPLY, REPLY, REPLY])
    assert [activity.measure_kind_share(run, kind) for kind in (ORIGINAL, REPOST, REPLY)] == [0.25, 0.5, 0.25]


def test_political_concentration_looks_at_the_contested_topic_only() -> None:
    run = recording(people=10, author=[0, 0, 0, 1, 2, 2], topic=[CONTESTED] * 3 + [CONTESTED, 3, 3])
    assert activity.measure_top_political(run, 0.1) == 0.75


def test_the_prolific_would_post_ten_times_a_year_and_a_quarter_of_it_on_the_contested_topic() -> None:
    rows = [(0, True)] * 3 + [(0, False)] * 9 + [(1, True)] * 2 + [(2, True)] * 9 + [(3, True)] * 10 + [(10, True)] * 30
    author, on_topic = zip(*rows, strict=True)
    run = recording(people=10, army=2, author=list(author), topic=[CONTESTED if on else 3 for on in on_topic])
    run.before.sessions[:4], run.before.intentions_per_session[:4] = 0.1, [0.28, 5.0, 0.26, 9.0]
    run.before.interest[:4] = [0.25, 0.24, 0.9, 0.7]  # the third posts 9.5 times a year
    run.before.sessions[10:], run.before.intentions_per_session[10:], run.before.interest[10:] = (
        9.0,
        9.0,
        1.0,
    )  # the army
    assert activity.measure_prolific(run) == (2 / 10, 13 / 24)
    assert math.isnan(activity.measure_prolific(recording(people=3, author=[0], topic=[3])).posts)


def test_the_exponent_of_a_power_law_is_found() -> None:
    edges = np.geomspace(1, 1000, 13)
    for exponent in (1.0001, 1.5, 2.5):
        u = (np.arange(200_000) + 0.5) / 200_000
        top = 1000.0 ** (1 - exponent)
        values = (1 - u * (1 - top)) ** (1 / (1 - exponent))
        assert activity.compute_log_slope(values, edges) == pytest.approx(-exponent, abs=0.05)
    assert math.isnan(activity.compute_log_slope(np.array([2.0, 3.0]), edges))


def test_removing_the_rhythm_leaves_a_day_a_day_and_shortens_the_night() -> None:
    day, night = [12.0, 12.2, 12.4, 12.6, 12.8], [0.5]
    hours = np.array([24 * d + h for d in range(4) for h in night + day])
    run = recording(people=1, author=np.zeros(len(hours)), time=hours * HOUR, ticks=96)
    plain, _ = activity.compute_intervals(run, without_rhythm=False)
    level, person = activity.compute_intervals(run, without_rhythm=True)
    assert level[:18].sum() == pytest.approx(3 * 24 * HOUR)
    asleep = plain > 10 * HOUR
    assert set(person) == {0}
    assert (level[asleep] < plain[asleep]).all()
    assert (level[~asleep] > plain[~asleep]).all()
    assert activity.compute_rhythm(run).mean() == pytest.approx(1.0)


def test_a_flat_day_is_left_alone() -> None:
    hours = np.arange(96) + 0.5
    run = recording(people=1, author=np.zeros(96), time=hours * HOUR, ticks=96)
    for without in (False, True):
        assert np.allclose(activity.compute_intervals(run, without_rhythm=without)[0], HOUR)


def test_people_with_few_posts_have_no_intervals() -> None:
    run = recording(people=2, author=[0] * 9 + [1] * 10, time=np.arange(19) * HOUR)
    assert set(activity.compute_intervals(run, without_rhythm=False)[1]) == {1}


def test_burstiness_is_minus_one_for_a_clock_and_nought_for_a_poisson_process() -> None:
    clock = recording(people=1, author=np.zeros(240), time=(np.arange(240) + 0.5) * HOUR)
    assert activity.measure_burstiness(clock) == pytest.approx(-1.0)
    pace = np.concatenate((np.arange(0.5, 600), np.arange(0.5, 600, 25.0)))
    two = recording(people=2, author=np.repeat([0, 1], [600, 24]), time=pace * HOUR, ticks=600)
    assert activity.measure_burstiness(two) == pytest.approx(-1.0)  # each is a clock, at a pace of their own
    waits = -np.log((np.arange(20_000) + 0.5) / 20_000) * 40
    order = np.argsort(np.sin(np.arange(20_000) * 12.9898) * 43758.5453 % 1)
    poisson = recording(people=1, author=np.zeros(20_000), time=np.cumsum(waits[order]), ticks=240)
    assert activity.measure_burstiness(poisson) == pytest.approx(0.0, abs=0.03)


def test_the_decline_of_leaving_is_found() -> None:
    last = np.repeat(np.arange(1, 1025), [max(1, round(4000 / n)) for n in range(1, 1025)])
    assert activity.fit_leaving_exponent(last, np.full(10**6, 2000)) == pytest.approx(-1.0, abs=0.15)
    assert activity.fit_leaving_exponent(np.arange(1, 1025), np.full(10**6, 2000)) == pytest.approx(0.0, abs=0.05)
    steady = np.repeat(np.arange(1, 1025), np.round(2000 * 0.99 ** np.arange(1024)).astype(np.int64))
    assert activity.fit_leaving_exponent(steady, steady) == pytest.approx(0.0, abs=0.05)  # of those who got so far
    assert math.isnan(activity.fit_leaving_exponent(np.array([1, 1]), np.array([3, 4])))


# Spread


def test_cascades_have_their_size_and_depth() -> None:
    # post 0 is reposted by 1, whose repost is reposted by 2; post 3 once; 4 never; 5 too late to tell; 7 by the army
    run = recording(
        army=1,
        author=[0, 1, 2, 0, 1, 0, 3, 4],
        kind=[ORIGINAL, REPOST, REPOST, REPLY, ORIGINAL, ORIGINAL, REPOST, ORIGINAL],
        parent=[-1, 0, 1, -1, -1, -1, 3, -1],
        root=[0, 0, 0, 3, 4, 5, 3, 7],
        time=np.array([0, 1, 2, 3, 4, 200, 201, 5]) * HOUR,
    )
    size, depth = spread.compute_cascades(run)
    assert (size.tolist(), depth.tolist()) == ([2, 1, 0], [2, 1, 0])
    assert spread.measure_never_reposted(run) == pytest.approx(1 / 3)
    assert spread.measure_beyond_hop(run) == pytest.approx(1 / 3)


def test_the_half_life_is_the_median_age_at_which_a_post_is_read() -> None:
    """Of posts 0 and 10 by people; 20 is the army's and 30 too late."""
    run = recording(people=4, army=1, ticks=100, author=[0] * 20 + [4] * 10 + [0] * 5, time=[0] * 30 + [60 * HOUR] * 5)
    serial = np.array([10, 0, 0, 10, 0, 20, 30, 30])
    hours = np.array([3.0, 9.0, 1.0, 30.0, 2.0, 50.0, 50.0, 50.0])
    run = dataclasses.replace(run, impressions=(serial, (hours * HOUR).astype(np.int64)))
    assert spread.compute_half_lives(run).tolist() == [2.0, 3.0]
    assert spread.measure_half_life(run) == 150.0
    assert spread.measure_late_impressions(run) == 4 / 8
    assert np.isnan(spread.measure_half_life(recording()))
    assert np.isnan(spread.measure_late_impressions(recording()))


def test_delays_run_from_the_post_itself_to_reposts_by_people() -> None:
    run = recording(
        people=4,
        army=1,
        author=[0, 1, 2, 3, 4],
        kind=[ORIGINAL, REPOST, REPOST, REPOST, REPOST],
        parent=[-1, 0, 1, 0, 0],
        root=np.zeros(5),
        time=np.array([0, 0.5, 1.25, 1, 0.1]) * HOUR,
    )
    assert spread.compute_repost_delays(run).tolist() == [0.5, 1.25, 1.0]
    assert spread.measure_fast_reposts(run) == pytest.approx(2 / 3)


def test_reciprocity_and_followers_of_known_ties() -> None:
    ties = (np.array([0, 1, 2, 3], np.int32), np.array([1, 0, 0, 0], np.int32))
    run = dataclasses.replace(recording(author=[0]), follows=ties)
    assert spread.measure_reciprocity(run) == 0.5
    assert spread.count_followers(run).tolist() == [3, 1, 0, 0]


@pytest.mark.parametrize("exponent", [1.0, 2.0, 3.0])
def test_the_tail_of_a_pareto_law_is_found_and_does_not_bend(exponent: float) -> None:
    counts = (1000 * ((np.arange(20_000) + 0.5) / 20_000) ** (-1 / exponent)).astype(np.int64)
    assert spread.measure_tail_exponent(counts) == pytest.approx(exponent, rel=0.05)
    assert spread.measure_tail_bend(counts) == pytest.approx(0.0, abs=0.04)


def test_who_has_no_follower_is_one_of_the_people_but_no_part_of_the_tail() -> None:
    counts = np.array([0] * 60 + [1] * 20 + [2] * 10 + [4] * 5 + [8, 8, 16, 16, 32])
    assert spread.measure_tail_exponent(counts) == pytest.approx(5 / np.log(np.array([2, 2, 4, 4, 8])).sum())
    assert spread.measure_tail_bend(counts) == pytest.approx(spread.measure_tail_bend(counts[60:]))


def test_a_lognormal_bends_down_and_equal_counts_have_no_tail() -> None:
    normal = np.sqrt(-2 * np.log((np.arange(5000) + 0.5) / 5000))
    assert spread.measure_tail_bend(np.exp(3 + normal).astype(np.int64)) < -0.05
    assert math.isnan(spread.measure_tail_exponent(np.full(100, 7)))


# Harm


def test_toxic_shares_have_their_denominators() -> None:
    run = recording(
        people=3,
        army=1,
        author=[0, 1, 1, 2, 3, 0],
        toxicity=[0.9, 0.5, 0.4, 0, 1, 0],
        target=[1, 2, 2, 1, 2, -1],
    )
    run.before.public[2] = True
    assert harm.measure_toxic_posts(run) == pytest.approx(0.4)
    assert harm.measure_toxic_replies(run) == 0.5


def test_half_of_the_reports_fall_on_the_fewest_accounts() -> None:
    assert harm.measure_most_reported(np.array([0, 0, 10, 1, 1, 0, 0, 0, 0, 0])) == 0.1
    assert harm.measure_most_reported(np.array([5, 5, 0, 0])) == 0.5
    assert harm.measure_most_reported(np.array([1, 1, 1, 1])) == 0.75
    assert math.isnan(harm.measure_most_reported(np.zeros(3, np.int64)))


def test_who_left_before_the_campaign_makes_no_ratio_of_leaving() -> None:
    run = with_after(recording(people=2, author=[0]), abuse_received=[1, 0])
    run.counts.left_at[:] = [100, 10]
    assert math.isnan(harm.measure_leaving_ratio(run))


def test_hazards_are_events_a_message_and_what_exceeds_the_rate_of_other_occasions() -> None:
    run = with_after(recording(people=3, army=1, author=[0]), abuse_received=[6, 4, 0, 90], withheld=[3, 1, 2, 50])
    counts = run.counts
    counts.decided[:], counts.decided_after[:], counts.withheld_after[:] = [8, 4, 8, 99], [4, 2, 0, 9], [3, 1, 0, 9]
    withheld = harm.count_withheld(run)  # the army's account counts nowhere
    assert withheld == (10, 4, 6, 2, 14)
    assert harm.compute_hazard(withheld) == 0.4  # of the abused who decided 4/6, of all their decisions 4/12
    assert harm.compute_excess_hazard(withheld) == pytest.approx((4 - 6 * 2 / 14) / 10)
    counts.sessions[:], counts.sessions_after[:], counts.left_after[:] = [9, 5, 6, 9], [3, 1, 0, 9], [1, 0, 0, 9]
    counts.left_at[:] = [100, run.counts.never, 100, 100]
    assert harm.count_leaving(run) == (10, 1, 4, 1, 16)
    counts.left_at[2] = 10  # before the campaign began
    assert harm.compute_excess_hazard(harm.count_leaving(run)) == harm.compute_hazard(harm.count_leaving(run)) == 0.1
    assert harm.measure_messages(run) == 5.0
    nobody = recording(author=[0])
    for compute in (harm.compute_hazard, harm.compute_excess_hazard):
        assert math.isnan(compute(harm.count_leaving(nobody)))
    assert math.isnan(harm.measure_messages(nobody))


def test_the_change_of_posting_is_a_difference_of_differences() -> None:
    before, after = 100.5, 130.5
    quiet = recording(
        people=3, author=[0, 0, 1, 0, 0], time=np.array([before, before, before, after, 200]) * HOUR, ticks=240
    )
    loud = recording(
        people=3,
        author=[0, 0, 1, 1, 0, 0, 0],
        time=np.array([before] * 2 + [before, after] + [after] * 3) * HOUR,
        ticks=240,
    )
    loud.counts.first_abuse[:] = [120, 120, 239]  # the third has no 72 hours after
    assert harm.compute_target_changes(loud, quiet).tolist() == [2, 1]
    assert harm.measure_post_more(loud, quiet) == 1.0
    assert harm.measure_post_less(loud, quiet) == 0.0
    assert harm.measure_post_less(dataclasses.replace(quiet, counts=loud.counts), loud) == 1.0


def test_the_volume_is_of_contested_posts_since_the_campaign_began() -> None:
    quiet = recording(author=[0, 0, 0], topic=[CONTESTED] * 3, time=np.array([1, 80, 90]) * HOUR)
    loud = recording(author=[0, 1, 0], topic=[CONTESTED, CONTESTED, 4], time=np.array([80, 81, 90]) * HOUR)
    assert harm.measure_volume_ratio(loud, quiet) == 1.0
    organised = dataclasses.replace(loud, people=1)
    assert harm.measure_volume_ratio(quiet, organised) == 2.0
    assert math.isnan(harm.measure_volume_ratio(quiet, dataclasses.replace(loud, people=0)))


# Opinion


def test_the_climate_s_correlation_is_of_support_at_decisions_and_the_share_voiced() -> None:
    run = recording(people=5, army=1, author=[0])
    run.counts.decided[:] = [2, 4, 1, 1, 0, 1]
    run.counts.voiced[:] = [1, 3, 1, 1, 0, 0]
    run.counts.support[:] = [0.8, 2.4, 0.8, 0.0, 0.0, 0.9]  # the fourth has no opinion, the fifth nothing to say
    x, y = opinion.compute_climate_voice(run.counts, run.people)
    assert (x.tolist(), y.tolist()) == ([0.4, 0.6, 0.8], [0.5, 0.75, 1.0])
    assert opinion.measure_climate_correlation(run) == pytest.approx(1.0)
    assert math.isnan(opinion.compute_correlation(np.ones(5), np.arange(5.0)))


def test_shock_is_told_apart_by_prior_and_against_the_calm_world() -> None:
    shocking, calm = recording(author=[0]), recording(author=[0])
    shocking.before.stance_extremist[:] = [0.8, -0.7, -0.7, -0.7]
    shocking.after.stance_extremist[:] = [0.9, -0.8, -0.7, -0.9]
    calm.after.stance_extremist[:] = [0.85, -0.7, -0.7, -0.7]
    assert opinion.measure_stance_change(shocking, calm, extreme=True) == pytest.approx(0.05)
    assert opinion.measure_stance_change(shocking, calm, extreme=False) == pytest.approx(-0.1)


def test_the_climate_is_flipped_when_the_median_dissenter_thinks_so() -> None:
    run = recording(author=[0])
    run.before.stance_principal[:] = [-0.5, -0.5, -0.5, 0.5]
    run.after.opinion_climate[:] = [0.6, 0.6, 0.1, 0.0]
    assert opinion.measure_flipped(run) == 1.0
    run.after.opinion_climate[:] = [0.6, 0.4, 0.1, 1.0]
    assert opinion.measure_flipped(run) == 0.0


# Operation


def test_the_army_s_rate_is_of_active_hours_and_its_posts_lie_in_the_campaign() -> None:
    time = np.array([1, 1, 1, 2, 80, 80]) * HOUR
    run = recording(people=1, army=2, author=[1, 1, 2, 1, 0, 2], time=time, tactic=[0, 0, 1, 0, -1, 0])
    assert operation.measure_hourly_rate(run) == pytest.approx(5 / 4)
    assert operation.measure_early_posts(run) == 4
    reposting = dataclasses.replace(run, posts=run.posts._replace(kind=np.array([REPOST, 0, REPOST, 0, 0, 0])))
    assert operation.measure_flood_reposts(reposting) == 0.25


def test_co_posting_needs_another_account_the_same_content_and_a_minute() -> None:
    author = np.array([5, 6, 5, 6, 7, 5, 5])
    content = np.array([1, 1, 1, 1, 1, 2, 2])
    time = np.array([0, 60, 500, 520, 581, 700, 701])
    rows, others = operation.find_near_pairs(author, content, time)
    assert {tuple(sorted(pair)) for pair in zip(rows.tolist(), others.tolist(), strict=True)} == {(0, 1), (2, 3)}
    assert operation.count_co_posters(author, content, time) == 2
    assert operation.count_co_posters(author[:2], content[:2], time[:2]) == 0  # once is not twice


def test_co_posting_of_text_leaves_reposts_out_and_of_all_accounts_does_not() -> None:
    run = recording(
        people=1,
        army=5,  # the last one writes nothing
        author=[1, 2, 1, 2, 3, 4, 3, 4],
        template=[7, 7, 8, 8, -1, -1, -1, -1],
        kind=[ORIGINAL] * 4 + [REPOST] * 4,
        root=[0, 1, 2, 3, 0, 0, 1, 1],
        time=[0, 1, 100, 101, 200, 201, 400, 401],
        tactic=[0, 0, 0, 0, 0, 2, 0, 2],
    )
    assert operation.measure_copied_together(run) == pytest.approx(2 / 3)  # of accounts 1, 2 and 3
    assert operation.measure_acted_together(run) == 0.8
    assert operation.count_partners(run).tolist() == [1, 1, 1, 1, 0]


def test_a_flat_day_has_no_office_peak() -> None:
    hours = np.arange(48)
    run = recording(people=1, army=1, author=np.ones(48), time=hours * HOUR)
    assert operation.measure_office_peak(run) == pytest.approx(1.0)
    busy = recording(people=1, army=1, author=np.ones(56), time=np.concatenate((hours, np.arange(9, 17))) * HOUR)
    assert operation.measure_office_peak(busy) == pytest.approx(1.5)


def test_suspension_costs_posts() -> None:
    run = recording(people=2, army=2, extremists=1, author=[2, 2, 2, 2, 3, 4, 4])
    run.counts.suspended_at[3] = 90
    assert operation.measure_posts_lost(run) == pytest.approx(3.0)
