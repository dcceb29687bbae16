"use strict";
// What a Wait changed: each point with Waits against the same budget without, question by question.

function drawChanges(onChoose) {
  const groups = new Map();
  const { columns } = store;
  for (let row = 0; row < store.rows; row++) {
    if (!columns.waits[row] || withoutWaits(row) === undefined) continue;
    const key = [columns.run[row], columns.benchmark[row], columns.method[row], columns.budget[row], columns.waits[row]].join(" ");
    if (!groups.has(key)) groups.set(key, { row, total: 0, wr: 0, rw: 0, same: 0, answer: 0 });
    const group = groups.get(key);
    group.total++;
    for (const kind of ["wr", "rw", "same", "answer"]) if (changed(row, kind)) group[kind]++;
  }
  const box = document.getElementById("changes");
  if (!groups.size) {
    box.append(el("p", {}, "No point with Waits has one without them at the same budget."));
    return;
  }
  const several = ["run", "benchmark"].filter((kind) => new Set([...groups.values()].map(({ row }) => columns[kind][row])).size > 1);
  const head = [...several, "budget", "Waits", "samples", "wrong to right", "right to wrong", "another wrong answer", "unchanged", "net"];
  const rows = [...groups.values()].map((group) => changeRow(group, several, onChoose));
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...head.map((name, i) => el("th", { class: i < several.length ? "" : "number" }, name)))), el("tbody", {}, ...rows));
  box.append(el("p", { class: "caption" }, "A number shows its samples."), el("div", { class: "wide", tabindex: "0" }, table));
}

function changeRow(group, several, onChoose) {
  const { columns } = store;
  const state = { run: store.name(group.row, "run"), benchmark: store.name(group.row, "benchmark"), method: store.name(group.row, "method"), budget: String(columns.budget[group.row]), waits: String(columns.waits[group.row]) };
  const number = (kind) => el("td", { class: `number ${kind}` }, group[kind]
    ? el("button", { type: "button", onclick: () => onChoose({ ...state, change: kind }) }, count(group[kind])) : "0");
  const net = group.wr - group.rw;
  const plain = (text) => el("td", { class: "number" }, text);
  return el("tr", {}, ...several.map((kind) => el("td", {}, state[kind])), plain(count(columns.budget[group.row])),
    plain(state.waits), plain(count(group.total)), number("wr"), number("rw"), number("answer"), number("same"),
    plain(net > 0 ? `+${count(net)}` : count(net)));
}
