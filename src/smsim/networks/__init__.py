"""Villages with their real ties: read a folder, fit the adoption rule, predict other villages.

`read_networks` takes nodes.csv and edges.csv with the names that a `Mapping` gives; `fit_networks` fits;
`cross_validate` predicts each village from the others; `predict` predicts villages whose outcome nobody has seen.
docs/networks.md has a worked example.
"""

from __future__ import annotations

from smsim.networks.data import Networks, read_networks
from smsim.networks.fit import NetworkFit, fit_networks
from smsim.networks.mapping import Mapping, Ties, read_mapping
from smsim.networks.predict import Validation, cross_validate, predict

__all__ = [
    "Mapping",
    "NetworkFit",
    "Networks",
    "Ties",
    "Validation",
    "cross_validate",
    "fit_networks",
    "predict",
    "read_mapping",
    "read_networks",
]
