/** The BIC panel: curves over the number of components, a line for each structure. */

import { byId, draw, make, written } from "./elements.js";
import { ask, save } from "./requests.js";

const LINES = 8;
const MARKS = [
  (x, y) => `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0`,
  (x, y) => `M${x - 4} ${y - 4}h8v8h-8z`,
  (x, y) => `M${x} ${y - 5}l5 9h-10z`,
  (x, y) => `M${x} ${y - 5.5}l5 5.5l-5 5.5l-5-5.5z`,
  (x, y) => `M${x} ${y + 5}l5-9h-10z`,
];
const HEIGHT = 320;
const LEVELS = [0, 2, 10, 50, 100, 200, 500, 1000, 2000, 5000];

/** Distances from the best to mark: round, and not too close to each other. */
function levels(y, highest) {
  const powers = Array.from({ length: 12 }, (_, power) => 10 ** (power + 4));
  const marked = [];
  for (const level of [...LEVELS, ...powers].filter((level) => level <= highest)) {
    if (!marked.length || y(marked.at(-1)) - y(level) >= 17) marked.push(level);
  }
  return marked;
}

/** How a row of the search is said. */
const named = (row) => `${row.covariance_type}, K = ${row.n_components}`;

/** The fit that an arrow key leads to: the next size, or the next better or worse one of this size. */
function beside(key, row, known) {
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const size = row.n_components + (key === "ArrowRight" ? 1 : -1);
    return known.find((other) => other.covariance_type === row.covariance_type && other.n_components === size);
  }
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
  const column = known.filter((other) => other.n_components === row.n_components).sort((a, b) => a.bic - b.bic);
  return column[column.indexOf(row) + (key === "ArrowUp" ? 1 : -1)];
}

export class Selection {
  /** @param {() => object} request  @param {(row: object) => void} onChoose  @param {(error: Error) => void} onProblem */
  constructor(request, onChoose, onProblem) {
    this.request = request;
    this.onChoose = onChoose;
    this.onProblem = onProblem;
    this.turn = 0;
    byId("search").addEventListener("click", () => this.search());
    byId("cancel").addEventListener("click", () => this.stop("Cancelled; what was found so far is shown."));
    byId("save-comparison").addEventListener("click", () => this.report());
    new ResizeObserver(() => this.redraw()).observe(byId("chart"));
  }

  /** Forget what was found: the data have changed. */
  clear() {
    this.stop("");
    this.found = null;
    for (const id of ["chart", "best"]) byId(id).replaceChildren();
  }

  stop(words) {
    this.turn += 1;
    byId("searched").textContent = words;
    byId("progress").hidden = byId("cancel").hidden = byId("save-comparison").hidden = true;
    byId("search").disabled = false;
  }

  /** Try all candidates, some in each answer, until done or cancelled. */
  async search() {
    this.stop("Comparing …");
    const turn = this.turn;
    byId("progress").removeAttribute("value");
    byId("progress").hidden = byId("cancel").hidden = false;
    byId("search").disabled = true;
    try {
      const { search } = await ask("search", this.request());
      for (let done = false; !done; ) {
        const found = await ask("candidates", { search });
        if (turn !== this.turn) return;
        this.show(found);
        done = found.rows.length === found.total;
      }
      this.stop("Done.");
      this.finished = search;
      byId("save-comparison").hidden = false;
    } catch (error) {
      if (turn !== this.turn) return;
      this.stop("");
      this.onProblem(error);
    }
  }

  /** Save the report of the finished search. */
  async report() {
    byId("save-comparison").disabled = true;
    byId("searched").textContent = "Writing the report …";
    try {
      const { content } = await ask("search-report", { search: this.finished });
      save("report.html", content, "text/html");
    } catch (error) {
      this.onProblem(error);
    }
    byId("searched").textContent = "Done.";
    byId("save-comparison").disabled = false;
  }

  show({ rows, total, best }) {
    byId("progress").max = total;
    byId("progress").value = rows.length;
    byId("searched").textContent = `${rows.length} of ${total} fits`;
    const known = rows.filter(({ bic }) => bic !== null);
    if (!known.length) return;
    this.found = { known, best: rows[best] };
    this.redraw();
    this.tell(rows, known, rows[best]);
  }

  /** The best fits in words and numbers, and how many could not be used. */
  tell(rows, known, best) {
    const sound = known.filter(({ status }) => status !== "collapsed").sort((a, b) => a.bic - b.bic);
    const body = sound.slice(0, 5).map((row) => {
      const button = make("button", { type: "button", "aria-label": `Watch ${named(row)}` }, "Watch");
      button.addEventListener("click", () => this.onChoose(row));
      const cells = [row.covariance_type, row.n_components, row.n_parameters, written(row.bic, 1), `+${written(row.bic - sound[0].bic, 1)}`];
      return make("tr", {}, ...cells.map((cell) => make("td", {}, String(cell))), make("td", {}, button));
    });
    const head = ["structure", "K", "parameters", "BIC", "above best"].map((text) => make("th", { scope: "col" }, text));
    const table = make("table", {}, make("caption", {}, "The best so far"), make("thead", {}, make("tr", {}, ...head, make("td"))), make("tbody", {}, ...body));
    const unsound = rows.filter((row) => !sound.includes(row));
    const notes = unsound.length ? [make("p", { class: "hint" }, `${unsound.length} fits rank behind these, because a component collapsed or the fit failed. ${unsound[0].reason}`)] : [];
    byId("best").replaceChildren(table, ...notes);
  }

  /** Draw the curves as wide as there is room. */
  redraw() {
    if (!this.found) return;
    const { known, best } = this.found;
    const width = Math.min(Math.max(byId("chart").clientWidth, 260), 860);
    if (this.found.width === width) return;
    this.found.width = width;
    const box = { left: 68, right: width - 8, top: 12, bottom: HEIGHT - 42 };
    const names = [...new Set(known.map((row) => row.covariance_type))];
    const sizes = [...new Set(known.map((row) => row.n_components))];
    const values = known.map(({ bic }) => bic);
    const lowest = best?.bic ?? Math.min(...values);
    const highest = Math.max(...values.map((bic) => bic - lowest), 10);
    const x = (size) => box.left + 16 + ((size - sizes[0]) / Math.max(sizes.at(-1) - sizes[0], 1)) * (box.right - box.left - 32);
    const root = (value) => Math.sign(value) * Math.sqrt(Math.abs(value));
    const above = (distance) => box.bottom - 14 - (root(distance) / root(highest)) * (box.bottom - box.top - 26);
    const y = (bic) => above(bic - lowest);
    const chart = draw("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "group", "aria-label": "BIC over the number of components" });
    chart.append(axes(x, above, sizes, levels(above, highest), box));
    const legend = make("ul", { class: "legend" });
    this.points = new Map();
    names.forEach((name, at) => {
      const rows = known.filter((row) => row.covariance_type === name);
      const group = draw("g", { class: `line colour-${at % LINES} dash-${Math.floor(at / LINES)}` });
      group.append(draw("path", { class: "curve", d: rows.map((row, i) => `${i ? "L" : "M"}${x(row.n_components)} ${y(row.bic)}`).join("") }));
      for (const row of rows) group.append(this.point(row, x(row.n_components), y(row.bic), MARKS[at % MARKS.length], row === best));
      chart.append(group);
      legend.append(legendEntry(name, at));
    });
    byId("chart").replaceChildren(chart, legend);
  }

  /** A point of the chart: clicked, or reached with Tab and the arrows and chosen with Enter. */
  point(row, x, y, mark, isBest) {
    const label = `${named(row)}: BIC ${written(row.bic, 1)}, ${row.status}${isBest ? ", the best" : ""}`;
    const point = draw("g", { class: `point ${row.status === "collapsed" ? "hollow" : ""}`, tabindex: isBest ? 0 : -1, role: "button", "aria-label": label });
    point.append(draw("title", {}, label), draw("circle", { class: "target", cx: x, cy: y, r: 12 }));
    if (isBest) point.append(draw("circle", { class: "ring", cx: x, cy: y, r: 9 }));
    point.append(draw("path", { class: "mark", d: mark(x, y) }));
    point.addEventListener("click", () => this.onChoose(row));
    this.points.set(row, point);
    point.addEventListener("keydown", (event) => {
      const next = this.points.get(beside(event.key, row, this.found.known));
      if (event.key === "Enter" || event.key === " ") this.onChoose(row);
      else if (next) next.focus();
      else return;
      event.preventDefault();
    });
    return point;
  }
}

function axes(x, above, sizes, marks, box) {
  const group = draw("g", { class: "axes" });
  for (const level of marks) {
    group.append(draw("line", { class: "grid", x1: box.left, x2: box.right, y1: above(level), y2: above(level) }));
    group.append(draw("text", { x: box.left - 8, y: above(level) + 4, "text-anchor": "end" }, level ? `+${level}` : "best"));
  }
  for (const size of sizes) {
    group.append(draw("text", { x: x(size), y: box.bottom + 18, "text-anchor": "middle" }, String(size)));
  }
  group.append(draw("path", { class: "axis", d: `M${box.left} ${box.top}V${box.bottom}H${box.right}` }));
  group.append(draw("text", { class: "name", x: (box.left + box.right) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "components, K"));
  const turned = `translate(13 ${(box.top + box.bottom) / 2}) rotate(-90)`;
  group.append(draw("text", { class: "name", transform: turned, "text-anchor": "middle" }, "BIC above the best (root scale)"));
  return group;
}

function legendEntry(name, at) {
  const key = draw("svg", { viewBox: "0 0 34 14", class: `line colour-${at % LINES} dash-${Math.floor(at / LINES)}`, "aria-hidden": "true" });
  key.append(draw("path", { class: "curve", d: "M1 7H33" }), draw("path", { class: "mark", d: MARKS[at % MARKS.length](17, 7) }));
  return make("li", {}, key, name);
}
