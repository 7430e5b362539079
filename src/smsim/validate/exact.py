"""The machinery, exactly: random numbers against published vectors, counters against a recount."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from smsim.engine.arrays import SPREADS_RUMOUR, TALKS, VOICES
from smsim.engine.draws import philox, uniform
from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.validate.check import Finding, close, exactly, study
from smsim.validate.lab import Z

SALMON = "Salmon et al. 2011, doi:10.1145/2063384.2063405, known-answer vectors of Random123"
# Counter and key -> four words of Philox4x32-10.
VECTORS = (
    ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), "d16cfe09 94fdcceb 5001e420 24126ea1"),
)


@study(quick=True)
def random_numbers() -> Iterator[Finding]:
    """Philox4x32-10 gives the published words, and the draws made of them are uniform."""
    for counter, key, want in VECTORS:
        words = philox(*(np.uint64(word) for word in (*counter, *key)))
        yield exactly(
            f"Philox4x32-10 of counter {counter[0]:08x}...", SALMON, want, " ".join(f"{int(w):08x}" for w in words)
        )
    n = 20_000
    draws = np.array([uniform(1, 5, i % 200, i // 200) for i in range(n)])
    yield close(f"mean of {n} draws", "uniform on (0, 1)", 0.5, float(draws.mean()), Z * (1 / 12 / n) ** 0.5, "CLT")
    steps = np.arange(1, n + 1) / n
    order = np.sort(draws)
    gap = float(np.max(np.maximum(steps - order, order - steps + 1 / n)))
    # Kolmogorov: P(D > d) ~ 2 e^(-2 n d^2)
    yield close(
        "largest gap between their distribution and the uniform",
        "Kolmogorov 1933",
        0.0,
        gap,
        float(np.sqrt(np.log(2 / 1e-4) / 2 / n)),
        "Kolmogorov's bound at level 1e-4",
    )


@study(quick=True)
def counters() -> Iterator[Finding]:
    """After a whole run every household's counters of what neighbours show equal a fresh count over all ties."""
    scenario = Scenario.from_mapping(
        {
            "world": {"households": 1500},
            "behaviours": {"it": {"taboo": 0.3}},
            "run": {"burn_in_weeks": 20, "follow_up_weeks": 20},
        }
    )
    run = simulate(scenario, "hybrid", 5)
    people, state = run.world.households, run.state
    n = len(people.draw_id)
    ties = csr_array((people.weight.astype(np.int64), people.neighbor, people.indptr), shape=(n, n))
    for name, bit, counter in (
        ("voice", VOICES, state.voicing),
        ("talk", TALKS, state.talking),
        ("spread the rumour", SPREADS_RUMOUR, state.rumouring),
    ):
        want = ties @ ((state.shown[0] & bit) != 0).astype(np.int64)
        yield exactly(
            f"neighbours who {name}, all {n} households: households whose counter is off",
            "recount by SciPy",
            0,
            int((want != counter[0]).sum()),
        )
    counts = run.record.stage.sum(axis=(2, 3))
    yield exactly("stages sum to the households, every week", "conservation", [n] * len(counts), counts[:, 0].tolist())
