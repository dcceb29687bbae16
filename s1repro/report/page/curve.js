"use strict";
// The curve: accuracy against mean thinking tokens on a log2 axis, one chart a benchmark, all runs.

const COLOURS = ["var(--c0)", "var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)", "var(--c7)"];

/** What a line is: a run and, where a run has several methods, a method. */
const seriesOf = (point) => (store.severalMethods ? `${point.run}, ${point.method}` : point.run);

function drawCurves(onChoose) {
  const methods = new Map();
  for (const { run, method } of store.points) methods.set(run, (methods.get(run) ?? new Set()).add(method));
  store.severalMethods = [...methods.values()].some((used) => used.size > 1);
  const series = [...new Set(store.points.map(seriesOf))];
  const benchmarks = [...new Set(store.points.map((point) => point.benchmark))];
  const charts = document.getElementById("charts");
  charts.replaceChildren(...benchmarks.map((name) => {
    const points = store.points.filter((point) => point.benchmark === name);
    const figure = el("figure", { tabindex: "0", "aria-label": `Curve of ${name}; the arrow keys read its points` });
    const readout = el("p", { class: "readout", "aria-live": "polite" });
    const frame = el("div", { class: "frame" });
    const legend = el("ul", { class: "legend" }, ...series.filter((s) => points.some((p) => seriesOf(p) === s)).map((s) =>
      el("li", {}, el("i", { style: "" }), s)));
    [...legend.children].forEach((item) => {
      item.firstChild.style.background = COLOURS[series.indexOf(item.textContent) % COLOURS.length];
    });
    figure.append(el("figcaption", {}, el("h3", {}, name), legend), frame, readout);
    chart(figure, frame, readout, points, series, onChoose);
    return figure;
  }));
}

/** A chart that is drawn again when its width changes. */
function chart(figure, frame, readout, points, series, onChoose) {
  const ordered = [...points].sort((a, b) => series.indexOf(seriesOf(a)) - series.indexOf(seriesOf(b)) || a.waits - b.waits || a.budget - b.budget);
  let chosen = null;
  const read = (point) => { chosen = point; readout.replaceChildren(...accounts(point)); };
  readout.append("Point at a mark, or move with the arrow keys, to read its accounts; a click or Enter shows its samples.");
  const draw = () => {
    const plot = plotted(ordered, series, Math.max(280, frame.clientWidth), read);
    plot.addEventListener("click", () => chosen && onChoose(chosen));
    frame.replaceChildren(plot);
  };
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && chosen) onChoose(chosen);
    if (!step) return;
    event.preventDefault();
    const next = ordered.indexOf(chosen) + step;
    read(ordered[Math.min(Math.max(next, 0), ordered.length - 1)]);
    frame.querySelectorAll("[data-ring]").forEach((ring) => ring.remove());
    ring(frame, ordered.indexOf(chosen));
  });
  let width = 0;
  new ResizeObserver(() => {
    if (Math.abs(frame.clientWidth - width) < 2) return;
    width = frame.clientWidth;
    draw();
  }).observe(frame);
}

/** Show which point the keyboard is at. */
function ring(frame, index) {
  const dot = frame.querySelectorAll("g[aria-label=dot] > *")[index];
  if (!dot) return;
  const copy = dot.cloneNode(false);
  copy.setAttribute("data-ring", "");
  copy.setAttribute("class", "ring");
  copy.setAttribute("transform", `${dot.getAttribute("transform")} scale(1.9)`); // not by CSS, which would move it too
  dot.parentNode.append(copy);
}

const x = (point) => Math.max(point.thinking_tokens, 1); // a log axis has no 0

function plotted(points, series, width, read) {
  const colour = (point) => COLOURS[series.indexOf(seriesOf(point)) % COLOURS.length];
  const budgets = points.filter((point) => !point.waits);
  const narrow = width < 560;
  const common = { x, y: (point) => 100 * point.accuracy };
  const plot = Plot.plot({
    width, height: Math.round(Math.min(460, Math.max(260, width * 0.52))),
    marginLeft: 44, marginRight: 18, marginBottom: 42, marginTop: 22,
    style: { fontFamily: "inherit", fontSize: "12px", overflow: "visible" },
    x: { type: "log", base: 2, label: "mean thinking tokens (log2)", tickFormat: (t) => count(t), ticks: narrow ? 4 : 8, inset: 12, labelAnchor: "center", labelArrow: "none" },
    y: { label: "accuracy, %", nice: true, zero: false, ticks: 6, labelArrow: "none" },
    marks: [
      Plot.gridY({ stroke: "var(--rule)", strokeOpacity: 1 }),
      Plot.line(budgets, { ...common, z: seriesOf, stroke: colour, strokeWidth: 2 }),
      Plot.line(waitLines(points), { ...common, z: "line", stroke: colour, strokeWidth: 1.4, strokeDasharray: "2 4" }),
      Plot.ruleX(points, { x, y1: (p) => 100 * p.ci_low, y2: (p) => 100 * p.ci_high, stroke: colour, strokeOpacity: 0.45, strokeWidth: 1.5 }),
      Plot.text(points.filter((point) => point.waits), { ...common, text: (p) => `${p.waits}×`, dx: 9, textAnchor: "start", fill: "var(--soft)" }),
      Plot.dot(points, { ...common, sort: null, r: (p) => (p.waits ? 6 : 4.5), symbol: (p) => (p.waits ? "diamond" : "circle"), fill: (p) => (p.unfinished ? "var(--paper)" : colour(p)), stroke: (p) => (p.unfinished ? colour(p) : "var(--paper)"), strokeWidth: 1.5 }),
      Plot.tip(points, Plot.pointer({ ...common, title: told, fontSize: 12, lineHeight: 1.35, maxRadius: 60 })),
    ],
    symbol: { domain: ["circle", "diamond"], range: ["circle", "diamond"] },
    r: { type: "identity" },
  });
  plot.addEventListener("input", () => { if (plot.value) read(plot.value); });
  return plot;
}

/** A run's Waits as a line that starts at the budget they are forced at. */
function waitLines(points) {
  const lines = [];
  for (const point of points.filter((p) => p.waits)) {
    const line = `${seriesOf(point)} ${point.budget}`;
    const start = points.find((p) => !p.waits && p.budget === point.budget && seriesOf(p) === seriesOf(point));
    if (start && !lines.some((p) => p.line === line)) lines.push({ ...start, line });
    lines.push({ ...point, line });
  }
  return lines;
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

const told = (p) => [
  `${seriesOf(p)}: ${pointName(p.budget, p.waits)}${p.unfinished ? " (unfinished)" : ""}`,
  `${percent(p.accuracy)}, 95 % interval ${(100 * p.ci_low).toFixed(1)} to ${(100 * p.ci_high).toFixed(1)}`,
  `${count(p.thinking_tokens)} thinking tokens`,
  `  ${count(p.sampled_tokens)} sampled, ${count(p.injected_tokens)} injected`,
  `${count(p.answer_tokens)} answer tokens`,
  plural(p.n, "sample"),
].join("\n");

function accounts(point) {
  const [name, ...rest] = told(point).split("\n");
  return [el("b", {}, name), " ", rest.map((line) => line.trim()).join(" · ")];
}
