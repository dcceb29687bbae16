"use strict";
// One question at all its budgets, side by side: where each one was cut, and what was answered there.

const compare = {
  box: null, onChoose: null,

  build(onChoose) {
    this.box = document.getElementById("compare");
    this.onChoose = onChoose;
    this.box.addEventListener("click", (event) => { if (event.target === this.box) this.box.close(); });
  },

  async open(row) {
    const rows = this.alike(row);
    const close = el("button", { type: "button", class: "close", onclick: () => this.box.close() }, "Close");
    const question = el("div", { class: "prose question" });
    const columns = el("div", { class: "columns", tabindex: "0", "aria-label": "Columns, one a budget" }, ...rows.map((other) => this.column(other, row)));
    this.box.replaceChildren(el("header", {}, el("h3", {}, store.label(row, "question")), close), question, columns);
    fillProse(question, await store.textOf(row, "asked"));
    if (!this.box.open) this.box.showModal();
    columns.querySelector(".now")?.scrollIntoView({ inline: "center", block: "nearest" });
  },

  /** The rows of the same question and sample, of all runs and methods. */
  alike(row) {
    const { columns } = store;
    const found = [];
    for (let other = 0; other < store.rows; other++) {
      if (columns.question[other] === columns.question[row] && columns.benchmark[other] === columns.benchmark[row] && columns.sample[other] === columns.sample[row]) found.push(other);
    }
    const order = (other) => [columns.run[other] === columns.run[row] ? 0 : 1, columns.run[other], columns.method[other], columns.waits[other], columns.budget[other]];
    return found.sort((a, b) => order(a).map((value, i) => value - order(b)[i]).find((difference) => difference) ?? 0);
  },

  column(other, now) {
    const { columns } = store;
    const verdict = store.verdict(other);
    const thought = el("div", { class: "prose" });
    const said = el("div", { class: "prose answer" });
    store.textOf(other, "thinking").then((text) => fillThinking(thought, other, text));
    store.textOf(other, "answer").then((text) => fillAnswer(said, other, text));
    const choose = () => { this.box.close(); this.onChoose(other); };
    const runs = store.names.runs.length > 1 ? el("p", { class: "run" }, store.name(other, "run")) : null;
    return el("section", { class: `column ${verdict}${other === now ? " now" : ""}` }, runs,
      el("header", {}, el("button", { type: "button", class: "point", onclick: choose }, pointName(columns.budget[other], columns.waits[other])),
        el("span", { class: `badge ${verdict}` }, verdict === "none" ? "no answer" : verdict)),
      el("p", { class: "extracted" }, store.label(other, "extracted") || "nothing"),
      el("div", { class: "thinking", tabindex: "0" }, thought), said);
  },
};
