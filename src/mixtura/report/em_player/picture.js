/** The main picture: rows, components and the paths of their means. */

import { axis, boxOf, drawAxes, leftOf, windowOf } from "./axes.js";
import { blend, GREY, toCss } from "./colours.js";
import { make, pathThrough } from "./elements.js";
import { density, ellipseOf, histogram } from "./geometry.js";
import { extent } from "./numbers.js";

/** Clear the canvas, in device pixels, and return how to draw on it. */
function pen(canvas, box) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}

function drawPoints(state, view, box, xs, ys) {
  const context = pen(view.points, box);
  const radius = xs.length > 3000 ? 1.6 : xs.length > 600 ? 2.2 : 3;
  context.globalAlpha = xs.length > 600 ? 0.7 : 0.8;
  for (let row = 0; row < xs.length; row++) {
    context.fillStyle = state.frame ? toCss(blend(state.frame.shares, row, state.colours)) : toCss(GREY);
    context.beginPath();
    context.arc(xs[row], ys[row], radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/** The number of a component, where its mean is. */
function badge(x, y, k, colour) {
  return make(
    "g",
    { class: "mean", "data-component": k },
    make("circle", { cx: x, cy: y, r: 8.5, fill: colour, stroke: "var(--ground)", "stroke-width": 2 }),
    make("text", { x, y: y + 4, "text-anchor": "middle", style: "fill: var(--ground); font-weight: 700; font-size: 11px" }, String(k)),
  );
}

/** Means of one component up to the half-step shown, without repeats, in pixels. */
function trailOf(state, k, place) {
  const past = state.recording.steps.slice(0, state.index).filter((step, at) => at === 0 || step.phase === "M");
  return [...past.map((step) => place(step.means[k])), place(state.frame.means[k])];
}

function trail(points, colour) {
  const group = make("g", { class: "trail" });
  group.append(make("path", { d: pathThrough(points), fill: "none", stroke: "var(--ground)", "stroke-width": 4 }));
  group.append(make("path", { d: pathThrough(points), fill: "none", stroke: colour, "stroke-width": 1.8 }));
  if (points.length <= 60) {
    for (const [cx, cy] of points) group.append(make("circle", { cx, cy, r: 2.4, fill: colour, stroke: "var(--ground)" }));
  }
  return group;
}

/** Two columns: points, ellipses at one and two standard deviations, means, their paths. */
function drawPlane(state, view, [i, j]) {
  const { recording, frame } = state;
  const box = boxOf(view.plot);
  const y = axis(rangeOf(recording, j), box.bottom, box.top, 60);
  box.left = leftOf(y.marks);
  const x = axis(rangeOf(recording, i), box.left, box.right, 70);
  state.pixels = { x, y };
  drawAxes(view.axes, box, x, y, recording.columns[i], recording.columns[j]);
  drawPoints(state, view, box, recording.points.map((row) => x(row[i])), recording.points.map((row) => y(row[j])));
  const css = state.colours.map(toCss);
  const place = (mean) => [x(mean[i]), y(mean[j])];
  view.main.replaceChildren(...state.marks.map((mean, k) => badge(...place(mean), k, css[k])));
  if (!frame) return;
  const inner = windowOf(view.main, box);
  const [sx, sy] = [x(1) - x(0), y(1) - y(0)];
  frame.covariances.forEach((matrix, k) => {
    const projected = [
      [matrix[i][i] * sx * sx, matrix[i][j] * sx * sy],
      [matrix[j][i] * sx * sy, matrix[j][j] * sy * sy],
    ];
    inner.append(...ellipses(...place(frame.means[k]), projected, k, css[k]));
  });
  frame.means.forEach((_, k) => inner.append(trail(trailOf(state, k, place), css[k])));
  frame.means.forEach((mean, k) => view.main.append(badge(...place(mean), k, css[k])));
}

/** The ellipses of a component at two and at one standard deviation. */
function ellipses(cx, cy, projected, k, colour) {
  const { major, minor, angle } = ellipseOf(projected);
  return [2, 1].map((deviations) =>
    make("ellipse", {
      cx, cy, rx: Math.max(deviations * major, 0.5), ry: Math.max(deviations * minor, 0.5),
      transform: `rotate(${angle} ${cx} ${cy})`, "data-component": k, "data-deviations": deviations, stroke: colour,
      ...(deviations === 1
        ? { fill: colour, "fill-opacity": 0.1, "stroke-width": 2 }
        : { fill: "none", "stroke-width": 1.3, "stroke-dasharray": "5 4" }),
    }),
  );
}

/** One column: histogram, weighted densities and their sum; the rows below. */
function drawLine(state, view, i) {
  const { recording, frame } = state;
  const box = boxOf(view.plot);
  const floor = box.bottom - 0.2 * (box.bottom - box.top);
  const y = axis([0, state.highest], floor, box.top, 60);
  box.left = leftOf(y.marks);
  const x = axis(rangeOf(recording, i), box.left, box.right, 70);
  state.pixels = { x, y: null };
  drawAxes(view.axes, box, x, y, recording.columns[i], "density");
  const values = recording.points.map((row) => row[i]);
  const strewn = values.map((_, row) => floor + 12 + ((row * 0.618034) % 1) * (box.bottom - floor - 18));
  drawPoints(state, view, box, values.map(x), strewn);
  view.main.replaceChildren(...state.marks.map((mean, k) => badge(x(mean[i]), floor, k, toCss(state.colours[k]))));
  const inner = windowOf(view.main, box);
  for (const { from, to, height } of histogram(values)) {
    const bar = { x: x(from) + 0.5, width: Math.max(x(to) - x(from) - 1, 0.5), y: y(height), height: floor - y(height) };
    inner.append(make("rect", { ...bar, fill: "var(--line)", opacity: 0.6 }));
  }
  inner.append(make("line", { class: "axis", x1: box.left, x2: box.right, y1: floor, y2: floor }));
  if (frame) drawDensities(state, view, inner, i, x, y);
}

function drawDensities({ frame, colours, ...state }, view, inner, i, x, y) {
  const css = colours.map(toCss);
  const grid = Array.from({ length: 241 }, (_, at) => x.domain[0] + (at / 240) * (x.domain[1] - x.domain[0]));
  const part = (k) => (value) => frame.weights[k] * density(value, frame.means[k][i], frame.covariances[k][i][i]);
  const sum = (value) => css.reduce((total, _, k) => total + part(k)(value), 0);
  const curve = (height, style) =>
    make("path", { d: pathThrough(grid.map((value) => [x(value), Math.max(y(height(value)), -50)])), fill: "none", ...style });
  inner.append(curve(sum, { class: "sum", stroke: "var(--ink)", "stroke-width": 1.6, "stroke-dasharray": "5 4" }));
  frame.means.forEach((mean, k) => {
    const [at, stroke] = [x(mean[i]), css[k]];
    inner.append(
      make("line", { x1: at, x2: at, y1: y(0), y2: Math.max(y(part(k)(mean[i])), -50), stroke }),
      curve(part(k), { class: "part", "data-component": k, stroke, "stroke-width": 2.4 }),
      trail(trailOf({ frame, ...state }, k, (past) => [x(past[i]), y(0)]), stroke),
    );
    view.main.append(badge(at, y(0), k, stroke));
  });
}

/** The values of a column, of the rows and of the means on their way. */
function rangeOf({ points, steps }, column) {
  const means = steps.flatMap((step) => step.means.map((mean) => mean[column]));
  return extent([...points.map((row) => row[column]), ...means], 0.06);
}

/** The top of the density axis: all sums of all steps, unless a spike dwarfs the rows. */
export function highestDensity({ points, steps }, i) {
  const bars = Math.max(...histogram(points.map((row) => row[i])).map((bar) => bar.height), 1e-12);
  const peaks = steps.map((step) =>
    Math.max(...step.means.map((mean) => step.means.reduce(
      (sum, other, k) => sum + step.weights[k] * density(mean[i], other[i], step.covariances[k][i][i]), 0,
    ))),
  );
  return Math.min(Math.max(bars, ...peaks), 2.5 * bars) * 1.04;
}

export function drawMain(state, view) {
  const { recording, columns } = state;
  if (columns.length === 1) drawLine(state, view, columns[0]);
  else drawPlane(state, view, columns);
  const names = columns.map((column) => recording.columns[column]).join(" and ");
  view.main.setAttribute("aria-label", `${recording.points.length} rows by ${names}, coloured by responsibilities, with ${recording.n_components} components`);
}
