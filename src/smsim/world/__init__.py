"""The world: who lives there, whom they are tied to, and which services they have."""

from smsim.world.build import (
    Ground,
    World,
    build_ground,
    build_world,
    check_size,
    dress,
    world_bytes,
    world_from_ties,
)
from smsim.world.households import CELL_AXES, CELLS

__all__ = [
    "CELLS",
    "CELL_AXES",
    "Ground",
    "World",
    "build_ground",
    "build_world",
    "check_size",
    "dress",
    "world_bytes",
    "world_from_ties",
]
