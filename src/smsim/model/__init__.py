"""The Mesa face: a campaign as a `mesa.Model` whose agents are communities, mobilizers, leaders, partners, authorities.

Households are arrays behind views (`CampaignModel.household`): as Mesa agents, a hundred thousand of them would cost
more than the whole run. A step is one week of the engine, with the staff as the mobilizers are at that moment; if
nobody intervenes, the run is the one that `smsim.simulate` gives, to the bit.

Mesa 3.5 has a `Model.scenario` of its own, another thing: the scenario of this project is `model.prepared.scenario`.
"""

from __future__ import annotations

from smsim.model.agents import Authority, Community, HouseholdView, Leader, Mobilizer, Partner
from smsim.model.campaign import CampaignModel
from smsim.model.viz import bound, page

__all__ = [
    "Authority",
    "CampaignModel",
    "Community",
    "HouseholdView",
    "Leader",
    "Mobilizer",
    "Partner",
    "bound",
    "page",
]
