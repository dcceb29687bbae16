"use strict";
// The list of samples: of 20,000 rows only those in sight are in the document.

const ROW_HEIGHT = 58;

const list = {
  rows: [], at: -1, box: null, onChoose: null,

  build(onChoose) {
    this.box = document.getElementById("list");
    this.onChoose = onChoose;
    this.tall = el("div", { class: "tall", role: "presentation" });
    this.box.append(this.tall);
    this.box.addEventListener("scroll", () => requestAnimationFrame(() => this.paint()), { passive: true });
    new ResizeObserver(() => this.paint()).observe(this.box);
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.tall.addEventListener("click", (event) => {
      const item = event.target.closest("[data-at]");
      if (item) this.choose(Number(item.dataset.at));
    });
  },

  fill(rows) {
    this.rows = rows;
    this.at = rows.indexOf(reader.row);
    this.tall.style.height = `${rows.length * ROW_HEIGHT}px`;
    this.box.scrollTop = this.at > 0 ? (this.at - 2) * ROW_HEIGHT : 0;
    this.paint();
  },

  paint() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - 4);
    const last = Math.min(this.rows.length, first + Math.ceil(this.box.clientHeight / ROW_HEIGHT) + 9);
    const items = [];
    for (let at = first; at < last; at++) items.push(this.item(at));
    this.tall.replaceChildren(...items);
    if (this.at >= 0) this.box.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  },

  item(at) {
    const row = this.rows[at];
    const { columns } = store;
    const verdict = store.verdict(row);
    const place = pointName(columns.budget[row], columns.waits[row]);
    const where = store.names.runs.length > 1 ? `${store.name(row, "run")} · ${place}` : place;
    const item = el("div", {
      id: `row-${at}`, class: `item ${verdict}`, role: "option", "data-at": at, "aria-selected": String(at === this.at),
      "aria-posinset": at + 1, "aria-setsize": this.rows.length,
    },
      el("span", { class: "verdict", role: "img", "aria-label": verdict === "none" ? "no answer" : verdict }, MARKS[verdict]),
      el("span", { class: "name" }, store.label(row, "question") + (columns.sample[row] ? ` #${columns.sample[row] + 1}` : "")),
      el("span", { class: "said" }, store.label(row, "extracted") || "nothing"),
      el("span", { class: "where" }, `${where} · ${plural(columns.thinking_tokens[row], "token")}`));
    item.style.top = `${at * ROW_HEIGHT}px`;
    return item;
  },

  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.move(steps[event.key]);
  },

  move(step) {
    if (this.rows.length) this.choose(Math.min(Math.max(this.at + step, 0), this.rows.length - 1));
  },

  choose(at) {
    this.at = at;
    const top = at * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) this.box.scrollTop = top + ROW_HEIGHT - clientHeight;
    this.paint();
    this.onChoose(this.rows[at]);
  },
};

const MARKS = { right: "✓", wrong: "✗", none: "–" };
