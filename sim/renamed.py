"""Names of keys and columns before version 0.2, so that an error about an old name can give the new one."""

from collections.abc import Collection
from itertools import product

#: part of an old name, between dots -> parts of the new ones
NAMES = {
    "abused": ("abuse_received",),
    "acts": ("intentions_per_session",),
    "acts_per_session": ("intentions_per_session",),
    "acts_sigma": ("intentions_sigma",),
    "aimed": ("targeted",),
    "aimed_credibility": ("targeted_credibility",),
    "aimed_impressions": ("targeted_impressions",),
    "aimed_posts": ("targeted_posts",),
    "awake": ("active_users",),
    "barred_dissenter": ("suspensions_dissenter",),
    "barred_loyalist": ("suspensions_loyalist",),
    "barred_organised": ("suspensions_organised",),
    "barred_sympathiser": ("suspensions_sympathiser",),
    "barred_third": ("suspensions_uncommitted",),
    "barred_volunteer": ("suspensions_volunteer",),
    "blocked_third": ("blocked_uncommitted",),
    "boldness": ("willingness",),
    "boldness_spread": ("willingness_spread",),
    "calm_seeds": ("null_seeds",),
    "climate": ("opinion_climate",),
    "climate_reference": ("reference_climate",),
    "content": ("shocking_share",),
    "credence": ("source_credibility_weight",),
    "crowding": ("army_competes",),
    "demoted_third": ("demoted_uncommitted",),
    "direct": ("direct_fear",),
    "doses": ("intensities",),
    "dissenters_dread": ("dissenters_expected_toxicity",),
    "dread": ("expected_toxicity",),
    "elsewhere": ("cross_scenario",),
    "former": ("predecessor",),
    "gone": ("reduction", "leaver_share", "variation"),
    "hand": ("organisation",),
    "heat": ("extremist_volume",),
    "held": ("rejected",),
    "held_dissenter": ("rejected_dissenter",),
    "held_loyalist": ("rejected_loyalist",),
    "held_organised": ("rejected_organised",),
    "held_sympathiser": ("rejected_sympathiser",),
    "held_third": ("rejected_uncommitted",),
    "held_volunteer": ("rejected_volunteer",),
    "help": ("intervention",),
    "helps": ("interventions",),
    "joined": ("recruited", "opened_at"),
    "least": ("min_verdicts", "min_replies", "min_coactions", "min_actions", "min_posts", "min_weight"),
    "left": ("has_left",),
    "looks": ("reading_rate",),
    "mood": ("daily_activity",),
    "morale_troops": ("morale_propagandists",),
    "most": ("max_posts",),
    "observer": ("monitor",),
    "observer_seeds": ("monitor_seeds",),
    "organised_barred": ("organised_inactive",),
    "most_seeds": ("max_seeds",),
    "peace": ("quiet_effect",),
    "rally": ("rally_share", "rally_posts", "rally_hour"),
    "removed_third": ("removed_uncommitted",),
    "reserved": ("private",),
    "rooms_broken": ("rooms_raided",),
    "scare": ("raid_fear",),
    "shy": ("avoidance_hours",),
    "spill": ("spillover",),
    "spills": ("spillover",),
    "standing": ("baseline_credibility",),
    "standing_first": ("market_share_first",),
    "step": ("escalation_step",),
    "sure": ("certainty",),
    "third": ("uncommitted",),
    "third_posts": ("uncommitted_posts",),
    "trial": ("comparison",),
    "troops": ("propagandists",),
    "uncounted_third": ("uncounted_uncommitted",),
    "unmasked": ("unmasked_factor",),
    "unyielding": ("hardcore",),
    "unyielding_share": ("hardcore_share",),
    "vicarious": ("vicarious_fear",),
    "visited": ("last_read",),
    "voice": ("delivery",),
    "watch": ("detection_rate",),
    "watch_seeds": ("monitor_seeds",),
    "withheld_either": ("withheld_joint",),
    "withheld_over": ("withheld_redundant",),
    "wrong": ("false_alarm",),
}

#: module that was there before -> where it is
MODULES = {
    f"sim.{place}.{name}": f"sim.mechanisms.{name}"
    for place, names in {
        "people": "credibility events following migration morale recruiting solidarity",
        "platform": "channels defences pressure",
        "actors": "returns",
    }.items()
    for name in names.split()
}


def find_new_target(target: str) -> str:
    """Return the dotted name of a class after its module has moved; the same if it has not."""
    for old, new in MODULES.items():
        if target.startswith(f"{old}."):
            return new + target.removeprefix(old)
    return target


def find_new_names(given: str, allowed: Collection[str]) -> list[str]:
    """Return the names among `allowed` that replaced the old name `given`, which may have dots."""
    parts = [(part, *NAMES.get(part, ())) for part in given.split(".")]
    return [name for new in product(*parts) if (name := ".".join(new)) != given and name in allowed]
