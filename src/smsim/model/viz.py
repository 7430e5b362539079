"""Mesa's own page (SolaraViz) of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smsim.errors import RunError
from smsim.model.campaign import CampaignModel

if TYPE_CHECKING:
    from smsim.scenario import Scenario


def bound(scenario: Scenario) -> type[CampaignModel]:
    """A model class with the scenario built in, ``(strategy="hybrid", seed=None)``, as a SolaraViz page wants it.

    On reset, Mesa 3.5 passes a scenario of its own kind to every model class that takes an argument of this name.
    """

    class BoundModel(CampaignModel):
        def __init__(self, strategy: str = "hybrid", seed: int | None = None) -> None:
            super().__init__(scenario, strategy, seed)

    return BoundModel


def page(scenario: Scenario, strategy: str = "hybrid", seed: int = 1) -> Any:
    """A page of Mesa's own (SolaraViz): step through a run and watch coverage and spending.

    Write ``page = smsim.model.page(scenario)`` into a file and start it with ``solara run FILE``.

    Raises
    ------
    RunError
        Solara is not installed.
    """
    try:
        from mesa.visualization import SolaraViz, make_plot_component
    except ImportError as error:
        raise RunError(f"Mesa's page needs the extra mesa-viz: pip install 'smsim[mesa-viz]' ({error})") from error
    make: Any = bound(scenario)  # other arguments than its base
    model: CampaignModel = make(strategy, seed)

    def as_share(axes: Any) -> None:
        axes.set(ylim=(0, 1), xlabel="week", ylabel="share of households")

    return SolaraViz(
        model,
        components=[
            make_plot_component(list(model.behaviours), post_process=as_share),
            make_plot_component("US$ spent"),
        ],
        model_params={
            "strategy": {"type": "Select", "value": strategy, "values": [*scenario.strategies, "none"]},
            "seed": {"type": "SliderInt", "value": seed, "min": 0, "max": 100, "step": 1},
        },
        name=f"smsim: {scenario.name}",
    )
