"""The one table of parameters: name, symbol, unit, default, valid range, sweep range, doc, source.

Everything that needs to know a parameter reads it here: validation, the scenario schema, ``smsim parameters``,
the sliders, the sweeps and the table in ``docs/parameters.md``. A source is a citation or the word "assumed".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Section = Literal["world", "behaviour", "activities", "campaign", "run"]
Step = Literal[
    "", "entry", "needs", "design", "partners", "materials", "mobilizers", "monitoring", "evaluation", "documentation"
]  # of mobilization: what each is, and what is left without it, says `smsim.steps`


@dataclass(frozen=True)
class Sweep:
    """Plausible range for sensitivity analysis: uniform, log-uniform, whole numbers, or half of it at the low end.

    half: the low end has half of the chance, the rest is uniform; for what is absent as often as not.
    """

    low: float
    high: float
    scale: Literal["uniform", "log", "integer", "half"] = "uniform"


@dataclass(frozen=True)
class Parameter:
    """One number of the model (or one choice, when `choices` is given)."""

    section: Section
    name: str
    symbol: str  # of the model document, "" if it has none
    unit: str
    default: float | int | str | None
    low: float  # valid range, ends included
    high: float
    doc: str
    source: str
    sweep: Sweep | None = None
    choices: tuple[str, ...] = ()
    integer: bool = False
    effect: Literal["+", "-", ""] = ""  # stated sign of the effect on coverage, "" if none is stated
    step: Step = ""  # the step of mobilization that it belongs to, "" if none

    @property
    def path(self) -> str:
        """Section and name, as error messages and sweeps write it: ``world.mean_ties``."""
        return f"{self.section}.{self.name}"


def _p(
    section: Section,
    name: str,
    symbol: str,
    unit: str,
    default: float | int | str | None,
    valid: tuple[float, float],
    doc: str,
    source: str = "assumed",
    sweep: Sweep | None = None,
    effect: Literal["+", "-", ""] = "",
    step: Step = "",
) -> Parameter:
    integer = isinstance(default, int)
    return Parameter(section, name, symbol, unit, default, *valid, doc, source, sweep, (), integer, effect, step)


def _choice(
    section: Section, name: str, default: str, choices: tuple[str, ...], doc: str, step: Step = ""
) -> Parameter:
    return Parameter(section, name, "", "choice", default, 0, 0, doc, "assumed", None, choices, step=step)


def _log(low: float, high: float) -> Sweep:
    return Sweep(low, high, "log")


W: Section = "world"
B: Section = "behaviour"
A: Section = "activities"
C: Section = "campaign"
R: Section = "run"
SHARE = (0.0, 1.0)
MAX_WEEKS = 2080  # forty years

_TABLE = (
    # ---- world: who lives there
    _choice(W, "settlement", "village", ("village", "urban", "scattered", "camp"), "kind of place, which gives the usual values of what the file does not say: villages, a dense urban settlement, pastoralists and scattered homesteads, a camp of the displaced"),
    _p(W, "households", "N", "households", 4000, (2, 5_000_000), "households in the area"),
    _p(W, "households_per_community", "", "households", 250, (2, 100_000), "mean size of a community; every community has this size, the last ones one household less where it does not divide", "assumed (village of about 1,250 people)"),
    _p(W, "communities_per_facility", "", "communities", 4, (1, 1000), "communities that share a health facility"),
    _p(W, "communities_per_district", "", "communities", 8, (1, 100_000), "communities that share one authority; cross-community ties stay inside"),
    _p(W, "mean_ties", "k", "ties per household", 10.0, (1, 200), "mean number of ties of a household", "village surveys; Banerjee 2013 doi:10.1126/science.1236498", Sweep(6, 20)),
    _p(W, "homophily", "h", "share", 0.6, SHARE, "how much neighbours resemble each other in language, hesitancy and wealth", "McPherson 2001 doi:10.1146/annurev.soc.27.1.415", Sweep(0, 1)),
    _p(W, "rewiring", "p_rw", "share of neighbour ties", 0.15, SHARE, "neighbour ties that go to a random household of the community", "Centola & Macy 2007 doi:10.1086/521848", Sweep(0, 0.5)),
    _p(W, "cross_community_ties", "x", "share of ties", 0.05, SHARE, "ties to another community of the district, as a share of the ties inside", "assumed", Sweep(0, 0.3)),
    _p(W, "kin_households", "", "households", 4, (1, 12), "households of kin that all know each other, tied twice as strongly", "assumed", Sweep(2, 8, "integer")),
    _p(W, "school_share", "", "share of ties", 0.0, SHARE, "of a random path through the households with children of a community, the ties made at its school; 0: no school where parents meet", "assumed", Sweep(0, 1)),
    _p(W, "market_share", "", "share of cross-community ties", 0.0, SHARE, "cross-community ties made at the market of the communities that share a facility; the others are anywhere in the district", "assumed", Sweep(0, 1)),
    _p(W, "female_headed_share", "", "share", 0.25, SHARE, "households headed by a woman", "assumed (DHS reports range from 0.1 to 0.4)"),
    _p(W, "minority_share", "", "share", 0.2, SHARE, "households of the minority language; the share varies by community as Beta(.8, 3.2) at the default", "assumed"),
    _p(W, "minority_icc", "", "intraclass correlation", 0.2, (0, 0.99), "how much the minority lives in communities of its own; 0.2 gives Beta(.8, 3.2)", "assumed"),
    _p(W, "hesitant_share", "pi_hes", "share", 0.15, SHARE, "households of a group that hesitates for religious or other reasons", "Michael 2014 doi:10.1093/infdis/jiu436", Sweep(0, 0.4), "-"),
    _p(W, "hesitancy_icc", "", "intraclass correlation", 0.25, (0, 0.99), "how much hesitant households cluster in communities", "assumed"),
    _p(W, "place_clustering", "", "share", 0.0, SHARE, "how much communities with like shares of the minority, and of the hesitant, lie side by side: 0 by chance, 1 in order", "assumed", Sweep(0, 1)),
    _p(W, "religious_following", "", "share", 0.9, (0.3, 1), "households that follow religious leaders, and meet at their place; most of the ties beyond kin and neighbours are made there", "assumed"),
    _p(W, "traditional_following", "", "share", 0.8, SHARE, "households that follow traditional leaders", "assumed"),
    _p(W, "womens_following", "", "share", 0.35, SHARE, "households in a women's group, which follow its leaders", "assumed"),
    _p(W, "youth_following", "", "share", 0.25, SHARE, "households in a youth group, which follow its leaders", "assumed"),
    _p(W, "child_share", "", "share", 0.6, SHARE, "households with a child under five, eligible in rounds", "assumed"),
    _p(W, "media_access_log_odds", "", "log odds", 0.4, (-20, 20), "log odds that a household of middle wealth has any media channel: 0 is half of them, 0.4 is 60%, -1.2 is 23%", "assumed"),
    _p(W, "media_wealth_gradient", "", "log odds per rank", 4.0, (-20, 20), "how much media access rises from the poorest to the richest", "assumed"),
    _p(W, "median_distance_km", "d_med", "km", 4.0, (0.1, 40), "median distance to the facility", "assumed", Sweep(1, 12), "-"),
    _p(W, "participation", "pi_join", "share", 0.4, SHARE, "households that ever attend groups", "Prost 2013 doi:10.1016/S0140-6736(13)60685-6 (larger effects where 30% of pregnant women joined)", Sweep(0.15, 0.7), "+"),
    _p(W, "participation_gradient", "kappa_y", "share", 0.5, (-1, 1), "how much more the rich attend than the poor", "assumed", Sweep(0, 0.9)),
    _p(W, "turnover", "nu", "per week", 0.004, SHARE, "households replaced by a new caregiver, who is unaware", "assumed (about 20% a year)", Sweep(0.001, 0.01)),
    _p(W, "opposed_share", "p_opp", "share of communities", 0.15, SHARE, "communities whose leaders oppose the campaign", "assumed", Sweep(0, 0.4), "-"),
    _p(W, "opposed_response", "s_c", "ratio", 0.3, SHARE, "how much leader sessions achieve there, against elsewhere", "assumed"),
    _p(W, "acceptance_unapproved", "acc_0", "share", 0.4, SHARE, "contacts accepted where leaders have not approved", "assumed", Sweep(0.1, 1), "+"),
    _p(W, "endorsement_gain", "epsilon_L", "per session", 0.25, (0, 10), "endorsement gained by one leader session", "assumed"),
    _p(W, "endorsement_decay", "delta_E", "per week", 0.02, SHARE, "endorsement lost by a week without", "assumed"),
    _p(W, "availability", "A_0", "share of time", 0.85, SHARE, "time in which the facility has stock and staff", "Lydon 2017 doi:10.1016/j.vaccine.2016.12.071", Sweep(0.4, 1), "+"),
    _p(W, "stockout_weeks", "D_so", "weeks", 4.0, (1, 520), "mean length of a stock-out", "assumed"),
    _p(W, "responsiveness", "r_gov", "share", 0.5, SHARE, "how much authorities answer to public pressure", "Bjorkman & Svensson 2009 doi:10.1162/qjec.2009.124.2.735 (yes); Raffler 2020 (no)", Sweep(0, 0.8)),
    _p(W, "pressure_half", "H_50", "participants per household and week", 0.004, (1e-9, 10), "pressure that brings half the response", "assumed", _log(0.001, 0.02)),
    _p(W, "response_delay_weeks", "Delta", "weeks", 13, (0, MAX_WEEKS), "delay before authorities respond", "assumed", Sweep(4, 52, "integer")),
    _p(W, "response_weeks", "tau_Y", "weeks", 26.0, (1, MAX_WEEKS), "time in which the response builds up", "assumed"),
    _p(W, "response_decay", "delta_Y", "per week", 0.005, SHARE, "response lost per week without pressure or ownership", "assumed"),
    _p(W, "response_capacity", "c_Y", "ratio", 1.0, (0, 10), "capacity added by a full response, as a share of capacity", "assumed"),
    _p(W, "ownership_gain", "epsilon_O", "per participation and household", 0.3, (0, 10), "ownership gained by participation", "assumed", Sweep(0.1, 1)),
    _p(W, "ownership_decay", "delta_O", "per week", 0.005, SHARE, "ownership lost by a week without", "assumed"),
    _p(W, "season_amplitude", "a", "ratio", 0.0, (0, 0.95), "seasonal swing of the distance scale (rains, floods)", "assumed"),
    _p(W, "season_peak_week", "t_0", "week of the year", 0, (0, 51), "week in which roads are best", "assumed"),
    # ---- behaviour: what people are asked to do
    _choice(B, "kind", "repeated", ("permanent", "repeated", "event", "round"), "once for all, kept up, at an event such as a birth, or in campaign rounds"),
    _p(B, "aware_share", "a_0", "share", 0.5, SHARE, "households aware at the start", "baseline survey", Sweep(0.05, 0.95), "+"),
    _p(B, "aware_icc", "", "intraclass correlation", 0.1, (0, 0.99), "how much awareness at the start differs between communities", "assumed"),
    _p(B, "initial_adopters", "", "share", 0.0, SHARE, "households that do it at the start, before the burn-in", "assumed"),
    _p(B, "peer_information", "beta", "per tie and week", 0.03, (0, 10), "information passed by one voicing neighbour", "Banerjee 2013 doi:10.1126/science.1236498 (.35 per trimester)", _log(0.003, 0.05), "+"),
    _p(B, "silent_information", "eta", "ratio", 1 / 7, SHARE, "information passed by a neighbour who has heard but does not do it, against one who does", "Banerjee 2013 doi:10.1126/science.1236498"),
    _p(B, "talk_weeks", "d_talk", "weeks", 13, (0, MAX_WEEKS), "weeks for which news is talked about", "assumed"),
    _p(B, "threshold_mean", "mu", "neighbour share", 0.45, (-10, 10), "mean social support that a household needs", "assumed; to be calibrated to the baseline", Sweep(0.1, 0.55), "-"),
    _p(B, "threshold_sd", "sigma", "neighbour share", 0.4, (0, 10), "standard deviation of what households need", "Granovetter 1978 doi:10.1086/226707", Sweep(0.25, 0.5)),
    _p(B, "threshold_icc", "", "intraclass correlation", 0.1, (0, 0.99), "share of that variance that lies between communities", "assumed"),
    _p(B, "hesitancy", "Delta_hes", "neighbour share", 0.35, (0, 10), "extra support that a hesitant household needs", "assumed", Sweep(0.2, 0.7), "-"),
    _p(B, "norm_weight", "alpha_N", "weight", 0.6, (0, 10), "weight of what neighbours visibly do", "Banerjee 2013 (none) to Centola 2010 doi:10.1126/science.1185231 and Beaman 2021 doi:10.1257/aer.20200295 (strong)", Sweep(0.2, 1), "+"),
    _p(B, "leader_weight", "alpha_I", "neighbour share", 0.15, (0, 10), "weight of full endorsement by one's leaders", "Weiss 2013 doi:10.1186/1471-2334-13-17 (mosque announcements)", Sweep(0, 0.4), "+"),
    _p(B, "persuasion_weight", "alpha_P", "neighbour share", 0.3, (0, 10), "weight of full persuasion", "assumed (the prototype's value)", Sweep(0.1, 0.5), "+"),
    _p(B, "incentive_weight", "alpha_inc", "neighbour share", 0.15, (0, 10), "weight of an incentive that everybody gets", "fitted by hand in the prototype to Banerjee 2010 doi:10.1136/bmj.c2220"),
    _p(B, "decision_rate", "kappa_dec", "per week", 0.25, (1e-6, 1), "chance per week that a household acts on a changed mind", "assumed"),
    _p(B, "taboo", "tau", "neighbour share", 0.0, SHARE, "visible support that the most fearful needs before it speaks", "Kuran 1989 doi:10.1007/BF00116762; Bursztyn 2020 doi:10.1257/aer.20180975", Sweep(0, 1, "half")),
    _p(B, "persuasion_decay", "delta_p", "per week", 0.027, SHARE, "persuasion forgotten per week (half-life 26 weeks)", "assumed", Sweep(0.01, 0.06), "-"),
    _p(B, "message_share", "", "share", 1.0, SHARE, "how much of each contact is about this behaviour, in a campaign with several", "assumed"),
    _p(B, "rumour_passing", "beta_r", "per tie and week", 0.0015, (0, 10), "rumour passed by one believing neighbour", "assumed", Sweep(0, 0.004), "-"),
    _p(B, "rumour_arrival", "iota_r", "per week", 0.0008, (0, 10), "rumour that comes from outside", "assumed"),
    _p(B, "rumour_forgetting", "gamma_r", "per week", 0.03, SHARE, "believers who forget", "assumed"),
    _p(B, "rumour_initial", "b_0", "share", 0.08, SHARE, "households that believe the rumour at the start", "assumed"),
    _p(B, "rumour_threshold", "rho", "neighbour share", 0.3, (0, 10), "extra support that a believer needs", "assumed", Sweep(0, 0.6), "-"),
    _p(B, "rumour_shock_week", "t_s", "campaign week", -1, (-1, MAX_WEEKS), "campaign week in which a rumour breaks out everywhere; -1: never", "assumed"),
    _p(B, "rumour_shock_share", "s", "share", 0.0, SHARE, "households that then believe it", "assumed"),
    _p(B, "debunk_waning", "", "per week", 0.02, SHARE, "debunked households that become susceptible again", "assumed"),
    _choice(B, "place", "facility", ("facility", "home"), "where the service is given: at the facility, with its distance and stock-outs, or at home"),
    _p(B, "service_capacity", "C", "slots per household and week", 0.05, (0, 10), "service capacity", "local HMIS", _log(0.001, 0.1), "+"),
    _p(B, "slot_share", "", "share", 1.0, SHARE, "share of the bought service slots that serve this behaviour", "assumed"),
    _p(B, "distance_scale_km", "d_0", "km", 12.0, (0.01, 1e9), "distance at which a share of 1/e still comes to the facility", "Karra 2017 doi:10.1093/ije/dyw062 (OR .45 beyond 10 km)", Sweep(4, 20), "+"),
    _p(B, "give_up", "xi", "share", 0.25, SHARE, "clients turned away who give up", "assumed", Sweep(0, 0.6), "-"),
    _p(B, "event_rate", "", "per household and week", 0.0035, (0, 1), "events (pregnancies, births) per household", "assumed (crude birth rate of 36 per 1,000 and households of 5)"),
    _p(B, "event_lag_weeks", "", "weeks", 0, (0, 104), "weeks from the event's start to this behaviour: 0 for registration of a pregnancy, 24 for its delivery", "assumed"),
    _p(B, "round_interval_weeks", "", "weeks", 13, (1, 520), "weeks between campaign rounds", "assumed"),
    _p(B, "lapse_rate", "lambda", "per week", 0.005, SHARE, "new adopters who lapse", "Odagiri 2017 doi:10.3390/ijerph14121572 (14.5% slippage in 2 years, with the ratio below)", Sweep(0.001, 0.015), "-"),
    _p(B, "maintained_lapse_ratio", "m_M", "ratio", 0.3, (0, 10), "lapse of maintained adopters, against new ones", "Odagiri 2017 doi:10.3390/ijerph14121572"),
    _p(B, "unsupported_lapse_ratio", "kappa_S", "ratio", 4.0, (0, 100), "lapse of those who no longer see enough support, against others", "assumed"),
    _p(B, "maturation_rate", "eta_M", "per week", 1 / 13, SHARE, "new adopters for whom it becomes a habit", "assumed"),
    _p(B, "ownership_protection", "kappa_O", "per ownership", 1.0, (0, 100), "how much ownership protects against lapse", "assumed", Sweep(0, 2), "+"),
    _p(B, "ownership_transport", "chi_O", "share", 0.5, SHARE, "distance taken away by full ownership (the community organises transport)", "assumed"),
    Parameter(B, "link", "", "behaviour", None, 0, 0, "name of another behaviour of the scenario: who supports that one is readier for this one", "assumed"),
    _p(B, "link_weight", "", "neighbour share", 0.0, (0, 10), "how much readier", "assumed", None, "+"),
    # ---- activities: what contacts do and cost
    _p(A, "visit_cost", "c_v", "US$ per visit", 2.0, (1e-6, 1e6), "price of a home visit", "derived: McCord 2013 doi:10.2471/BLT.12.109660 (US$3,750 per worker and year) over 1,200 visits a year, assumed, is US$3.1; Sarker 2013 (US$0.82 per exposure)", _log(0.3, 4)),
    _p(A, "dialogue_cost", "c_g", "US$ per attendee", 1.6, (1e-6, 1e6), "price of one attendance at a group dialogue", "assumed", _log(0.6, 3)),
    _p(A, "leader_cost", "c_l", "US$ per session", 30.0, (1e-6, 1e6), "price of a session with leaders", "assumed", _log(10, 60), step="entry"),
    _p(A, "media_cost", "c_m", "US$ per household and exposure", 0.03, (1e-6, 1e6), "price of a media exposure, per household in the footprint", "assumed", _log(0.005, 0.1)),
    _p(A, "action_cost", "c_a", "US$ per action", 150.0, (1e-6, 1e6), "price of a collective action", "assumed", _log(50, 400)),
    _p(A, "service_cost", "c_s", "US$ per slot", 4.0, (1e-6, 1e6), "price of one extra service slot", "assumed", _log(1.5, 10)),
    _p(A, "incentive_cost", "c_i", "US$ per incentive", 2.0, (1e-6, 1e6), "price of one incentive", "assumed"),
    _p(A, "monitor_cost", "c_q", "US$ per interview", 1.5, (1e-6, 1e6), "price of a monitoring interview", "assumed", step="monitoring"),
    _p(A, "visit_gain", "psi_v", "persuasion per visit", 0.25, SHARE, "persuasion gained by a home visit", "assumed", Sweep(0.1, 0.4), "+"),
    _p(A, "dialogue_gain", "psi_g", "persuasion per dialogue", 0.2, SHARE, "persuasion gained by a group dialogue (per dollar the same as a visit)", "assumed", Sweep(0.1, 0.4), "+"),
    _p(A, "media_gain", "psi_m", "persuasion per exposure", 0.005, SHARE, "persuasion gained by a media exposure", "scaled by hand in the prototype to +5.9 points, Glennerster 2021", Sweep(0.001, 0.02), "+"),
    _p(A, "norm_memory_decay", "", "per week", 0.027, SHARE, "forgetting what a dialogue showed about the neighbours' true opinion", "assumed"),
    _p(A, "debunking", "kappa_deb", "share", 0.5, SHARE, "believers debunked by one trusted contact", "assumed"),
    _p(A, "trust", "T_0", "share", 0.9, SHARE, "trust in an ideal mobilizer", "Kok 2015 doi:10.1093/heapol/czu126 (direction)", Sweep(0.5, 1), "+"),
    _p(A, "outsider_penalty", "", "share of trust", 0.35, SHARE, "trust lost when the mobilizer does not live there", "assumed"),
    _p(A, "language_penalty", "", "share of trust", 0.35, SHARE, "trust of the minority lost when the mobilizer does not speak its language", "assumed"),
    _p(A, "gender_penalty", "", "share of trust", 0.15, SHARE, "trust of female-headed households lost when the mobilizer is a man", "assumed"),
    _p(A, "unreal_penalty", "", "share of quality", 0.15, SHARE, "quality lost by material that shows no situation people know from their own lives", "assumed", step="materials"),
    _p(A, "action_participants", "", "participants", 50.0, (0, 100_000), "participants of one collective action", "assumed"),
    # ---- campaign: what is bought, the same for every strategy
    _p(C, "budget_per_household", "B", "US$ per household", 6.0, (0, 10_000), "whole budget, over the treated households", "assumed", _log(1, 12), "+"),
    _p(C, "weeks", "T_c", "weeks", 52, (1, MAX_WEEKS), "length of the campaign", "assumed", Sweep(26, 104, "integer")),
    _p(C, "treated_share", "", "share of communities", 1.0, SHARE, "communities that get the campaign", "assumed"),
    _p(C, "households_per_mobilizer", "", "households", 250, (1, 100_000), "caseload of a mobilizer", "CORE Group Polio Project (500); 411 in Uttar Pradesh", Sweep(100, 1000, "integer")),
    _p(C, "visits_per_mobilizer_week", "", "visits per week", 60.0, (0, 1000), "visits that a mobilizer can make in a week", "assumed"),
    _p(C, "mobilizer_attrition", "", "per week", 0.004, SHARE, "mobilizers who leave, when paid", "assumed (about 20% a year)"),
    _p(C, "mobilizer_paid", "", "share", 1.0, SHARE, "share of mobilizers with an incentive; without one they leave more often", "assumed"),
    _p(C, "unpaid_attrition_ratio", "", "ratio", 3.0, (1, 100), "how much more often an unpaid mobilizer leaves", "assumed (direction: Chimpololo & Burrowes 2019, AJTMH 101(4S):85)"),
    _p(C, "vacancy_weeks", "", "weeks", 4, (0, 520), "weeks until a mobilizer who left is replaced", "assumed"),
    _p(C, "resident_share", "s_res", "share of mobilizers", 1.0, SHARE, "mobilizers who live in the community", "assumed", None, "+", step="mobilizers"),
    _p(C, "language_share", "s_lang", "share of mobilizers", 0.8, SHARE, "mobilizers who speak the minority's language", "assumed", None, "+", step="mobilizers"),
    _p(C, "women_share", "s_fem", "share of mobilizers", 0.6, SHARE, "mobilizers who are women", "assumed", None, "+", step="mobilizers"),
    _p(C, "training", "train", "share", 0.8, SHARE, "level of training of mobilizers", "assumed", Sweep(0, 1), "+", step="mobilizers"),
    _p(C, "material_quality", "q_mat", "share", 0.85, SHARE, "quality of messages and materials; 0.6 without a pretest", "assumed", Sweep(0.5, 1), "+", step="materials"),
    _p(C, "material_language", "s_lang", "share", 0.8, SHARE, "how much of the material reaches the minority in its language", "assumed", None, "+", step="materials"),
    _p(C, "partner_capacity", "", "share", 0.7, SHARE, "capacity of partner organisations: the share of planned contacts delivered is .5 + .5 of it", "assumed", Sweep(0, 1), "+", step="partners"),
    _p(C, "needs_quality", "N_q", "share", 0.5, SHARE, "how well visits find the households in need: 0 without an assessment, .5 rapid, .8 participatory", "assumed", Sweep(0, 1), step="needs"),
    _p(C, "needs_error", "", "share", 0.0, (0, 0.5), "households that the assessment records wrongly, of those in need and of the others; at 0.5 it knows nothing", "assumed", step="needs"),
    _p(C, "feedback", "phi", "share", 0.5, SHARE, "share of the money moved to where monitoring finds gaps", "assumed", Sweep(0, 1), step="monitoring"),
    _p(C, "monitor_weeks", "", "weeks", 4, (1, 520), "weeks between rounds of monitoring", "assumed", step="monitoring"),
    _p(C, "monitor_sensitivity", "", "share", 0.95, SHARE, "adopters recorded as adopters", "assumed", step="monitoring"),
    _p(C, "monitor_specificity", "", "share", 0.95, SHARE, "others recorded as others", "assumed", step="monitoring"),
    _choice(C, "invitation", "random", ("random", "nominated", "hub", "kin"), "who is invited to dialogues: anybody, those whom neighbours name, those with most ties, or whole kin groups", step="design"),
    _p(C, "training_cost", "", "US$ per mobilizer", 60.0, (0, 1e6), "price of full training of one mobilizer", "assumed", step="mobilizers"),
    _p(C, "pretest_cost", "", "US$ per district", 2000.0, (0, 1e9), "price of pretesting materials, spent in proportion to material_quality above 0.6", "assumed", step="materials"),
    _p(C, "assessment_cost", "", "US$ per community", 100.0, (0, 1e6), "price of a rapid needs assessment (needs_quality 0.5); a better one costs in proportion", "assumed", step="needs"),
    _p(C, "supervision_share", "", "share", 0.12, (0, 10), "supervision, on top of every dollar spent in the field", "assumed", step="partners"),
    _p(C, "documentation_cost", "", "US$ per community", 0.0, (0, 1e6), "spending on documenting and spreading the experience, per treated community", "assumed", step="documentation"),
    _p(C, "dissemination", "kappa_diss", "per week and dollar", 0.002, (0, 1), "weekly hazard that an untreated community starts by itself, per documentation dollar and coverage gap", "assumed", step="documentation"),
    # what the steps of mobilization cost beyond that; nothing unless a file says so
    _p(C, "design_cost", "", "US$ per campaign", 0.0, (0, 1e9), "price of designing the strategy: deciding on channels, their timing and their audiences with those who know the place", step="design"),
    _p(C, "partner_cost", "", "US$ per district", 0.0, (0, 1e9), "price of choosing partner organisations by criteria, and of agreeing with them", step="partners"),
    _p(C, "selection_cost", "", "US$ per mobilizer", 0.0, (0, 1e6), "price of selecting one mobilizer with the community, by criteria", step="mobilizers"),
    _p(C, "material_realism", "", "share", 1.0, SHARE, "how much of the material is drawn from real situations of the place", "assumed", None, "+", "materials"),
    _p(C, "translation_cost", "", "US$ per district", 0.0, (0, 1e9), "price of all material in the minority's language, spent in proportion to material_language", step="materials"),
    _p(C, "situations_cost", "", "US$ per district", 0.0, (0, 1e9), "price of collecting real situations for the material, spent in proportion to material_realism", step="materials"),
    _p(C, "survey_clusters", "", "clusters per arm", 0, (0, 10_000), "clusters of the baseline and again of the endline survey, in the treated communities and, where some are not treated, as many there; 0: no evaluation", step="evaluation"),
    _p(C, "survey_per_cluster", "", "interviews per cluster", 7, (1, 10_000), "households sampled in a cluster", "WHO cluster survey of 30 by 7: Henderson & Sundaresan 1982, Bull World Health Organ 60:253", step="evaluation"),
    _p(C, "survey_cost", "", "US$ per interview", 5.0, (0, 1e6), "price of one survey interview, travel included", step="evaluation"),
    _p(C, "survey_response_adopters", "", "share", 0.95, SHARE, "sampled adopters who are found and answer", step="evaluation"),
    _p(C, "survey_response_others", "", "share", 0.95, SHARE, "sampled others who are found and answer; below that of adopters, the survey reports too much", step="evaluation"),
    _p(C, "survey_sensitivity", "", "share", 0.95, SHARE, "recall: adopters whose answer says so", step="evaluation"),
    _p(C, "survey_specificity", "", "share", 0.95, SHARE, "recall: others whose answer says so", step="evaluation"),
    _p(C, "survey_control_items", "", "statements", 4, (1, 20), "harmless statements on the list of a list experiment; half of the respondents get the sensitive one besides", step="evaluation"),
    _p(C, "survey_control_share", "", "share", 0.5, SHARE, "chance that a respondent agrees with a harmless statement", step="evaluation"),
    _p(C, "doses_recorded_ratio", "", "ratio", 1.0, (0.1, 10), "what the programme counts for every household served: above 1 where it counts twice or counts people from outside; for administrative coverage only", "assumed (1: no error)"),
    _p(C, "target_population_ratio", "", "ratio", 1.0, (0.1, 10), "the population that the programme divides by, against the true one: below 1 where the census is old; for administrative coverage only", "assumed (1: no error)"),
    # ---- run
    _p(R, "burn_in_weeks", "", "weeks", 52, (0, MAX_WEEKS), "weeks without a campaign before it starts", "convention"),
    _p(R, "follow_up_weeks", "", "weeks", 52, (0, MAX_WEEKS), "weeks after its end", "convention"),
    _p(R, "replicates", "", "worlds", 50, (2, 100_000), "paired worlds", "convention"),
    _p(R, "seed", "", "integer", 1, (0, 2**63 - 1), "seed of randomness", "convention"),
    _p(R, "target_coverage", "", "share", 0.5, SHARE, "coverage whose date is reported", "convention"),
)  # fmt: skip

PARAMETERS: dict[str, Parameter] = {p.path: p for p in _TABLE}


def section(name: Section) -> dict[str, Parameter]:
    """The parameters of one section, by their short name, in the order of the table."""
    return {p.name: p for p in _TABLE if p.section == name}


# What is usual in a settlement, where it differs from a village; all assumed, to be replaced by what is known.
SETTLEMENTS: dict[str, dict[str, float | int | str | None]] = {
    "village": {},
    # Many near each other; kin live elsewhere, and people meet strangers, at schools and across quarters.
    "urban": {
        "households_per_community": 500, "communities_per_facility": 8, "median_distance_km": 1.5, "kin_households": 2,
        "rewiring": 0.4, "cross_community_ties": 0.2, "school_share": 0.4, "minority_icc": 0.3,
        "media_access_log_odds": 1.4, "turnover": 0.006,
    },
    # Large families that move or live together, far from the facility; others are met on market days.
    "scattered": {
        "households_per_community": 60, "communities_per_facility": 12, "communities_per_district": 24,
        "median_distance_km": 12.0, "kin_households": 8, "rewiring": 0.05, "cross_community_ties": 0.15,
        "market_share": 0.8, "place_clustering": 0.6, "media_access_log_odds": -1.2,
    },
    # Families divided and put side by side with strangers, by origin; the facility is near.
    "camp": {
        "households_per_community": 400, "communities_per_facility": 4, "median_distance_km": 1.0, "kin_households": 2,
        "rewiring": 0.25, "cross_community_ties": 0.15, "homophily": 0.4, "market_share": 0.5, "school_share": 0.3,
        "place_clustering": 0.8, "traditional_following": 0.5, "turnover": 0.01,
    },
}  # fmt: skip


def defaults(name: Section) -> dict[str, float | int | str | None]:
    """Default values of one section, by short name."""
    return {p.name: p.default for p in _TABLE if p.section == name}


def markdown_table() -> str:
    """The whole table as Markdown, one table per section: the text of ``docs/parameters.md``."""
    lines = [
        "# Parameters",
        "",
        "Made from the code by `python -m smsim.parameters > docs/parameters.md`; a test keeps it current. The symbols",
        "are those of [model.md](model.md). *Valid* is what a scenario may say (ends included), *swept* the plausible",
        "range of sensitivity analyses (half at 0: half of the chance is there, the rest is uniform). A source is a",
        "citation or the word assumed. `+` or `-` after the meaning is the stated sign of the effect on coverage.",
    ]
    for name in dict.fromkeys(p.section for p in _TABLE):
        lines += ["", f"## {name}", "", "| name | symbol | unit | default | valid | swept | meaning | source |"]
        lines.append("|---|---|---|---|---|---|---|---|")
        lines += [_row(p) for p in _TABLE if p.section == name]
    lines += [
        "",
        "## Settlements",
        "",
        "What a kind of settlement takes for usual where a village has the default; all assumed.",
        "",
    ]
    for settlement, usual in SETTLEMENTS.items():
        lines.append(f"- {settlement}: " + (", ".join(f"`{k}` {v:g}" for k, v in usual.items()) or "the defaults"))
    lines += [
        "",
        "## The steps of mobilization",
        "",
        "What belongs to which step; [steps.md](steps.md) says what each is.",
        "",
    ]
    for step in get_args(Step)[1:]:
        lines.append(f"- {step}: " + ", ".join(f"`{p.name}`" for p in _TABLE if p.step == step))
    return "\n".join(lines) + "\n"


def _row(p: Parameter) -> str:
    valid = ", ".join(p.choices) or ("" if p.default is None else f"{p.low:.10g} to {p.high:.10g}")
    swept = f"{p.sweep.low:g} to {p.sweep.high:g}, {p.sweep.scale}" if p.sweep else ""
    swept = swept.replace(", half", f", half at {p.sweep.low:g}") if p.sweep else ""
    default = f"{p.default:.4g}" if isinstance(p.default, float) else str("none" if p.default is None else p.default)
    meaning = f"{p.doc} ({p.effect})" if p.effect else p.doc
    cells = (f"`{p.name}`", p.symbol, p.unit, default, valid, swept, meaning, p.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(markdown_table(), end="")  # noqa: T201  # this is what the command is for
