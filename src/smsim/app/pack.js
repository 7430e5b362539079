"use strict";
// The offline workshop: reads the grid, fills the figures, and says it in the reader's language.
(() => {
const all = JSON.parse(document.getElementById("data").textContent);  // the scenario's sheet, and those of the lessons
const at = id => document.getElementById(id);
const start = one => one.own.map((own, k) => one.grid[k].indexOf(own));
let data = all, places = start(all), chosen = {...all.first};  // the sheet in hand; where each slider stands, or between
const names = ["1", "2", "3", "4"], guesses = names.map(() => [null, null]);  // of the tables
let language = all.language, doc = null, panel = "result", revealed = false, behaviour = 0;
const answers = () => data.answers[behaviour];
const homes = () => data.village || all.village;  // a role looks at the village of its scenario

const model = name => doc.get_model_by_name(name);
const _ = (text, values) => {
  const said = (all.words[language] || {})[text] || text;
  return values ? said.replace(/\{(\w+)\}/g, (whole, key) => key in values ? values[key] : whole) : said;
};
const named = () => data.named[language];
const locale = () => language + "-u-nu-latn";  // the digits of the texts
// A sign would change sides within a sentence that runs from right to left: the number stands by itself.
const alone = text => all.rtl.includes(language) ? `\u2066${text.replace(/[\u200e\u200f]/g, "")}\u2069` : text;
const number = (value, digits = 0) =>
  value === null || Number.isNaN(value) ? "–" : new Intl.NumberFormat(locale(), {maximumFractionDigits: digits}).format(value);
const percent = (value, digits = 0) =>
  value === null || Number.isNaN(value) ? "–"
    : alone(new Intl.NumberFormat(locale(), {style: "percent", maximumFractionDigits: digits}).format(value / 1000));
const money = value => {
  if (value === null) return "–";
  const digits = value < 20 && Math.round(100 * value) % 100 ? 2 : 0;
  if (language === "en") return "US$\u00a0" + number(value, digits);
  return alone(new Intl.NumberFormat(locale(), {style: "currency", currency: "USD", minimumFractionDigits: digits,
    maximumFractionDigits: digits}).format(value));
};
const escape = text => text.replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`);

// ---- the grid: an answer at a point, or the straight line between the points around it

const index = place => data.points ? data.points.findIndex(point => point.every((value, k) => value === place[k])) : place.reduce((sum, value, k) => sum * data.grid[k].length + value, 0);
const corners = () => places.reduce((all, place, k) => {
  const low = Math.floor(place), part = place - low, out = [];
  for (const [point, weight] of all) {
    out.push([[...point, low], weight * (1 - part)]);
    if (part > 0) out.push([[...point, Math.min(low + 1, data.grid[k].length - 1)], weight * part]);
  }
  return out;
}, [[[], 1]]).map(([point, weight]) => [index(point), weight]);

const mix = (parts, read) => {  // numbers and lists of numbers alike; what is missing at one corner is missing
  const values = parts.map(([k, weight]) => [read(k), weight]);
  const first = values[0][0];
  if (Array.isArray(first)) return first.map((_one, n) => mix(values, one => one[n]));
  if (values.some(([value]) => value === null)) return null;
  return values.reduce((sum, [value, weight]) => sum + value * weight, 0);
};
const on = parts => parts.length === 1;
const plan = (parts, name) => {
  const read = key => mix(parts, k => answers()[k].plans[name][key]);
  return {curve: read("curve"), groups: read("groups"), later: read("later"), cost: read("cost"), away: read("away"),
    money: read("money"), sources: read("sources")};
};
const nearest = parts => parts.reduce((best, one) => one[1] > best[1] ? one : best)[0];

// ---- showing

const label = side => _("Plan {side}: {strategy}", {side, strategy: named().plans[chosen[side]]});

function ahead(parts, a, b) {
  if (a === b) return _("The two plans are the same.");
  const order = data.plans.indexOf(a) < data.plans.indexOf(b);
  const key = order ? `${a}|${b}` : `${b}|${a}`, sign = order ? 1 : -1;
  const sentences = [];
  for (const [which, when] of [["end", _("At the end")], ["later", _("Later on")]]) {
    if (!on(parts)) {
      const mean = mix(parts, k => answers()[k].pairs[`${key}|${which}`][0]);
      if (mean === null) continue;
      sentences.push(_("{when}, about {points} points between them (interpolated).", {when, points: number(Math.abs(mean) / 10, 1)}));
      continue;
    }
    const [mean, won, separated] = answers()[parts[0][0]].pairs[`${key}|${which}`];
    if (mean === null) continue;
    if (!separated) { sentences.push(_("{when}, these worlds do not tell them apart.", {when})); continue }
    const digits = Math.abs(mean) < 0.5 ? 4 : 1;  // a lead is never "0 points"
    const lead = sign * mean > 0, share = mean > 0 ? won : 1000 - won;
    sentences.push(_("{when}, plan {side} is ahead, by {points} points; in {won} of {worlds} worlds.", {
      when, side: `<b class="${lead ? "a" : "b"}">${lead ? "A" : "B"}</b>`, points: number(Math.abs(mean) / 10, digits),
      won: number(Math.round(share * data.worlds / 1000)), worlds: number(data.worlds)}));
  }
  return sentences.join(" ");
}

const tops = [50, 100, 200, 300, 400, 500, 600, 800];
const top = value => Math.min(1, (tops.find(step => value * 1.06 <= step) || 1000) / 1000);

function show() {
  const parts = corners(), k = nearest(parts), weeks = data.weeks[k];
  const same = parts.every(([one]) => data.weeks[one].length === weeks.length);
  const usable = same ? parts : [[k, 1]];  // another length of campaign has other weeks: the nearest point is shown
  const found = {A: plan(usable, chosen.A), B: plan(usable, chosen.B), none: plan(usable, "none")};
  at("exact").className = on(usable) && on(parts) ? "exact" : "exact between";
  at("exact").textContent = on(parts)
    ? _("Computed: {worlds} worlds at exactly these values.", {worlds: number(data.worlds)})
    : same ? _("Interpolated: between computed points, a straight line is drawn.")
      : _("The nearest computed point is shown.");
  for (const side of ["A", "B", "none"]) {
    const [mean, low, high] = found[side].curve.map(row => row.map(value => value === null ? NaN : value / 1000));
    model(`curve-${side}`).data = {week: weeks, mean, low, high};
  }
  const figure = model("curves");
  const high = Math.max(...["A", "B"].map(side => Math.max(...found[side].curve[2].map(value => value || 0))));
  figure.x_range.start = weeks[0]; figure.x_range.end = weeks[weeks.length - 1]; figure.y_range.end = top(high);
  model("campaign").left = 0.5; model("campaign").right = data.campaign[k] + 0.5; model("campaign-label").y = top(high);
  const whom = named().whom[behaviour];
  const axes = {"curves-x": _("weeks since the campaign began"), "curves-y": named().axis[behaviour], "money-x": _("US$")};
  for (const [name, text] of Object.entries(axes)) model(name).axis_label = text;
  at("groups-axis").textContent = named().groups_axis[behaviour];  // longer than the axis of a phone
  for (const name of ["groups-x", "money-x"]) model(name).ticker.desired_num_ticks = window.innerWidth > 800 ? 6 : 3;
  at("now").innerHTML = ["A", "B"].map(side =>
    `<b class="${side.toLowerCase()}" dir="ltr">${side} ${percent(found[side].groups[0][0], 1)}</b>`).join(" · ");
  const answer = _("At the end of the campaign {a} {whom} under plan A and {b} under plan B; without a campaign, {none}.",
    {a: `<b class="a">${percent(found.A.groups[0][0], 1)}</b>`, b: `<b class="b">${percent(found.B.groups[0][0], 1)}</b>`,
      none: percent(found.none.groups[0][0], 1), whom});
  at("headline").innerHTML = `<p class="headline">${answer} ${ahead(usable, chosen.A, chosen.B)}</p>`;
  at("cards").innerHTML = `<div class="cards">${["A", "B"].map(side => card(side, found[side])).join("")}</div>`;
  at("sides").innerHTML = `<span class="a">● ${escape(label("A"))}</span><span class="b">■ ${escape(label("B"))}</span>`;
  const rows = named().groups, widest = Math.max(...["A", "B"].flatMap(side => found[side].groups.map(one => one[2] || 0)));
  dots("groups", rows, side => found[side].groups.map(one => one.map(value => value === null ? NaN : value / 1000)), top(widest));
  const items = all.items.map((_one, n) => n).filter(n => found.A.money[n] >= 1 || found.B.money[n] >= 1);
  const most = Math.max(1, ...items.flatMap(n => [found.A.money[n], found.B.money[n]]));
  dots("money", items.map(n => named().items[n]), side => items.map(n => [found[side].money[n], 0, 0]), most * 1.05);
  at("moved").innerHTML = `<div class="moved">${["A", "B"].map(side => moved(side, found[side])).join("")}</div>`;
  const lines = [["A", "", label("A")], ["B", "9 5", label("B")], ["none", "2 5", _("no campaign")]];
  at("key").innerHTML = lines.map(([side, dashes, text]) => `<span><svg width="46" height="14" aria-hidden="true"><line
    x1="2" y1="7" x2="44" y2="7" stroke="${all.colours[side] || "#6b7280"}" stroke-width="4"
    stroke-dasharray="${dashes}"/></svg>${escape(text)}</span>`).join("");
  reveal();
}

function dots(name, rows, values, end) {
  const figure = model(name);
  figure.y_range.factors = [...rows].reverse(); figure.x_range.end = end;
  for (const side of ["A", "B"]) {
    const table = values(side);
    model(`${name}-${side}`).data = {row: rows.map(row => [row, side === "A" ? 0.17 : -0.17]),
      mean: table.map(one => one[0]), low: table.map(one => one[1]), high: table.map(one => one[2])};
  }
}

function card(side, one) {
  const [end, low, high] = one.groups[0], [cost, less, more] = one.cost;
  const span = less === null || more === null ? _("not to be told from none")
    : _("{low} to {high}", {low: money(less), high: money(more)});
  const rows = [[percent(end, 1), _("at the end ({low} to {high})", {low: percent(low), high: percent(high)})],
    [percent(one.later[0], 1), _("at the end of the follow-up")],
    [money(cost), `${_("for each one more")} (${span})`],
    [percent(one.away), _("turned away at the service")]];
  return `<section class="card ${side.toLowerCase()}"><h3>${escape(label(side))}</h3>${rows.map(([value, text]) =>
    `<div><b>${value}</b><span>${text}</span></div>`).join("")}</section>`;
}

function moved(side, one) {
  const listed = one.sources.map((share, n) => [share, named().sources[n]]).filter(([share]) => share >= 5)
    .sort((x, y) => y[0] - x[0]).slice(0, 4).map(([share, text]) => `${text} ${percent(share)}`);
  const weighed = _("Plan {side}: what weighed most for those who took it up: {sources}.",
    {side, sources: new Intl.ListFormat(locale()).format(listed)});
  const nobody = _("Plan {side}: nobody took it up.", {side});
  return `<p class="${side.toLowerCase()}">${listed.length ? weighed : nobody}</p>`;
}

// ---- guesses

function tables() {
  at("guesses").innerHTML = guesses.map((pair, n) => `<tr><th scope="row"><input maxlength="24" data-name="${n}"
    value="${escape(names[n])}" aria-label="${_("Table")} ${n + 1}"></th>${pair.map((value, side) =>
    `<td class="guessed"><input type="number" min="0" max="100" inputmode="numeric" data-guess="${n}-${side}" value="${value ?? ""}"
      aria-label="${_("Table")} ${n + 1}, ${_(side ? "Plan B" : "Plan A")}"> %</td>`).join("")}</tr>`).join("");
}
const hasMoved = () => data.move !== null && data.grid[0][places[0]] === data.move;

function reveal() {  // guesses against outcomes, once they are asked for; of a lesson, its texts
  const parts = corners(), said = named(), lesson = data.move !== null, step = hasMoved() ? 1 : 0;
  at("before").innerHTML = lesson ? said.before[step] : `<h2>${_("Guess first")}</h2>`;
  const after = revealed && lesson ? said.after[step] : "";
  if (at("after").said !== after) at("after").innerHTML = at("after").said = after;  // what was opened stays open
  at("move").hidden = !(revealed && lesson && !step);
  if (!revealed) { at("revealed").innerHTML = ""; return }
  const begun = text => text.replace(/^./u, one => one.toLocaleUpperCase(locale()));  // as a sentence begins
  const none = plan(parts, "none"), without = begun(_("no campaign")), when = begun(_("at the end of the follow-up"));
  const later = one => `${when}: ${percent(one.later[0], 1)}.`;
  at("revealed").innerHTML = ["A", "B"].map((side, s) => {
    const one = plan(parts, chosen[side]), outcome = one.groups[0][0] === null ? NaN : one.groups[0][0] / 10;
    const said = guesses.map((pair, n) => [names[n], pair[s]]).filter(([, guess]) => guess !== null), rows = stacked(said);
    const marks = said.map(([name, guess], n) => `<i style="--at:${guess};--row:${rows[n]}">${escape(name)}</i>`).join("");
    const gap = Math.min(...said.map(([, guess]) => Math.abs(guess - outcome)));
    const nearest_ = said.filter(([, guess]) => Math.abs(guess - outcome) === gap).map(([name]) => name);
    const best = nearest_.length ? _("Nearest: table {n}.", {n: escape(new Intl.ListFormat(locale()).format(nearest_))}) : "";
    const found = percent(outcome * 10, 1), mark = `<b class="${side.toLowerCase()}" style="--at:${outcome}">${found}</b>`;
    return `<h3 class="${side.toLowerCase()}">${escape(label(side))}: ${found}. <small>${later(one)}</small> ${best}</h3>
      <div class="strip ${side.toLowerCase()}" style="--rows:${Math.max(0, ...rows)}" dir="ltr">${marks}${Number.isNaN(outcome) ? "" : mark}</div>`;
  }).join("") + `<p class="none">${without}: ${percent(none.groups[0][0], 1)}. ${later(none)}</p>`;
}
function stacked(marks) {  // the row of every mark such that no two names cover each other
  const room = at("revealed").clientWidth || 340, ends = [], rows = marks.map(() => 0);
  for (const k of [...marks.keys()].sort((x, y) => marks[x][1] - marks[y][1])) {
    const [name, place] = marks[k], width = 100 * (8 * name.length + 14) / room, left = place - width * place / 100;
    const free = ends.findIndex(end => left >= end);
    rows[k] = free < 0 ? ends.length : free;
    ends[rows[k]] = left + width;
  }
  return rows;
}
function forget() { revealed = false; guesses.forEach(pair => pair.fill(null)) }
function lessons() {
  const sheets = [all, ...all.lessons];
  at("lesson").ariaLabel = _("Lessons of ten minutes");
  at("lesson").innerHTML = sheets.map((one, k) =>
    `<option value="${k}" ${one === data ? "selected" : ""}>${escape(one.named[language].title)}</option>`).join("");
}
function take(k) {  // another lesson, or the scenario
  data = k ? all.lessons[k - 1] : all;
  places = start(data); chosen = {...data.first}; behaviour = 0;
  forget(); speak(language);
  open(k ? "guess" : "result");
}
function play(k) {  // a role of the scenario, with its own sliders; "" for everybody's
  data = k === "" ? all : all.roles[k];
  places = start(data);
  controls(); show();
}
function roles() {
  at("roles").hidden = !all.roles.length || data.move !== null;
  const which = all.roles.indexOf(data);
  at("role").innerHTML = `<option value="">${escape(_("everybody"))}</option>` + all.roles.map((one, k) =>
    `<option value="${k}" ${k === which ? "selected" : ""}>${escape(one.named[language].title)}</option>`).join("");
  at("card").hidden = which < 0;
  const star = _("One thing is moved at a time, from the scenario's own values: what was moved before goes back.");
  at("card").innerHTML = which < 0 ? "" : `<b>${escape(named().title)}</b><br>${escape(named().card)}<br><small>${escape(star)}</small>`;
}
function behaviours() {
  at("behaviour").hidden = data.behaviours.length < 2;
  at("behaviour").ariaLabel = _("Behaviour");
  at("behaviour").innerHTML = data.behaviours.map((name, k) =>
    `<option value="${k}" ${k === behaviour ? "selected" : ""}>${escape(name)}</option>`).join("");
}

// ---- the village

let timer = null;
const stop = () => { clearInterval(timer); timer = null; at("play").textContent = "▶ " + _("Play") };
function week(value) {
  const slider = model("week"), to = Math.max(0, Math.min(homes().last, value));
  slider.value = to; at("scrub").value = to;
  at("week-label").textContent = _("week {n}", {n: number(to)});
}
function villages() {
  at("scrub").max = homes().last;
  at("drawn").hidden = homes().of <= homes().x.length;
  at("drawn").textContent = _("Of its {all} households the first {shown} are drawn.",
    {all: number(homes().of), shown: number(homes().x.length)});
  const {x, y, ties, frames} = homes();
  for (const side of ["A", "B"]) {
    const ends = {x0: [], y0: [], x1: [], y1: []};
    for (const [a, b] of ties) { ends.x0.push(x[a]); ends.y0.push(y[a]); ends.x1.push(x[b]); ends.y1.push(y[b]) }
    const blank = x.map(() => ""), n = x.map((_one, k) => k + 1);
    model(`ties-${side}`).data = ends;
    model(`homes-${side}`).data = {x, y, id: n, stage: x.map(() => 0), fill: x.map(() => "#fff"),
      line: x.map(() => "#888"), marker: x.map(() => "circle"), size: x.map(() => 8), blank};
    // Emptied first: the same frames again would change nothing, and the marks stay blank.
    model(`frames-${side}`).data = {frames: [""]};
    model(`frames-${side}`).data = {frames: [JSON.stringify(frames[chosen[side]])]};
    at(`village-title-${side}`).textContent = label(side);
  }
}

// ---- language, panels, controls

function controls() {
  for (const side of ["A", "B"]) {
    at(`plan-${side}`).innerHTML = data.plans.map(name =>
      `<option value="${escape(name)}" ${name === chosen[side] ? "selected" : ""}>${escape(named().plans[name])}</option>`).join("");
  }
  at("sliders").innerHTML = named().sliders.map((text, k) => `<label for="slider-${k}">${escape(text)}: <output id="value-${k}"></output></label>
    <input type="range" id="slider-${k}" min="0" max="${data.grid[k].length - 1}" step="${data.points ? 1 : 0.25}" value="${places[k]}">
    ${named().about[k] ? `<details><summary>${_("where this comes from")}</summary>${named().about[k]}</details>` : ""}`).join("");
  places.forEach((_place, k) => { value(k); at(`slider-${k}`).addEventListener("input", event => {
    if (data.points) {  // of a star, one thing is moved at a time
      places = start(data);
      places.forEach((place, other) => { if (other !== k) { at(`slider-${other}`).value = place; value(other) } });
    }
    places[k] = Number(event.target.value); value(k); show() }) });
  roles(); behaviours();
}
function value(k) {
  const place = places[k], low = Math.floor(place), names = named().values[k];
  at(`value-${k}`).textContent = place === low ? names[low] : `${names[low]} … ${names[low + 1]}`;
}
function speak(code) {
  language = code;
  document.documentElement.lang = code;
  document.body.dir = all.rtl.includes(code) ? "rtl" : "ltr";
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = _(one.dataset.say);
  at("made").textContent = all.made[code];
  const pictures = {curves: _("Curves: share of households that do it, week by week, under plan A, plan B and no campaign."),
    groups: _("Who does it, by group, under plan A and plan B"), money: _("Where the money went, under plan A and plan B")};
  for (const side of ["A", "B"]) {
    pictures[`village-${side}`] = _("Village under plan {side}: every mark is a household, every line a tie.", {side});
  }
  for (const [name, text] of Object.entries(pictures)) {
    model(name).html_attributes = {role: "img", "aria-label": text, dir: "ltr"};
  }
  model("campaign-label").text = _("campaign");
  for (const side of ["A", "B"]) {
    model(`count-${side}`).tags = [_("{count} of {all} do it")];
    model(`hover-${side}`).tooltips = [[_("household"), "@id"]];
  }
  const marks = [...named().stages, _("a tie that just carried an adoption")];
  document.querySelectorAll("#legend span").forEach((one, n) => { one.lastChild.textContent = marks[n] });
  at("again").textContent = _("⟲ Start");
  lessons(); controls(); tables(); show(); villages(); stop(); week(model("week").value);
}
function open(name) {
  panel = name;
  for (const one of document.querySelectorAll("section.panel")) one.hidden = one.id !== name;
  for (const one of document.querySelectorAll("nav button")) one.setAttribute("aria-selected", one.dataset.panel === name);
  window.dispatchEvent(new Event("resize"));  // figures that were hidden learn their size
}

function begin() {
  at("lesson").addEventListener("change", event => take(Number(event.target.value)));
  at("move").addEventListener("click", () => {
    forget(); places[0] = data.grid[0].indexOf(data.move); controls(); tables(); show(); window.scrollTo(0, 0) });
  at("role").addEventListener("change", event => play(event.target.value));
  at("behaviour").addEventListener("change", event => { behaviour = Number(event.target.value); forget(); show() });
  at("language").addEventListener("change", event => speak(event.target.value));
  for (const side of ["A", "B"]) at(`plan-${side}`).addEventListener("change", event => {
    chosen[side] = event.target.value; show(); villages(); week(model("week").value) });
  for (const one of document.querySelectorAll("nav button")) one.addEventListener("click", () => open(one.dataset.panel));
  at("scrub").addEventListener("input", event => { stop(); week(Number(event.target.value)) });
  at("back").addEventListener("click", () => { stop(); week(model("week").value - 1) });
  at("ahead").addEventListener("click", () => { stop(); week(model("week").value + 1) });
  at("again").addEventListener("click", () => { stop(); week(0) });
  at("play").addEventListener("click", () => {
    if (timer) { stop(); return }
    if (model("week").value >= homes().last) week(0);
    at("play").textContent = "⏸ " + _("Pause");
    timer = setInterval(() => { if (model("week").value >= homes().last) stop(); else week(model("week").value + 1) }, 220);
  });
  document.addEventListener("keydown", event => {  // the space bar plays and pauses, where it means nothing else
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || panel !== "village") return;
    if (document.activeElement.matches("input, select, button, summary")) {
      if (document.activeElement.getAttribute("role") !== "tab") return;
    }
    event.preventDefault(); at("play").click();
  });
  at("guesses").addEventListener("input", event => {
    if (event.target.dataset.name) { names[event.target.dataset.name] = event.target.value || "–"; reveal(); return }
    const [n, side] = event.target.dataset.guess.split("-").map(Number), value = event.target.value;
    guesses[n][side] = value === "" ? null : Math.max(0, Math.min(100, Number(value)));
    reveal();
  });
  at("more").addEventListener("click", () => { guesses.push([null, null]); names.push(String(names.length + 1)); tables() });
  at("reveal").addEventListener("click", () => { revealed = true; reveal() });
  speak(language);
  open("result");
  document.body.dataset.ready = "yes";
}

const wait = setInterval(() => {  // Bokeh draws when the page has loaded
  if (typeof Bokeh === "undefined" || !Bokeh.documents.length || !Bokeh.documents[0].get_model_by_name("curves")) return;
  clearInterval(wait); doc = Bokeh.documents[0]; begin();
}, 30);
})();
