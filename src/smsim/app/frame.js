// Show one week of a village: the stage of every household, and the ties that carried an adoption lately.
const text = frames.data.frames[0];
if (frames.text !== text) { frames.text = text; frames.parsed = text ? JSON.parse(text) : null }
const all = frames.parsed;
if (!all || !homes.data.x.length) return;
const k = Math.max(0, Math.min(all.stages.length - 1, week.value));
const row = all.stages[k], fill = [], line = [], marker = [], size = [], stage = [];
for (let i = 0; i < row.length; i++) {
  const look = looks[+row[i]];
  stage.push(+row[i]); fill.push(look[0]); line.push(look[1]); marker.push(look[2]); size.push(look[3]);
}
homes.data = {...homes.data, stage, fill, line, marker, size};
const out = {x0: [], y0: [], x1: [], y1: [], alpha: []};
for (const [age, alpha] of [[0, 1], [1, 0.7], [2, 0.4], [3, 0.2]]) {
  for (const [tie] of all.carried[String(k - age)] || []) {
    for (const end of ["x0", "y0", "x1", "y1"]) out[end].push(ties.data[end][tie]);
    out.alpha.push(alpha);
  }
}
lit.data = out;
const write = new Intl.NumberFormat((document.documentElement.lang || "en") + "-u-nu-latn"), doing = stage.filter(one => one === 3 || one === 4).length;
const said = count.tags[0].replace("{count}", write.format(doing)).replace("{all}", write.format(stage.length));
count.text = document.body.dir === "rtl" ? `\u2067${said}\u2069` : said;  // it begins with a number
