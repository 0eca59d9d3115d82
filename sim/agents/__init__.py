"""Accounts as Mesa agents: thin views of rows, made only when they are asked for.

State is kept in the columns of `sim.state.accounts.Accounts`. A view holds only a model and a row number; an
`AccountSet` holds row numbers and reads the columns. So `model.agents`, `agents_by_type`, `select`, `agg`, `groupby`
and `mesa.DataCollector` work as in Mesa 3.3 to 3.5, and a million accounts need no Python objects.

People of a custom type (`ColumnModel.set_agent_class`) are lasting objects, with Python methods that the tick calls
(`sim.agents.custom`).

Two things differ from plain Mesa. Views are made new each time: compare them with `==`, never with `is`. And Mesa's own
`AgentSet([...])` keeps weak references, so it loses views: use `select`.
"""

from sim.agents.model import ColumnModel as ColumnModel
from sim.agents.model import parse_seed as parse_seed
from sim.agents.sets import AccountSet as AccountSet
from sim.agents.views import ROLES as ROLES
from sim.agents.views import WRITABLE as WRITABLE
from sim.agents.views import CommitteeMember as CommitteeMember
from sim.agents.views import ExtremistPropagandist as ExtremistPropagandist
from sim.agents.views import Fan as Fan
from sim.agents.views import NewsBot as NewsBot
from sim.agents.views import OrganicUser as OrganicUser
from sim.agents.views import SleeperPersona as SleeperPersona
from sim.agents.views import ThinAgent as ThinAgent
from sim.agents.views import TrollArmyMember as TrollArmyMember
from sim.agents.views import Volunteer as Volunteer
