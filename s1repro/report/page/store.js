"use strict";
// The data of the page: the points, the index of all samples in columns, and their texts, unpacked as they are needed.

/** An element with attributes and children; text is only ever set as text. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const count = (number) => number.toLocaleString("en", { maximumFractionDigits: 1 });
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
const pointName = (budget, waits) => `budget ${count(budget)}` + (waits ? `, ${plural(waits, "Wait")}` : "");

async function unpacked(element) {
  const packed = element.textContent;
  element.remove();
  const letters = atob(packed);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const store = {
  points: [], run: "", rows: 0, columns: {}, labels: [], names: {}, marks: {}, traces: new Map(),
  entries: [], complete: false, waiting: [],

  async open() {
    Object.assign(this, JSON.parse(document.getElementById("data").textContent));
    const { columns, labels, marks, ...names } = await unpacked(document.getElementById("index"));
    Object.assign(this, { columns, labels, marks, names, rows: columns.run ? columns.run.length : 0 });
    for (let row = 0; row < this.rows; row++) {
      const key = this.traceKey(row);
      if (this.traces.has(key)) this.traces.get(key).push(row);
      else this.traces.set(key, [row]);
    }
  },

  /** Unpack all texts, a chunk at a time, so that the page stays quick meanwhile. */
  async readTexts() {
    for (const chunk of document.querySelectorAll("script.chunk")) {
      for (const entry of await unpacked(chunk)) this.entries.push(entry);
      this.waiting = this.waiting.filter((wait) => !wait());
      await new Promise((next) => setTimeout(next));
    }
    this.complete = true;
  },

  text(number) {
    const entry = this.entries[number];
    if (entry === undefined || typeof entry === "string") return entry;
    return this.entries[entry[0]].slice(0, entry[1]) + entry[2];
  },

  /** The text, as soon as it is unpacked. */
  textOf(row, column) {
    const number = this.columns[column][row];
    const here = this.text(number);
    if (here !== undefined) return Promise.resolve(here);
    return new Promise((done) => this.waiting.push(() => {
      const text = this.text(number);
      if (text !== undefined) done(text);
      return text !== undefined;
    }));
  },

  label(row, column) { return this.labels[this.columns[column][row]]; },
  name(row, kind) { return this.names[`${kind}s`][this.columns[kind][row]]; },
  finish(row) { return this.names.finishes[this.columns.finish[row]]; },

  traceKey(row) {
    const c = this.columns;
    return `${c.run[row]} ${c.benchmark[row]} ${c.method[row]} ${c.question[row]} ${c.sample[row]}`;
  },

  /** All rows of the sample's trace: one question at all budgets, shortest first. */
  siblings(row) {
    const { budget, waits } = this.columns;
    return [...this.traces.get(this.traceKey(row))].sort((a, b) => waits[a] - waits[b] || budget[a] - budget[b]);
  },

  verdict(row) {
    if (this.finish(row) === "rejected") return "none";
    return this.columns.correct[row] ? "right" : "wrong";
  },
};

/** The rows of which a text, one of `columns`, holds `query` in any case. Each stored text is looked at once. */
function searchTexts(query, columns) {
  const wanted = query.toLowerCase();
  const state = new Map();
  const holds = (number) => {
    if (!state.has(number)) state.set(number, lowered(number).includes(wanted));
    return state.get(number);
  };
  const lists = columns.map((name) => store.columns[name]);
  return (row) => lists.some((list) => holds(list[row]));
}

const lowerCase = new Map();
/** A stored text in lower case, made once; a shared one is a slice of the whole, which costs nothing. */
function lowered(number) {
  if (!lowerCase.has(number)) {
    const entry = store.entries[number];
    let text = "";
    if (typeof entry === "string") text = entry.toLowerCase();
    else if (entry !== undefined) {
      const whole = lowered(entry[0]);
      text = whole.length === store.entries[entry[0]].length ? whole.slice(0, entry[1]) + entry[2].toLowerCase()
        : store.text(number).toLowerCase();
    }
    if (!store.complete) return text;
    lowerCase.set(number, text);
  }
  return lowerCase.get(number);
}
