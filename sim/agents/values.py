"""Arguments and results of custom methods: a post that was read, the effect of reading, an intention."""

from typing import NamedTuple


class SeenPost(NamedTuple):
    """One post as its reader sees it: columns of `sim.state.posts.Posts` as Python scalars."""

    key: int
    author: int  #: row of the account that posted it
    time: int  #: seconds since the start
    kind: int  #: ORIGINAL | REPOST | REPLY
    topic: int  #: CONTESTED or an everyday topic
    stance_principal: float
    stance_extremist: float
    toxicity: float
    shock: float
    appeal: float
    template: int  #: number of the text that it copies, -1 if it copies none
    original_author: int  #: row of the content's author
    target: int  #: row of the account that is answered, -1 for none
    target_stance: float
    reposts: int
    replies: int


class PersonUpdate(NamedTuple):
    """The state of one person after reading: a row of `sim.state.records.StateUpdate` as Python scalars."""

    stance_principal: float
    stance_extremist: float
    opinion_climate: float
    fear: float
    expected_toxicity: float
    habituation: float
    abuse: int
    allies: int
    leaves: bool


class Intention(NamedTuple):
    """One contested intention that waits for a decision."""

    key: int  #: its identity
    prompt_draw: float  #: uniform in (0, 1): it is prompted if this is below the drive
    voicing_draw: float  #: uniform in (0, 1): it is voiced if this is below the readiness
    update: PersonUpdate  #: the person's state after this hour's reading
    reference_climate: float  #: the opinion climate just before the campaign; until then, the present one
