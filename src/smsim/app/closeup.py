"""Map and village: the same world week by week under both plans, and why a household does it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn

from smsim.app.compute import Started, place_key, plan_key
from smsim.app.figures import BUTTON_CSS, nice_top
from smsim.app.history import History, Post, posts_of, watch, without_household, without_post
from smsim.app.layout import area as area_layout
from smsim.app.names import household_name
from smsim.app.scenes import area, player, village
from smsim.app.texts import stage_legend, why_html
from smsim.app.why import WhatIf, what_if, why
from smsim.engine.arrays import Array
from smsim.runner import replicate_seed

if TYPE_CHECKING:
    from smsim.app.page import Page
    from smsim.world import World

Without = Callable[[int, int | None, Post | None], dict[str, WhatIf]]  # of `_without`, what a visitor chooses
MAP, VILLAGE = 3, 4  # numbers of the tabs
ASK_CSS = ".bk-input { font-size: 15px; height: 38px } label { font-size: 14px }"


class CloseUp:
    """Both close-ups of one page; they show the first of the answer's worlds.

    Parameters
    ----------
    like : of the same scenario: its community, household and weeks are looked at first
    """

    def __init__(self, page: Page, like: CloseUp | None = None) -> None:
        self.page = page
        _ = self.words = page.words
        self.community: int = like.community if like else 0
        # Position of the household that was clicked.
        self.chosen: int | None = like.chosen if like else None
        self.histories: dict[str, History] = {}
        self._asked: object = None  # the newest what-if that is being worked out
        self._shown: str = ""  # what the figures hold
        campaign, after = (
            int(x) for x in (page.visitor.scenario.campaign["weeks"], page.visitor.scenario.run["follow_up_weeks"])
        )
        self.map_week, map_player = player(_, 0, campaign + after, "map")
        self.village_week, village_player = player(_, 0, campaign + after, "village")
        if like:
            self.map_week.value, self.village_week.value = like.map_week.value, like.village_week.value
        self.village_week.on_change("value", lambda _attr, _old, _new: self._week_moved())
        self.maps = {side: area(_, side, self.map_week, 420) for side in page.visitor.sides}
        self.villages = {side: village(_, side, self.village_week, 436) for side in page.visitor.sides}
        for side, place in self.maps.items():
            place.communities.selected.on_change("indices", partial(self._community_clicked, side))
        for side, one in self.villages.items():
            one.homes.selected.on_change("indices", partial(self._household_clicked, side))
        self.map_titles = {side: page._html("") for side in page.visitor.sides}
        self.village_titles = {side: page._html("") for side in page.visitor.sides}
        self.chooser = pn.widgets.Select(
            name=_("Community"), options=[], width=330, stylesheets=[".bk-input { font-size: 16px }"]
        )
        self.chooser.param.watch(self._community_chosen, "value")
        self.household = pn.widgets.IntInput(
            name=_("Household number"), start=1, end=1, value=None, width=210, placeholder=_("click one, or type"),
            stylesheets=[".bk-input { font-size: 16px }"],
        )  # fmt: skip
        self.household.param.watch(self._household_typed, "value")
        self.why = page._html("")
        ask: dict[str, Any] = {"width": 70, "margin": (27, 5, 0, 0), "stylesheets": [BUTTON_CSS]}
        self.neighbours = pn.widgets.Select(
            name=_("What if this neighbour had not been there?"), options=[], width=230, stylesheets=[ASK_CSS]
        )
        self.ask_neighbour = pn.widgets.Button(name=_("Show"), button_type="primary", **ask)
        self.posts: list[Post] = []
        self.mobilizers = pn.widgets.Select(
            name=_("What if this mobilizer had not been there?"), options=[], width=230, stylesheets=[ASK_CSS]
        )
        self.ask_mobilizer = pn.widgets.Button(name=_("Show"), button_type="primary", **ask)
        self.ask_neighbour.on_click(lambda _e: self._what_if("neighbour"))
        self.ask_mobilizer.on_click(lambda _e: self._what_if("mobilizer"))
        self.outcome = page._html("")
        self.questions = pn.Column(
            pn.Row(self.neighbours, self.ask_neighbour), pn.Row(self.mobilizers, self.ask_mobilizer), self.outcome
        )
        back = pn.widgets.Button(name=_("Back to the sliders"), sizing_mode="stretch_width", stylesheets=[BUTTON_CSS])
        back.on_click(lambda _e: self._close())
        # Takes the place of the sliders while a household is looked at, so that it stands beside the village.
        self.why_view = pn.Column(back, self.questions, self.why, sizing_mode="stretch_width")
        self.hint = page._html(self._invitation())
        note = _(
            "The map is schematic: distances to the facility (the cross) are the model's, directions are made up. "
            "Click a community to see its households. A thick orange ring: leaders were against the campaign at "
            "first. Pale: without the campaign."
        )
        self.map_view = pn.Column(
            self._figure(map_player),
            self._pair(self.map_titles, self.maps),
            page._html(f"<p class='note'>{escape(note)}</p>"),
            sizing_mode="stretch_width",
        )
        self.village_view = pn.Column(
            self._figure(village_player),
            self._pair(self.village_titles, self.villages),
            page._html(stage_legend(_)),
            pn.Row(self.chooser, self.household, self.hint, sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
        )

    def _invitation(self, drawn: int = 0, of: int = 0) -> str:
        _ = self.words
        text = _("Click a household, or type its number, to see why it does it, or what is missing.")
        if drawn < of:
            text += " " + _(
                "Of its {all} households the first {shown} are drawn.", all=_.number(of), shown=_.number(drawn)
            )
        return f"<p class='note'>{escape(text)}</p>"

    def _pair(self, titles: dict[str, Any], pictures: dict[str, Any]) -> Any:
        columns = (
            pn.Column(titles[side], self._figure(one.figure), sizing_mode="stretch_width")
            for side, one in pictures.items()
        )
        return pn.Row(*columns, sizing_mode="stretch_width")

    def _figure(self, figure: Any) -> Any:
        return pn.pane.Bokeh(figure, sizing_mode="stretch_width", margin=(0, 5))

    # ---- showing

    def refresh(self) -> None:
        """Bring the close-up that is before the visitor up to date with the answer; the other one waits."""
        page = self.page
        if page.answer is None or not hasattr(page, "tabs") or page.tabs.active not in (MAP, VILLAGE):
            return
        scenario, names = page.answer.scenario, page._names
        key = json.dumps(
            [place_key(scenario), [str(plan_key(scenario, n)) for n in names.values()], self.community, page.behaviour]
        )
        if key == self._shown:
            return
        self._shown = key
        threading.Thread(
            target=self._look,
            args=(key, scenario, names, self.community, page.answer.seed, page.behaviour),
            daemon=True,
        ).start()

    def _look(self, key: str, scenario: Any, names: dict[str, str], community: int, first: int, b: int) -> None:
        """Watch the village under both plans, away from the page; whoever asks last is shown."""
        bench, seed = self.page.bench, replicate_seed(first, 0)
        start = bench.started(scenario, seed)
        community = min(community, len(start.world.places.treated) - 1)
        histories = {side: watch(scenario, name, start, community, b, seed) for side, name in names.items()}
        one = histories["A"]
        at = bench.layout(start, community, one.ties, len(one.households))
        posts = posts_of(scenario, start, community, seed)
        without = partial(_without, start, names, histories, seed)
        if key == self._shown:
            self.page.session.later(partial(self._show, start.world, histories, at, posts, without))

    def _show(
        self, world: World, histories: dict[str, History], at: Array, posts: list[Post], without: Without
    ) -> None:
        page, self.histories, self.posts, self._without = self.page, histories, posts, without
        community = self.community = histories["A"].community
        where, centre = area_layout(world)
        top = nice_top(max(float(np.nanmax(h.coverage[h.first_week :], initial=0)) for h in histories.values()))
        with pn.io.hold():
            for side, history in self.histories.items():
                self.villages[side].show(history, at, int(self.village_week.value))
                self.maps[side].show(history, where, centre, world.places, self.community, top)
                title = f"<h3 class='{side.lower()}'>{escape(page.labels[side])}</h3>"
                self.map_titles[side].object = self.village_titles[side].object = title
            drawn, all_homes = len(histories["A"].households), int(np.diff(world.places.community_start)[community])
            self.hint.object = self._invitation(drawn, all_homes)
            self._choices(len(where), drawn)
            self._forget_what_if()
            if self.chosen is not None and self.household.value is None:
                self.household.value = self.chosen + 1  # which explains it
            else:
                self._explain()

    def _choices(self, communities: int, households: int) -> None:
        _ = self.words
        options = {_("community {n}", n=_.number(c + 1)): c for c in range(communities)}
        if self.chooser.options != options:
            self.chooser.param.update(options=options, value=self.community)
        self.household.end = households

    # ---- clicking

    def _community_clicked(self, side: str, attr: str, old: list[int], new: list[int]) -> None:
        if new:
            self.chooser.value = new[0]
            self.page.tabs.active = VILLAGE

    def _community_chosen(self, event: Any) -> None:
        if event.new is not None and event.new != self.community:
            self.community, self.chosen = event.new, None
            self._forget_what_if()
            self.refresh()

    def _household_clicked(self, side: str, attr: str, old: list[int], new: list[int]) -> None:
        if new and new[0] != self.chosen:
            self.household.value = new[0] + 1

    def _household_typed(self, event: Any) -> None:
        if event.new is None or not self.histories:
            return
        count = len(self.histories["A"].households)
        self.chosen = min(max(int(event.new), 1), count) - 1
        self._forget_what_if()
        for one in self.villages.values():
            one.homes.selected.indices = [self.chosen]
        self._explain()

    def _week_moved(self) -> None:
        """Why, as of the week that is shown now."""
        if self.chosen is not None:
            self._say_why(self.chosen)

    def _say_why(self, chosen: int) -> None:
        parts, week = [], int(self.village_week.value)
        for side, history in self.histories.items():
            at = min(history.first_week - 1 + week, len(history.stage) - 1)
            found = why(history, chosen, at, self.words)
            parts.append(why_html(found, side, f"{found.title} · {self.page.labels[side]}", week, self.words))
        self.why.object = f"<div class='whys'>{''.join(parts)}</div>"

    def _explain(self) -> None:
        if self.chosen is None:
            self._close()
            return
        self._say_why(self.chosen)
        others = self.histories["A"].neighbours(self.chosen)
        options = {household_name(self.words, j): j for j, _w in others}
        self.neighbours.param.update(options=options, value=others[0][0] if others else None)
        self.ask_neighbour.disabled = not others
        own = next((k for k, post in enumerate(self.posts) if post.first <= self.chosen < post.stop), None)
        self.mobilizers.param.update(options={self._post_name(k): k for k in range(len(self.posts))}, value=own)
        self.ask_mobilizer.disabled = own is None
        if list(self.page.side) != [self.why_view]:
            self.page.side[:] = [self.why_view]
            self.page.side.visible = True

    def _post_name(self, k: int) -> str:
        _, post = self.words, self.posts[k]
        return _(
            "mobilizer {number}: households {first} to {last}",
            number=_.number(k + 1), first=_.number(post.first + 1), last=_.number(post.stop),
        )  # fmt: skip

    def _close(self) -> None:
        """Back to the sliders."""
        self.chosen = None
        self.household.value = None
        for one in self.villages.values():
            one.homes.selected.indices = []
        if list(self.page.side) != [self.page.controls.view]:
            self.page.side[:] = [self.page.controls.view]

    def _what_if(self, what: str) -> None:
        """Ask for the same world and luck without a neighbour, or without one mobilizer, under both plans."""
        page, _ = self.page, self.words
        if self.chosen is None or not self.histories:
            return
        other = int(self.neighbours.value) if what == "neighbour" else None
        post = self.posts[int(self.mobilizers.value)] if other is None else None
        if other is not None:
            absent = household_name(_, other)
            note = _("The same village with the same luck was run again without it.")
        else:
            assert post is not None
            absent = _("mobilizer {number}", number=_.number(int(self.mobilizers.value) + 1))
            note = self._without_post_note(post)
        self._forget_what_if(_("working …"))
        asked = self._asked = object()
        look = partial(self._without, self.chosen, other, post)

        def work() -> None:
            found = look()
            page.session.later(lambda: self._say_what_if(found, absent, note) if asked is self._asked else None)

        threading.Thread(target=work, daemon=True).start()

    def _forget_what_if(self, instead: str = "") -> None:
        """Take away what stands there, and show no answer that is still being worked out."""
        self._asked = None
        self.outcome.object = f"<p class='note'>{escape(instead)}</p>" if instead else ""

    def _say_what_if(self, found: dict[str, WhatIf], absent: str, note: str) -> None:
        html = "".join(
            f"<section class='why {side.lower()}'><h3>{escape(self.page.labels[side])}</h3>"
            f"<p><strong>{escape(one.say(self.words, absent))}</strong></p></section>"
            for side, one in found.items()
        )
        self.outcome.object = f"<p class='note'>{escape(note)}</p><div class='whys'>{html}</div>"

    def _without_post_note(self, post: Post) -> str:
        """What exactly was taken away."""
        _ = self.words
        text = _(
            "The same world with the same luck was run again with this post never filled; its money is unspent. Others "
            "who visit this village do what they have time for."
        )
        if post.elsewhere:
            text += " " + _.plural(
                "The post is missing in other villages too, for {n} household.",
                "The post is missing in other villages too, for {n} households.",
                post.elsewhere,
            )
        return text


def _without(
    start: Started,
    names: dict[str, str],
    histories: dict[str, History],
    seed: int,
    chosen: int,
    other: int | None,
    post: Post | None,
) -> dict[str, WhatIf]:
    """Both plans in the same world without another household or without a post, and what then changes for a household.

    names : strategies by side
    """
    one, found = histories["A"], {}
    scenario, changed = one.scenario, start
    if other is not None:
        changed = without_household(start, int(one.households[other]), scenario, seed)
    for side, name in names.items():
        plan = without_post(scenario, name, start, post.number, seed) if post is not None else None
        without = watch(scenario, name, changed, one.community, one.behaviour, seed, plan=plan)
        found[side] = what_if(histories[side], without, chosen, other)
    return found
