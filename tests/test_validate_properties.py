"""Changes that should not matter do not, and more never hurts where the model says so, on scenarios drawn at random."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsim.parameters import PARAMETERS
from smsim.validate.properties import PROPERTIES, small

# What is drawn: parameters with a plausible range, within it; a few more, to meet other mechanisms.
WORLD = ("mean_ties", "homophily", "rewiring", "hesitant_share", "participation", "turnover", "acceptance_unapproved",
         "availability", "responsiveness", "ownership_gain", "opposed_share")  # fmt: skip
BEHAVIOUR = ("aware_share", "peer_information", "threshold_mean", "threshold_sd", "hesitancy", "norm_weight",
             "leader_weight", "persuasion_weight", "taboo", "rumour_passing", "rumour_threshold", "service_capacity",
             "distance_scale_km", "give_up", "lapse_rate", "ownership_protection")  # fmt: skip


def within(section: str, name: str) -> st.SearchStrategy[float]:
    sweep = PARAMETERS[f"{section}.{name}"].sweep
    assert sweep is not None
    return st.floats(sweep.low, sweep.high, allow_nan=False)


@st.composite
def scenarios(draw: Any) -> Any:
    return small(
        world={name: draw(within("world", name)) for name in WORLD},
        behaviours={"it": {name: draw(within("behaviour", name)) for name in BEHAVIOUR}},
        campaign={
            "budget_per_household": draw(st.floats(2, 12)),
            "needs_quality": draw(st.floats(0, 1)),
            "invitation": draw(st.sampled_from(["random", "nominated", "hub", "kin"])),
        },
    )


@pytest.mark.parametrize("name", PROPERTIES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(scenario=scenarios(), seed=st.integers(0, 2**40))
def test_property(name: str, scenario: Any, seed: int) -> None:
    assert PROPERTIES[name](scenario, seed) == ""
