"""The survey that a programme would run: clusters, non-response, recall error, silence, list experiment, LQAS.

A survey is drawn many times from the counts of one simulated world, so that its error is known and not only estimated.
Clusters are communities drawn systematically with probability proportional to size, in their order on the list (a
large one may be hit twice), as in the cluster surveys of the Expanded Programme on Immunization (Henderson &
Sundaresan 1982, Bull World Health Organ 60:253); households within a cluster are a simple random sample.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from smsim.engine.arrays import Array
from smsim.errors import ScenarioError

POWER = 0.8  # that planners ask for
LQAS_GAP = 0.3  # between the upper and the lower threshold, as in the usual tables
MOST_CLUSTERS, MOST_PER_LOT = 480, 240  # per arm and round: beyond it nobody goes


class Counts(NamedTuple):
    """What is true of C communities in the week of the survey; int64 (C,) each."""

    households: Array  # size, by which communities are drawn
    possible: Array  # who can be asked: households, or those with an event in the last 26 weeks
    covered: Array  # of these, who do it (were served)
    admitted: Array  # of these, who would say so to a stranger


class Errors(NamedTuple):
    """What goes wrong in an interview; shares."""

    response_adopters: float
    response_others: float
    sensitivity: float
    specificity: float


class ListQuestion(NamedTuple):
    """A list experiment: so many harmless statements, each agreed with by this chance; half get one more."""

    items: int
    share: float


class Sample(NamedTuple):
    """Answers of D surveys of K clusters; (D, K) each. Without a list the second pair is empty (0)."""

    community: Array  # index into the counts
    yes: Array  # summed answers (of the long list)
    asked: Array  # who answered (the long list)
    short_yes: Array  # summed answers of the short list
    short_asked: Array


class Estimate(NamedTuple):
    """D estimates of a share, float64 (D,) each, and what every cluster contributes to their error."""

    value: Array
    variance: Array  # as the survey team computes it
    asked: Array  # interviews
    influence: Array  # float64 (D, K): linearised; sums to 0 in a row


def draw_clusters(households: Array, clusters: int, draws: int, random: np.random.Generator) -> Array:
    """Communities of `draws` surveys: int64 (D, K), systematic, with probability proportional to size."""
    edges = np.cumsum(households)
    step = edges[-1] / clusters
    start = random.random((draws, 1)) * step
    found: Array = np.searchsorted(edges, start + step * np.arange(clusters), side="right")
    return np.minimum(found, len(edges) - 1)


def interview(
    counts: Counts,
    community: Array,
    per_cluster: int,
    errors: Errors,
    random: np.random.Generator,
    listed: ListQuestion | None = None,
) -> Sample:
    """Answers in the drawn clusters (D, K): direct, or by a list experiment, in which nobody needs to be silent."""
    possible, covered = counts.possible[community], counts.covered[community]
    wanted = np.minimum(per_cluster, possible)
    doers = random.hypergeometric(covered, possible - covered, wanted)
    others = random.binomial(wanted - doers, errors.response_others)
    doers = random.binomial(doers, errors.response_adopters)
    none = np.zeros_like(doers)
    if listed is None:
        silent = 1 - _ratio(counts.admitted[community], covered)
        open_ones = doers - random.binomial(doers, silent)
        # Who keeps silent answers like somebody who does not do it.
        yes = random.binomial(open_ones, errors.sensitivity)
        yes += random.binomial(doers - open_ones + others, 1 - errors.specificity)
        return Sample(community, yes, doers + others, none, none)
    # Every second respondent gets the long list; which half is the larger one is left to chance.
    answered = doers + others
    long = (answered + random.integers(0, 2, answered.shape)) // 2
    long_doers = random.hypergeometric(doers, others, long)
    yes = random.binomial(long_doers, errors.sensitivity)
    yes += random.binomial(long - long_doers, 1 - errors.specificity)
    yes += random.binomial(listed.items * long, listed.share)
    short = random.binomial(listed.items * (answered - long), listed.share)
    return Sample(community, yes, long, short, answered - long)


def estimate(sample: Sample) -> Estimate:
    """The share of each survey: yes over asked, or the difference in means of a list experiment; NaN if none asked.

    The variance is K / (K - 1) times the sum of squared influences of the clusters, the usual one of a ratio (Cochran
    1977, chapters 6 and 11). List experiments: difference in means (Blair & Imai 2012, doi:10.1093/pan/mpr048).
    """
    value, influence = _mean(sample.yes, sample.asked)
    if sample.short_asked.any():
        short, own = _mean(sample.short_yes, sample.short_asked)
        value, influence = value - short, influence - own
    clusters = influence.shape[1]
    spread = (influence**2).sum(axis=1) * (clusters / (clusters - 1) if clusters > 1 else math.nan)
    return Estimate(value, spread, (sample.asked + sample.short_asked).sum(axis=1), influence)


def estimate_lots(sample: Sample, size: Array) -> Estimate:
    """Coverage of the whole area from a sample in each of L lots, weighted by their sizes (L,): stratified."""
    weight = size / size.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        own = _ratio(sample.yes, sample.asked, math.nan)
        value = (weight * own).sum(axis=1)
        spread = (weight**2 * own * (1 - own) / np.maximum(sample.asked - 1, 1)).sum(axis=1)
    return Estimate(value, spread, sample.asked.sum(axis=1), weight * (own - value[:, None]))


def nothing(like: Estimate) -> Estimate:
    """A share known to be 0: the baseline of what began with the campaign."""
    return Estimate(*(np.zeros_like(part) for part in like))


class Change(NamedTuple):
    """D estimates of a change between two rounds in the same clusters, with what a test needs; (D,) each."""

    value: Array
    variance: Array
    freedom: Array  # of the t-test


def change(before: Estimate, after: Estimate, community: Array) -> Change:
    """After less before. Clusters of one community count as one: it was the community that got the campaign."""
    draws = len(community)
    both = after.influence - before.influence
    places = int(community.max()) + 1
    flat = community + places * np.arange(draws)[:, None]
    summed = np.bincount(flat.ravel(), both.ravel(), draws * places).reshape(draws, places)
    hit = np.bincount(flat.ravel(), minlength=draws * places).reshape(draws, places) > 0
    groups = hit.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(groups > 1, groups / (groups - 1), math.nan) * (summed**2).sum(axis=1)
    return Change(after.value - before.value, spread, groups - 1.0)


def change_in_lots(before: Estimate, after: Estimate) -> Change:
    """After less before, where both rounds sampled every lot."""
    freedom = np.asarray(before.asked + after.asked - 2 * after.influence.shape[1], float)
    return Change(after.value - before.value, before.variance + after.variance, np.maximum(freedom, 1.0))


def lots(counts: Counts, lot: Array) -> Counts:
    """The counts of whole lots: int64 (L,) each, in the order of their numbers (C,)."""
    _, index = np.unique(lot, return_inverse=True)
    return Counts(*(np.bincount(index, part).astype(np.int64) for part in counts))


def difference_in_differences(treated: Change, control: Change) -> Change:
    """Change in the treated less change in the control communities; degrees of freedom after Welch (1947)."""
    spread = treated.variance + control.variance
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = spread**2 / (treated.variance**2 / treated.freedom + control.variance**2 / control.freedom)
    return Change(treated.value - control.value, spread, freedom)


def interval(found: Change, confidence: float = 0.95) -> tuple[Array, Array]:
    """Lower and upper end of the t-interval, (D,) each; missing where a variance is."""
    from scipy.stats import t

    half = t.ppf((1 + confidence) / 2, found.freedom) * np.sqrt(found.variance)
    return found.value - half, found.value + half


# ---- what planners compute on paper


def design_effect(per_cluster: float, icc: float) -> float:
    """Variance of a cluster survey over that of a simple random sample of its size: 1 + (m - 1) icc (Kish 1965)."""
    return 1 + (per_cluster - 1) * icc


def half_width(share: float, size: float, effect: float = 1.0, confidence: float = 0.95) -> float:
    """Half of the interval of a share from `size` interviews with this design effect, by the normal distribution."""
    from scipy.stats import norm

    return float(norm.ppf((1 + confidence) / 2) * math.sqrt(effect * share * (1 - share) / size))


def t_power(shift: float, freedom: float, confidence: float = 0.95) -> float:
    """Power of a two-sided t-test whose true difference is `shift` standard errors; missing if either is."""
    from scipy.stats import nct, t

    if not (math.isfinite(shift) and freedom > 0):
        return math.nan
    limit, size = t.ppf((1 + confidence) / 2, freedom), abs(shift)
    # The other tail is nothing, and not to be had from scipy, once the shift is large.
    other = float(nct.cdf(-limit, freedom, size)) if size < 5 else 0.0
    return float(nct.sf(limit, freedom, size)) + other


class Rule(NamedTuple):
    """An LQAS decision rule: a lot passes if at least `least` of `size` say yes."""

    size: int
    least: int
    fails_good: float  # chance that a lot at the upper threshold fails
    passes_bad: float  # chance that a lot at the lower threshold passes


def thresholds(upper: float) -> tuple[float, float]:
    """Upper and lower LQAS threshold: the coverage that is hoped for, and 30 points less."""
    return float(upper), max(0.0, float(upper) - LQAS_GAP)


def decision_rule(size: int, upper: float, lower: float) -> Rule:
    """The LQAS rule with the smallest sum of both errors, as in published tables (Lemeshow & Taber 1991; Valadez 1991).

    Raises
    ------
    ScenarioError : the thresholds are not 0 <= lower < upper <= 1, or the sample is empty
    """
    from scipy.stats import binom

    if not (0 <= lower < upper <= 1):
        raise ScenarioError(f"LQAS needs 0 <= lower threshold < upper threshold <= 1; got {lower:g} and {upper:g}")
    if size < 1:
        raise ScenarioError(f"LQAS needs a sample of 1 or more per lot; got {size}")
    least = np.arange(1, size + 1)
    good, bad = binom.cdf(least - 1, size, upper), binom.sf(least - 1, size, lower)
    best = int(np.argmin(good + bad))
    return Rule(size, int(least[best]), float(good[best]), float(bad[best]))


def _mean(yes: Array, asked: Array) -> tuple[Array, Array]:
    """Ratio of sums by survey (D,), and the influence of each cluster on it (D, K)."""
    total = asked.sum(axis=1)
    value = _ratio(yes.sum(axis=1), total, math.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return value, (yes - value[:, None] * asked) / total[:, None]


def _ratio(part: Array, whole: Array, without: float = 1.0) -> Array:
    """part / whole; `without` where whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / np.maximum(whole, 1), without)
