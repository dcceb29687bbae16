"use strict";
// Puts the parts together: what was chosen, in the list, in the reader and in the address.

function toAddress() {
  const parts = new URLSearchParams(Object.entries(filters.state).filter(([, value]) => value !== ""));
  if (reader.row >= 0) parts.set("row", reader.row);
  history.replaceState(null, "", `#${parts}`);
}

function chooseRow(row) {
  reader.show(row);
  document.body.classList.add("reading");
  toAddress();
}

/** Choose a row that may not be on the list: the list shows it where it is. */
function chooseSibling(row) {
  chooseRow(row);
  list.at = list.rows.indexOf(row);
  if (list.at >= 0) list.choose(list.at);
  else list.paint();
}

function refilter() {
  const started = performance.now();
  const rows = filters.apply();
  list.fill(rows);
  const right = rows.filter((row) => store.verdict(row) === "right").length;
  const share = rows.length ? `, ${count(right)} right (${percent(right / rows.length)})` : "";
  const reading = filters.state.text && !store.complete ? "; texts are still being read" : "";
  document.getElementById("found").textContent = `${plural(rows.length, "sample")}${share}${reading}`;
  toAddress();
  document.body.dataset.filterMs = (performance.now() - started).toFixed(1);
}

function showFiltered(state) {
  filters.write(state);
  refilter();
  document.getElementById("samples").scrollIntoView();
  document.body.classList.remove("reading");
  if (list.rows.length) list.choose(0);
  document.body.classList.remove("reading");
  list.box.focus({ preventScroll: true });
}

function fromAddress() {
  const parts = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  filters.write(parts);
  if (/^\d+$/.test(parts.row ?? "") && Number(parts.row) < store.rows) reader.row = Number(parts.row);
  refilter();
  if (reader.row >= 0) reader.show(reader.row);
}

async function start() {
  await store.open();
  drawCurves((point) => showFiltered({ run: point.run, benchmark: point.benchmark, method: point.method, budget: String(point.budget), waits: String(point.waits) }));
  filters.build(refilter);
  reader.build(chooseSibling);
  list.build(chooseRow);
  compare.build(chooseSibling);
  drawChanges(showFiltered);
  fromAddress();
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, figure, dialog, #list");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "k") list.move(event.key === "j" ? 1 : -1);
    if (event.key === "/") { event.preventDefault(); document.querySelector("#filters [name=text]").focus(); }
  });
  document.body.dataset.ready = "list";
  await store.readTexts();
  if (filters.state.text) refilter();
  document.body.dataset.ready = "texts";
}

start().catch((error) => {
  document.querySelector("main").prepend(el("p", { class: "notes" }, `This page could not be read: ${error}`));
  throw error;
});
