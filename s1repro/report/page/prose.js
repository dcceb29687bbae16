"use strict";
// Texts of models as text: mathematics typeset, marks put where something was injected or cut, long ones shown in part.

const SHOWN_HEAD = 12000;
const SHOWN_TAIL = 6000;
const AT_ONCE = 1500;
const PARAGRAPHS = /[^]{1500}[^]{0,4500}?\n\n|[^]{1500}[^]*?\n|[^]+$/g; // a formula has no blank line in it
const MATH = /\$\$([^]{1,4000}?)\$\$|\\\[([^]{1,4000}?)\\\]|\\\(([^]{1,4000}?)\\\)|\$(?! )((?:\\.|[^$\\\n])+?)(?<! )\$(?!\d)|(\\boxed\{(?:[^{}\n]|\{[^{}\n]*\})*\})/g;
const prose = { typeset: true };

/** Text nodes, with formulas typeset where there are any; what KaTeX cannot read stays as it was written. */
function withMath(text) {
  if (!prose.typeset) return [text];
  const nodes = [];
  let last = 0;
  for (const found of text.matchAll(MATH)) {
    const display = found[1] ?? found[2];
    const formula = el("span", { class: "math" });
    try {
      const source = display ?? found[3] ?? found[4] ?? found[5];
      katex.render(source, formula, { displayMode: display !== undefined, trust: false, maxSize: 20, maxExpand: 200 });
    } catch {
      continue;
    }
    const before = text.slice(last, found.index);
    nodes.push(display ? before.trimEnd() : before, formula);
    last = found.index + found[0].length;
    if (display) last += text.slice(last).match(/^\s*/)[0].length; // it has a line of its own already
  }
  nodes.push(text.slice(last));
  return nodes;
}

/** Typesets a paragraph when it comes into sight: thousands of formulas at once would stop the page for seconds. */
const inSight = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    inSight.unobserve(target);
    target.replaceWith(...withMath(target.textContent));
  }
});

/** Nodes of a text: a short one typeset at once, a long one in paragraphs that are typeset as they come into sight. */
function typeset(text) {
  if (text.length <= AT_ONCE || !prose.typeset) return withMath(text);
  return text.match(PARAGRAPHS).map((paragraphs) => {
    const span = el("span", {}, paragraphs);
    inSight.observe(span);
    return span;
  });
}

/** A piece of `text` from `start` to `end`, with the marks [start, end, node maker] that lie in it. */
function piece(text, start, end, marks) {
  const nodes = [];
  let at = start;
  for (const [from, to, make] of marks) {
    if (from < at || to > end) continue;
    nodes.push(...typeset(text.slice(at, from)), make(text.slice(from, to)));
    at = to;
  }
  nodes.push(...typeset(text.slice(at, end)));
  return nodes;
}

/** Fill `box` with a text; a long one with its beginning and end, and a button that shows the rest. */
function fillProse(box, text, marks = []) {
  box.replaceChildren();
  if (text.length <= SHOWN_HEAD + SHOWN_TAIL + 2000) {
    box.append(...piece(text, 0, text.length, marks));
    return;
  }
  const left = text.length - SHOWN_HEAD - SHOWN_TAIL;
  const gap = el("button", { type: "button", class: "gap" }, `${count(left)} characters left out. Show all`);
  gap.addEventListener("click", () => {
    gap.replaceWith(...piece(text, SHOWN_HEAD, text.length - SHOWN_TAIL, marks));
    box.focus();
  });
  box.append(...piece(text, 0, SHOWN_HEAD, marks), gap, ...piece(text, text.length - SHOWN_TAIL, text.length, marks));
}

/** The thinking of a sample: injected Waits marked, and how it ended. */
function fillThinking(box, row, text) {
  const marks = (store.marks[row] ?? []).map(([start, end, guessed], index) => [start, end, (said) => el("mark",
    { class: "wait", title: guessed ? "An injected Wait, its place found by its wording" : "An injected Wait" },
    said, el("span", { class: "tag" }, `Wait ${index + 1} injected${guessed ? " (about here)" : ""}`))]);
  fillProse(box, text, marks);
  const unseen = store.columns.waits_used[row] - marks.length;
  if (unseen > 0) box.append(el("span", { class: "end" }, `${plural(unseen, "injected Wait")} without a known place`));
  box.append(ending(row));
}

const ENDINGS = {
  natural: "The model ended its thinking",
  steps: "The model counted its steps down to 0",
  turn_end: "The model ended its whole turn",
  loop: "Forced: it went in circles",
  rejected: "No try fitted the budget",
};

function ending(row) {
  const finish = store.finish(row);
  const tokens = plural(store.columns.thinking_tokens[row], "token");
  const forced = finish === "budget" || finish === "loop";
  const words = finish === "budget" ? "Forced cut: the budget was spent" : ENDINGS[finish];
  return el("span", { class: forced ? "end cut" : "end" }, `${words}, after ${tokens}`);
}

/** The answer of a sample, with the injected final string marked. */
function fillAnswer(box, row, text) {
  const final = store.columns.final[row];
  const mark = (said) => el("mark", { class: "final" }, said, el("span", { class: "tag" }, "injected"));
  fillProse(box, text, final ? [[0, final, mark]] : []);
  if (store.columns.answer_cut[row]) box.append(el("span", { class: "end cut" }, "The answer was cut here"));
}
