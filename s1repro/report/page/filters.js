"use strict";
// The filters above the list: which rows are shown. They stand in the address too, so that a view can be kept.

const CHANGES = { any: "any", wr: "wrong to right", rw: "right to wrong", same: "the same", answer: "another answer" };

const filters = {
  state: {}, rows: [],
  fields: ["run", "benchmark", "method", "budget", "waits", "verdict", "change", "text"],

  build(onChange) {
    const { columns, names } = store;
    const numbers = (name) => [...new Set(columns[name] ?? [])].sort((a, b) => a - b);
    const choices = {
      run: names.runs.map((name) => [name, name]),
      benchmark: names.benchmarks.map((name) => [name, name]),
      method: names.methods.map((name) => [name, name]),
      budget: numbers("budget").map((n) => [String(n), count(n)]),
      waits: numbers("waits").map((n) => [String(n), String(n)]),
      verdict: [["right", "right"], ["wrong", "wrong"], ["none", "no answer"]],
      change: Object.entries(CHANGES).slice(1),
    };
    const labels = { run: "Run", benchmark: "Benchmark", method: "Method", budget: "Budget", waits: "Waits", verdict: "Verdict", change: "Wait changed" };
    const form = document.getElementById("filters");
    for (const [name, options] of Object.entries(choices)) {
      const few = options.length < 2 || (name === "change" && !numbers("waits").some((n) => n > 0));
      const select = el("select", { name }, el("option", { value: "" }, "all"),
        ...options.map(([value, shown]) => el("option", { value }, shown)));
      form.append(el("label", { class: few ? "idle" : "" }, labels[name], select));
    }
    form.append(el("label", { class: "search" }, "Text", el("input", { type: "search", name: "text", placeholder: "in questions, thinking, answers", autocomplete: "off", spellcheck: "false" })),
      el("button", { type: "reset" }, "Clear"),
      el("label", { class: "switch" }, el("input", { type: "checkbox", name: "typeset", checked: true }), "Typeset mathematics"));
    const refresh = () => { this.read(); onChange(); };
    let pause = 0;
    form.elements.text.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(refresh, 150);
    });
    form.elements.typeset.addEventListener("change", (event) => {
      prose.typeset = event.target.checked;
      reader.show(reader.row);
    });
    form.querySelectorAll("select").forEach((select) => select.addEventListener("change", refresh));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(refresh));
  },

  read() {
    const form = document.getElementById("filters");
    for (const name of this.fields) this.state[name] = form.elements[name].value;
  },

  /** Set the fields; those that are not given are cleared. */
  write(state) {
    const form = document.getElementById("filters");
    for (const name of this.fields) form.elements[name].value = state[name] ?? "";
    this.read();
  },

  /** The rows that are wanted, in their order. */
  apply() {
    const { state } = this;
    const tests = [];
    for (const kind of ["run", "benchmark", "method"]) {
      if (!state[kind]) continue;
      const wanted = store.names[`${kind}s`].indexOf(state[kind]);
      tests.push((row) => store.columns[kind][row] === wanted);
    }
    for (const kind of ["budget", "waits"]) {
      if (state[kind] === "") continue;
      const wanted = Number(state[kind]);
      tests.push((row) => store.columns[kind][row] === wanted);
    }
    if (state.verdict) tests.push((row) => store.verdict(row) === state.verdict);
    if (state.change) tests.push((row) => changed(row, state.change));
    if (state.text.trim()) tests.push(this.holds(state.text.trim()));
    this.rows = [];
    for (let row = 0; row < store.rows; row++) if (tests.every((test) => test(row))) this.rows.push(row);
    return this.rows;
  },

  holds(query) {
    const texts = searchTexts(query, ["thinking", "answer", "asked"]);
    const wanted = query.toLowerCase();
    const labels = store.labels.map((label) => label.toLowerCase().includes(wanted));
    return (row) => labels[store.columns.question[row]] || labels[store.columns.extracted[row]] || texts(row);
  },
};

/** The row of the same question at the same budget without Waits. */
function withoutWaits(row) {
  const { budget, waits } = store.columns;
  return store.traces.get(store.traceKey(row)).find((other) => waits[other] === 0 && budget[other] === budget[row]);
}

/** Whether the Waits of a row changed what its question got without them, in the way that is asked for. */
function changed(row, kind) {
  if (!store.columns.waits[row]) return false;
  const before = withoutWaits(row);
  if (before === undefined) return false;
  const was = store.columns.correct[before];
  const is = store.columns.correct[row];
  if (kind === "wr") return !was && is === 1;
  if (kind === "rw") return was === 1 && !is;
  const same = store.columns.extracted[before] === store.columns.extracted[row];
  return kind === "same" ? was === is && same : was === is && !same;
}
