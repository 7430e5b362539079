"""Other simulators with the same rule on the same graph, each as its makers mean it to be used.

A peer is built once from a graph and gives a function that makes one run of a seed and returns the number of
adopters. Building the graph in the peer's own form is not part of a run; neither is making the agents, except where a
run uses them up (Mesa, Starsim), and then `fresh` makes them again outside the measured time.
"""

from __future__ import annotations

import array
import importlib.util
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from benchmarks.graph import Array, Graph

MISSING = "not measured: not installed (pip install -e '.[peers]')"


class Contestant(NamedTuple):
    """What runs: `fresh` makes what a run uses up, `run` takes it and returns the number of adopters."""

    fresh: Callable[[int], Any]
    run: Callable[[Any], int]


class Peer(NamedTuple):
    """Another simulator: the package it comes in, and how it is built for (graph, beta, weeks)."""

    package: str
    build: Callable[[Graph, float, int], Contestant]
    how: str


def installed(package: str) -> bool:
    """Whether a package can be imported; it is not imported for that."""
    return importlib.util.find_spec(package) is not None


def mesa(graph: Graph, beta: float, weeks: int) -> Contestant:
    """One Mesa agent per household that counts its adopting neighbours each week, in two stages."""
    from mesa import Agent, Model

    escape = [math.exp(-beta * n) for n in range(int(np.diff(graph.indptr).max()) + 1)]

    class Household(Agent):
        def __init__(self, model: Any) -> None:
            super().__init__(model)
            self.adopted = self.next = False
            self.neighbors: list[Household] = []

        def decide(self) -> None:
            if not self.adopted:
                n = 0
                for other in self.neighbors:
                    n += other.adopted
                if n and self.random.random() >= escape[n]:
                    self.next = True

        def commit(self) -> None:
            self.adopted = self.next

    class Contagion(Model):
        def __init__(self, seed: int) -> None:
            super().__init__(rng=seed)
            homes = [Household(self) for _ in range(graph.households)]
            ends, starts = graph.neighbor.tolist(), graph.indptr.tolist()
            for i, home in enumerate(homes):
                home.neighbors = [homes[j] for j in ends[starts[i] : starts[i + 1]]]
            for i in graph.first.tolist():
                homes[i].adopted = homes[i].next = True

        def step(self) -> None:
            self.agents.do("decide")
            self.agents.do("commit")

    def run(model: Any) -> int:
        for _ in range(weeks):
            model.step()
        return sum(home.adopted for home in model.agents)

    return Contestant(Contagion, run)


def ndlib(graph: Graph, beta: float, weeks: int) -> Contestant:
    """NDlib's SI model on a networkx graph; the statuses of the households are not copied out each week."""
    import networkx as nx
    from ndlib.models.epidemics import SIModel
    from ndlib.models.ModelConfig import Configuration

    ties = nx.Graph()
    ties.add_nodes_from(range(graph.households))
    low, high = graph.ends()
    ties.add_edges_from(zip(low.tolist(), high.tolist(), strict=True))
    model = SIModel(ties)
    settings = Configuration()
    settings.add_model_parameter("beta", 1 - math.exp(-beta))
    settings.add_model_parameter("tp_rate", 1)  # a try per adopting neighbour, not one for all
    settings.add_model_initial_configuration("Infected", graph.first.tolist())

    model.set_initial_status(settings)
    first = graph.first.tolist()

    def fresh(seed: int) -> None:
        np.random.seed(seed)  # noqa: NPY002  # NDlib draws from NumPy's global generator
        model.reset(infected_nodes=first)

    def run(_: None) -> int:
        model.iteration(node_status=False)  # the first reports the start
        for _week in range(weeks):
            model.iteration(node_status=False)
        return sum(model.status.values())

    return Contestant(fresh, run)


def starsim(graph: Graph, beta: float, weeks: int) -> Contestant:
    """Starsim's SIR that nobody recovers from, over a network of fixed ties, weekly steps."""
    import starsim as ss

    low, high = graph.ends()

    class Ties(ss.Network):  # type: ignore[misc,name-defined]
        def init_post(self) -> None:
            super().init_post()
            self.append({"p1": ss.uids(low), "p2": ss.uids(high), "beta": np.ones(len(low), ss.dtypes.float)})

        def step(self) -> None:
            pass

    def fresh(seed: int) -> Any:
        start = np.zeros(graph.households, bool)
        start[graph.first] = True
        disease = ss.SIR(
            beta=ss.probperweek(1 - math.exp(-beta)),
            init_prev=ss.bernoulli(p=lambda self, sim, uids: start[uids].astype(float)),
            dur_inf=ss.constant(ss.years(1e6)),
            p_death=ss.bernoulli(p=0),
        )
        sim = ss.Sim(
            # Starsim steps on its first and its last day.
            n_agents=graph.households, networks=Ties(), diseases=disease, dt=ss.week, start=ss.date("2020-01-01"),
            dur=ss.weeks(weeks - 1), rand_seed=seed, verbose=0,
        )  # fmt: skip
        sim.init()
        return sim

    def run(sim: Any) -> int:
        sim.run()
        return int(sim.diseases[0].infected.sum())

    return Contestant(fresh, run)


def scipy(graph: Graph, beta: float, weeks: int) -> Contestant:
    """A sparse matrix times a vector of adopters each week, and a draw for every household."""
    from scipy.sparse import csr_array

    ones = np.ones(len(graph.neighbor), np.float32)
    matrix = csr_array((ones, graph.neighbor, graph.indptr), shape=(graph.households, graph.households))

    def run(draw: np.random.Generator) -> int:
        adopted = _start(graph)
        for _ in range(weeks):
            exposed = matrix @ adopted.astype(np.float32)
            adopted |= draw.random(graph.households, np.float32) < 1 - np.exp(np.float32(-beta) * exposed)
        return int(adopted.sum())

    return Contestant(np.random.default_rng, run)


@njit  # type: ignore[untyped-decorator]
def _dense(indptr, neighbor, adopted, escape, weeks, seed):  # type: ignore[no-untyped-def]
    np.random.seed(seed)  # noqa: NPY002  # Numba has no other
    after = adopted.copy()
    for _ in range(weeks):
        for i in range(adopted.shape[0]):
            if not adopted[i]:
                n = 0
                for e in range(indptr[i], indptr[i + 1]):
                    n += adopted[neighbor[e]]
                if n > 0 and np.random.random() >= escape[n]:  # noqa: NPY002
                    after[i] = 1
        adopted[:] = after
    return adopted.sum()


def dense(graph: Graph, beta: float, weeks: int) -> Contestant:
    """Plain compiled loops: every week every household that has not adopted counts its neighbours and draws."""
    escape = np.exp(-beta * np.arange(np.diff(graph.indptr).max() + 1))

    def run(seed: int) -> int:
        return int(_dense(graph.indptr, graph.neighbor, _start(graph).view(np.uint8), escape, weeks, seed))

    return Contestant(int, run)


def _start(graph: Graph) -> Array:
    adopted = np.zeros(graph.households, bool)
    adopted[graph.first] = True
    return adopted


def csr_arrays(graph: Graph) -> tuple[array.array[int], array.array[int]]:
    """The rows as CyNetDiff takes them: unsigned 32-bit, without the end of the last row."""
    starts, edges = array.array("I"), array.array("I")
    starts.frombytes(graph.indptr[:-1].astype(np.uint32).tobytes())
    edges.frombytes(graph.neighbor.astype(np.uint32).tobytes())
    return starts, edges


PEERS = {
    "Mesa agents": Peer("mesa", mesa, "one agent per household, model made outside the measured time"),
    "NDlib": Peer("ndlib", ndlib, "its SI model with tp_rate 1"),
    "Starsim": Peer("starsim", starsim, "its SIR without recovery, initialised outside the measured time"),
    "scipy sparse": Peer("scipy", scipy, "matrix times vector, a draw per household and week"),
    "dense Numba": Peer("numba", dense, "loops over all who have not adopted"),
}
