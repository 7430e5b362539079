"""Role cards: six people of a campaign, what each cares for, and the sliders that are theirs to decide."""

from __future__ import annotations

from dataclasses import dataclass

from smsim.i18n import mark


@dataclass(frozen=True)
class Role:
    """One card; its texts are English and are said through `Words`."""

    key: str
    title: str
    says: str  # in the role's own voice, with what it decides
    activities: tuple[str, ...]  # parts of the budget that it argues for
    paths: tuple[str, ...]  # parameters that it can change, by their path in the table


_ALL = (
    Role(
        "village-leader",
        mark("Village leader"),
        mark(
            "People let a stranger in when I have said so. I answer for the village, and for the authorities to the "
            "village. I decide whether the campaign is welcome, and whether we press for what we are owed."
        ),
        ("leader", "action"),
        ("world.acceptance_unapproved", "world.opposed_share", "world.responsiveness"),
    ),
    Role(
        "religious-leader",
        mark("Religious leader"),
        mark(
            "Some follow my word more than any broadcast, and some hesitate because of it. I decide what is said "
            "aloud and what stays unsaid."
        ),
        ("leader", "dialogue"),
        ("behaviour.leader_weight", "behaviour.hesitancy", "behaviour.taboo"),
    ),
    Role(
        "mobilizer",
        mark("Mobilizer"),
        mark(
            "I go from door to door and sit with groups. I decide where I spend my days: a visit for one household, "
            "or a dialogue in which neighbours hear each other."
        ),
        ("visit", "dialogue"),
        ("campaign.women_share", "activities.visit_gain", "activities.dialogue_gain"),
    ),
    Role(
        "health-officer",
        mark("Health officer"),
        mark(
            "Whoever comes should not be sent home. I decide how many we can serve, whether there is stock, and "
            "whether we look at what the campaign achieves."
        ),
        ("service", "monitor"),
        ("behaviour.service_capacity", "world.availability", "behaviour.give_up"),
    ),
    Role(
        "journalist",
        mark("Journalist"),
        mark(
            "I reach thousands at once, and never those without a radio. I decide how much we broadcast, how well, "
            "and whether a rumour goes unanswered."
        ),
        ("media",),
        ("activities.media_gain", "behaviour.aware_share", "behaviour.rumour_passing"),
    ),
    Role(
        "mother",
        mark("Mother in a marginalized household"),
        mark(
            "The clinic is far, the meeting is when I work, and the visitor does not speak my language. I decide "
            "whether I join, and whom among my neighbours I believe."
        ),
        ("dialogue", "incentive"),
        ("world.participation", "world.participation_gradient", "world.median_distance_km", "behaviour.norm_weight"),
    ),
)
ROLES: dict[str, Role] = {one.key: one for one in _ALL}
