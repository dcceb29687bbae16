"use strict";
// One sample: question, thinking, answer, verdict and accounts, and the way to the same question at other budgets.

const reader = {
  row: -1, box: null, onChoose: null,

  build(onChoose) {
    this.box = document.getElementById("reader");
    this.onChoose = onChoose;
    this.box.append(el("p", { class: "empty" }, "Choose a sample on the list."));
  },

  async show(row) {
    this.row = row;
    if (row < 0) return;
    const texts = ["asked", "thinking", "answer", "prompt"].map((column) => store.textOf(row, column));
    const [asked, thinking, answer, prompt] = await Promise.all(texts);
    if (this.row !== row) return; // another one was chosen meanwhile
    const question = el("div", { class: "prose question" });
    const thought = el("div", { class: "prose thinking", tabindex: "-1" });
    const said = el("div", { class: "prose answer", tabindex: "-1" });
    fillProse(question, asked);
    fillThinking(thought, row, thinking);
    fillAnswer(said, row, answer);
    this.box.replaceChildren(
      this.head(row), strip(row, this.onChoose), result(row),
      el("h4", {}, "Question"), question,
      el("h4", {}, "Thinking"), thought,
      el("h4", {}, "Answer"), said,
      accountsOf(row),
      el("details", { class: "prompt" }, el("summary", {}, "The prompt as the model read it"), el("pre", {}, prompt)));
    this.box.scrollTop = 0;
  },

  head(row) {
    const { columns } = store;
    const verdict = store.verdict(row);
    const number = columns.sample[row] ? `, sample ${columns.sample[row] + 1}` : "";
    return el("header", {},
      el("button", { type: "button", class: "back", onclick: () => document.body.classList.remove("reading") }, "Back to the list"),
      el("h3", {}, store.label(row, "question") + number),
      el("span", { class: `badge ${verdict}` }, verdict === "none" ? "no answer" : verdict),
      el("p", {}, [...["run", "benchmark", "method"].map((kind) => `${kind} ${store.name(row, kind)}`), pointName(columns.budget[row], columns.waits[row])].join(" · ")));
  },
};

/** The same question at all points: a chip each, in the colour of its verdict. */
function strip(row, onChoose) {
  const { columns } = store;
  const rows = store.siblings(row);
  const chips = rows.map((other) => el("button", {
    type: "button", class: `chip ${store.verdict(other)}`, "aria-pressed": String(other === row),
    title: `${pointName(columns.budget[other], columns.waits[other])}: ${store.verdict(other)}`, onclick: () => onChoose(other),
  }, count(columns.budget[other]) + (columns.waits[other] ? ` +${columns.waits[other]}W` : "")));
  const side = el("button", { type: "button", class: "side", onclick: () => compare.open(row) }, "Side by side");
  return el("div", { class: "strip", role: "group", "aria-label": "This question at all budgets" }, ...chips, rows.length > 1 ? side : null);
}

function result(row) {
  const extracted = store.label(row, "extracted");
  const pairs = [["Extracted", extracted || "nothing"], ["Reference", store.label(row, "reference")]];
  return el("dl", { class: `result ${store.verdict(row)}` }, ...pairs.flatMap(([name, text]) => {
    const value = el("dd");
    fillProse(value, text);
    return [el("dt", {}, name), value];
  }));
}

function accountsOf(row) {
  const names = {
    thinking_tokens: "thinking", sampled_tokens: "sampled", injected_tokens: "injected", answer_tokens: "answer",
    prompt_tokens: "prompt", discarded_tokens: "discarded", tries: "tries",
  };
  const shown = Object.entries(names).filter(([name]) => !["discarded_tokens", "tries"].includes(name) || store.columns[name][row] > (name === "tries" ? 1 : 0));
  return el("dl", { class: "accounts", "aria-label": "Tokens" }, ...shown.map(([name, word]) =>
    el("div", {}, el("dt", {}, word), el("dd", {}, count(store.columns[name][row])))));
}
