"""What can go wrong, as sentences for a tired colleague: where, what must hold, what was given, what to do."""

from __future__ import annotations


class SmsimError(Exception):
    """Anything smsim reports on purpose. The command line prints it without a traceback."""


class ScenarioError(SmsimError, ValueError):
    """A scenario, an option or an argument that cannot be used (exit code 2)."""


class DataError(SmsimError):
    """A data file that cannot be read or does not hold what it should (exit code 2)."""


class RunError(SmsimError):
    """A run that failed although its input was fine (exit code 1)."""
