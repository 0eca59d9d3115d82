"""Accounts as Mesa agents: thin views of rows, made only when somebody asks.

State lives in the columns of `sim.state.accounts.Accounts`. A view holds a model and a row number and
nothing else; an `AccountSet` holds row numbers and answers from the columns. So `model.agents`,
`agents_by_type`, `select`, `agg`, `groupby` and `mesa.DataCollector` work as in Mesa 3.3 to 3.5, while a
million accounts cost no Python object.

People of a type of one's own (`ColumnModel.set_agent_class`) are lasting objects beside the views, with Python
methods that the tick calls (`sim.agents.custom`).

Two things differ from plain Mesa. Views are made afresh each time and are equal by model and row, never
`is`; and Mesa's own `AgentSet([...])` keeps weak references, so it forgets views: use `select`.
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
