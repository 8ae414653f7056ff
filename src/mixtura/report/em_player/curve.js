/** Log-likelihood and bound over the half-steps. */

import { axis, boxOf, drawAxes, leftOf, windowOf } from "./axes.js";
import { make, pathThrough } from "./elements.js";
import { linear } from "./numbers.js";
import { bestScale, placeOf, SCALES } from "./scales.js";
import { describe } from "./words.js";

/** Log-likelihood, bound and the gap between them, over the half-steps. */
export function drawCurve(state, view) {
  const { steps } = state.recording;
  view.curve.replaceChildren();
  if (!steps.length) return;
  const box = boxOf(view.curvePlot);
  const name = state.scale ?? bestScale(steps);
  const { x: xRange, range, place, marks, label } = SCALES[name](steps, state.index);
  box.left = leftOf(marks);
  const x = axis(xRange, box.left, box.right, 45);
  x.marks = x.marks.filter(({ value }) => Number.isInteger(value)).map(({ value }) => ({ value, text: String(value) }));
  const height = linear(range, [box.bottom, box.top]);
  const y = Object.assign((value) => height(place(value)), { marks });
  state.curve = { x, places: steps.map(placeOf) };
  view.scale.value = Object.keys(SCALES).indexOf(name);
  drawAxes(view.curve, box, x, y, "iteration", label);
  const inner = windowOf(view.curve, box);
  const finite = steps.filter((step) => Number.isFinite(step.log_likelihood) && Number.isFinite(step.elbo));
  const [upper, lower] = ["log_likelihood", "elbo"].map((of) => finite.map((step) => [x(placeOf(step)), y(step[of])]));
  const line = (points, colour, name) =>
    make("path", { class: name, d: pathThrough(points), fill: "none", stroke: colour, "stroke-width": 2, "stroke-linejoin": "round" });
  inner.append(
    make("path", { class: "gap", d: pathThrough([...upper, ...lower.slice().reverse()]), fill: "var(--bound)", opacity: 0.22 }),
    line(lower, "var(--bound)", "bound"),
    line(upper, "var(--ink)", "likelihood"),
  );
  drawHere(steps[state.index], view.curve, box, x, y);
  const { heading } = describe(state.recording, state.index);
  view.curve.setAttribute("aria-label", `Log-likelihood and bound over ${steps.length} half-steps; now at ${heading}`);
}

/** Mark the half-step shown. */
function drawHere(step, picture, box, x, y) {
  const at = x(placeOf(step));
  const line = (y1, y2, style) => picture.append(make("line", { x1: at, x2: at, y1, y2, ...style }));
  line(box.top, box.bottom, { class: "here", stroke: "var(--accent)" });
  if (!Number.isFinite(step.elbo) || !Number.isFinite(step.log_likelihood)) return;
  line(y(step.elbo), y(step.log_likelihood), { stroke: "var(--bound)", "stroke-width": 4 });
  for (const [name, fill] of [["elbo", "var(--bound)"], ["log_likelihood", "var(--ink)"]]) {
    picture.append(make("circle", { class: name, cx: at, cy: y(step[name]), r: 4.5, fill, stroke: "var(--ground)", "stroke-width": 1.5 }));
  }
}
