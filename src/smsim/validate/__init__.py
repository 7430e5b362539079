"""`smsim validate`: the simulator against theorems, published results, other programs, and itself.

Every oracle is outside the simulator. `validate` runs the studies; `Check` is one row of their table.
"""

from smsim.validate.check import Check, Line, Picture, close, exactly, judged, skipped, study
from smsim.validate.command import Validation, validate

__all__ = ["Check", "Line", "Picture", "Validation", "close", "exactly", "judged", "skipped", "study", "validate"]
