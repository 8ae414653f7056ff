/**
 * The page: Python computes, this draws. It holds which table and which runs there are,
 * and asks the server for the next half-steps.
 */

import { byId, written } from "./elements.js";
import { Lanes } from "./lanes.js";
import { Means } from "./means.js";
import { ask, save, upload } from "./requests.js";
import { Selection } from "./selection.js";
import { asKMeans, columns, prepare, runSettings, searchSettings, showTable, summarise } from "./settings.js";

const PAUSE = 350; // milliseconds between the half-steps of Run
const AT_ONCE = 100; // half-steps asked for by "To end"

const state = { table: null, limits: null, turn: 0, running: false, place: null };
const lanes = new Lanes(byId("lanes"), showPlace);
const means = new Means(showPlaced);
const selection = new Selection(
  () => ({ data: state.table.data, ...searchSettings() }),
  watch,
  (error) => complain(error),
);

const own = new Map(); // files that the reader gave, by the name of their table

const isByClick = () => document.querySelector('input[name="start"]:checked').value === "click";
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// ---------------------------------------------------------------- words

function complain(error) {
  byId("problem").textContent = error.message;
  byId("problem").hidden = false;
  say("");
}

const say = (words) => (byId("status").textContent = words);

/** Say where the runs are, and what can be done next. */
function showPlace(index) {
  const last = index >= lanes.length - 1;
  byId("back").disabled = index === 0;
  byId("step").disabled = byId("end").disabled = byId("run").disabled = !lanes.length || (last && lanes.ended);
  byId("save-model").disabled = byId("save-report").disabled = !lanes.length;
  byId("warnings").replaceChildren(
    ...lanes.warnings.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  if (!lanes.length) return;
  if (last) say(lanes.lanes.map(said).join(" "));
  else say(`Half-step ${index + 1} of ${lanes.length} computed so far.`);
}

/** Where one run is, and whether it has ended. */
function said({ ended, outcome, last }, at) {
  const who = lanes.lanes.length > 1 ? `${at ? "k-means" : "EM"}: ` : "";
  const value = `log-likelihood ${written(last.log_likelihood, 3)} nats`;
  if (!ended && lanes.length === 1) return `${who}The start: ${value}. Press Step.`;
  if (!ended) return `${who}${last.phase}-step ${last.iteration}, ${value}.`;
  return `${who}${outcome.split(/[.:] /)[0].replace(/\.$/, "")} at iteration ${last.iteration}, ${value}.`;
}

/** Say which mean is placed next. */
function showPlaced() {
  const next = means.next;
  byId("begin").disabled = next >= 0;
  byId("place-next").textContent =
    next < 0 ? "All means are placed." : `Click into the picture to place mean ${next}, or type it here.`;
  lanes.lanes[0]?.player?.mark?.(means.placed);
}

// ---------------------------------------------------------------- doing

/** Do something that asks the server; show what goes wrong; drop what has been overtaken. */
async function attempt(action) {
  byId("problem").hidden = true;
  const turn = state.turn;
  try {
    await action(() => turn === state.turn);
  } catch (error) {
    if (turn === state.turn) {
      pause();
      complain(error);
    }
  }
}

function pause() {
  state.running = false;
  byId("run").textContent = "Run";
  byId("end").textContent = "To end";
}

/** Begin again from the settings as they are now; means that are placed stay, where they fit. */
function reset() {
  pause();
  state.turn += 1;
  summarise(state.table);
  byId("placing").hidden = !isByClick();
  if (!isByClick()) return attempt((isCurrent) => begin(null, isCurrent));
  const place = JSON.stringify([state.table.data, columns(), byId("components").value]);
  if (place === state.place && means.next < 0) return beginFromPlaced();
  state.place = place;
  return attempt(beginPlacing);
}

async function begin(placed, isCurrent) {
  const settings = { data: state.table.data, ...runSettings(placed) };
  const run = await ask("run", settings);
  const runs = [run];
  if (byId("compare").checked) {
    runs.push(await ask("run", asKMeans(settings, run.recording.steps[0].means)));
    run.recording.title = `EM (${settings.covariance_type})`;
    runs[1].recording.title = "k-means";
  }
  if (!isCurrent()) return;
  lanes.show(runs);
}

async function beginPlacing(isCurrent) {
  const { n_components } = runSettings(null);
  const { recording } = await ask("points", { data: state.table.data, columns: columns(), n_components });
  if (!isCurrent()) return;
  recording.covariance_type = byId("structure").value;
  lanes.preview(recording, (x, y, shown) => {
    means.place(x, y, shown);
    if (means.next < 0) beginFromPlaced();
  });
  means.clear(n_components, columns().map((at) => state.table.columns[at]));
  say(`Place ${n_components} means by clicking into the picture.`);
}

function beginFromPlaced() {
  pause();
  state.turn += 1;
  return attempt((isCurrent) => begin(means.placed, isCurrent));
}

/** The next half-step: one that is known, or a new one. */
async function forward(count) {
  if (lanes.index < lanes.length - 1) lanes.seek(lanes.index + 1);
  else if (lanes.length && !lanes.ended) await lanes.advance(count);
}

/** Half-steps one after another until paused or ended. */
async function run(count, interval, button) {
  if (state.running) return pause();
  state.running = true;
  byId(button).textContent = button === "run" ? "Pause" : "Stop";
  await attempt(async (isCurrent) => {
    while (state.running && isCurrent() && !byId("step").disabled) {
      if (count > 1) lanes.seek(lanes.length - 1);
      await forward(count);
      await wait(interval);
    }
    if (isCurrent()) pause();
  });
}

/** Take size and structure of a point of the BIC panel. */
function watch(row) {
  byId("components").value = row.n_components;
  byId("structure").value = row.covariance_type;
  byId("stage").scrollIntoView({ block: "start" });
  reset();
}

function take(table) {
  state.table = table;
  showTable(table, state.limits.columns);
  selection.clear();
  return reset();
}

/** Open a table by its name; a file is read again, for the server may have forgotten it. */
function open(name) {
  if (own.has(name)) return read(own.get(name));
  return attempt(async () => take(await ask("bundled", { name })));
}

function read(file) {
  return attempt(async () => {
    const most = state.limits.bytes;
    if (file.size > most) {
      throw new Error(`${file.name} has ${(file.size / 2 ** 20).toFixed(1)} MiB; at most ${most / 2 ** 20} MiB can be sent. Choose some of the rows or columns.`);
    }
    say(`Reading ${file.name} …`);
    const table = await upload(file);
    own.set(table.name, file);
    take(table);
  });
}

/** Save what the server makes of the half-step that the first player shows. */
const download = (what, name, type) =>
  attempt(async () => {
    const { run, player } = lanes.lanes[0];
    const before = byId("status").textContent;
    say(`Writing ${name} …`);
    const { content } = await ask(what, { run, step: Math.min(lanes.index, player.length - 1) });
    save(name, content, type);
    say(before);
  });

// ---------------------------------------------------------------- hands

function connectDrop() {
  const target = document.documentElement;
  const drop = byId("drop");
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  target.addEventListener("dragleave", () => drop.classList.remove("over"));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) read(file);
  });
  byId("file").addEventListener("change", ({ target: input }) => {
    const [file] = input.files;
    input.value = "";
    if (file) read(file);
  });
}

const KEYS = { s: "step", b: "back", r: "run", e: "end", 0: "reset" };

function onKey(event) {
  const { target, key } = event;
  const typing = target.matches("input:not([type=radio]):not([type=checkbox]), select, textarea");
  if (typing || event.altKey || event.ctrlKey || event.metaKey || !(key in KEYS)) return;
  byId(KEYS[key]).click();
  event.preventDefault();
}

function connect() {
  const on = (id, action) => byId(id).addEventListener("click", action);
  on("step", () => attempt(() => (pause(), forward(1))));
  on("back", () => (pause(), lanes.seek(lanes.index - 1)));
  on("run", () => run(1, PAUSE, "run"));
  on("end", () => run(AT_ONCE, 0, "end"));
  on("reset", reset);
  on("begin", beginFromPlaced);
  on("unplace", () => {
    state.place = null;
    reset();
  });
  on("save-model", () => download("model", "model.json", "application/json"));
  on("save-report", () => download("report", "report.html", "text/html"));
  on("reseed", () => {
    byId("seed").value = Number(byId("seed").value) + 1;
    reset();
  });
  byId("table").addEventListener("change", ({ target }) => open(target.value));
  byId("settings").addEventListener("change", ({ target }) => {
    if (target.id === "table" || target.id === "file") return;
    if (target.name === "column") selection.clear();
    reset();
  });
  byId("settings").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", onKey);
  connectDrop();
}

/** On a wide page everything is open; on a phone the picture comes first. */
function unfold() {
  const wide = window.matchMedia("(min-width: 60rem)").matches;
  for (const part of document.querySelectorAll("#settings > details")) part.open = wide;
}

unfold();
connect();
attempt(async () => {
  const start = await ask("start");
  state.limits = start.limits;
  prepare(start);
  await take(await ask("bundled", { name: start.first }));
});
