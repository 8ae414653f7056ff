/** The parts of the player, and those that say in words and numbers where it stands. */

import { GREY, toCss } from "./colours.js";
import { button, chooser, make } from "./elements.js";
import { counted, nats, percent } from "./numbers.js";
import { SCALES } from "./scales.js";
import { describe } from "./words.js";

export const SPEEDS = [0.5, 1, 2, 4];

/** Build the parts of the player; `draw...` fills them. */
export function build(recording, { title = true, compact = false }) {
  const view = {
    heading: make("h2", { hidden: title ? undefined : "" }, recording.title || "EM, half-step by half-step"),
    about: make("p", { class: "about" }),
    columns: make("div", { class: "columns" }),
    axes: make("svg", { class: "axes", "aria-hidden": "true" }),
    points: make("canvas"),
    main: make("svg", { role: "img" }),
    weights: make("ul", { class: "legend" }),
    first: button("first", "First half-step (Home)"),
    back: button("back", "Back (left arrow)"),
    play: button("play", "Play (space)"),
    forward: button("forward", "Forward (right arrow)"),
    last: button("last", "Last half-step (End)"),
    slider: make("input", { type: "range", min: 0, step: 1, "aria-label": "Half-step" }),
    place: make("output"),
    speed: chooser("Speed", SPEEDS.map((speed) => `${speed}\u00d7`), SPEEDS.indexOf(1)),
    said: make("p", { class: "said" }),
    curve: make("svg", { role: "img" }),
    scale: chooser("Scale of the curve", Object.keys(SCALES)),
    sums: make("dl", { class: "sums" }),
    note: make("p", { class: "note" }, `Sums over ${counted(recording.n_samples)} rows, in nats. Keys: \u2190 \u2192 step, space plays.`),
  };
  view.plot = make("div", { class: "plot" }, view.axes, view.points, view.main);
  view.curvePlot = make("div", { class: "plot curve" }, view.curve);
  const titles = make("div", {}, view.heading, view.about);
  const buttons = make("div", { class: "buttons" }, view.first, view.back, view.play, view.forward, view.last);
  const controls = make("div", { class: "controls" }, buttons, view.speed, view.slider, view.place);
  const stage = make("div", { class: "stage" }, view.plot, view.weights, controls);
  const over = make("div", { class: "over" }, make("h3", {}, "Log-likelihood and bound"), view.scale);
  const curve = make("div", { hidden: compact ? "" : undefined }, over, view.curvePlot, curveLegend(), view.sums, view.note);
  const side = make("div", { class: "side" }, view.said, curve);
  view.root = make(
    "section",
    { class: compact ? "player compact" : "player", tabindex: 0, "aria-label": `EM player: ${recording.title}` },
    make("header", {}, titles, view.columns),
    make("div", { class: "body" }, stage, side),
  );
  return view;
}

function curveLegend() {
  const entry = (mark, style, text) => make("li", {}, make("i", { class: mark, style }), text);
  return make(
    "ul",
    { class: "legend" },
    entry("bar", "border-color: var(--ink)", "log-likelihood"),
    entry("bar", "border-color: var(--bound)", "bound (ELBO)"),
    entry("area", "", "gap (KL)"),
  );
}

export function drawWeights(state, view) {
  const weights = state.recording.steps[state.index]?.weights ?? [];
  const entry = (name, share, colour) =>
    make("li", {}, make("i", { style: `background: ${toCss(colour)}` }), `${name} \u00b7 ${percent(share)}`);
  const noise = weights.reduce((rest, weight) => rest - weight, 1);
  view.weights.replaceChildren(
    ...(weights.length ? [make("li", {}, "Weights")] : []),
    ...weights.map((weight, k) => entry(k, weight, state.colours[k])),
    ...(weights.length && noise > 1e-6 ? [entry("noise", noise, GREY)] : []),
  );
}

/** Log-likelihood = bound + gap, and bound = Q + entropy, as two sums. */
export function drawSums(state, view) {
  const step = state.recording.steps[state.index];
  view.sums.replaceChildren();
  if (!step) return;
  const item = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, nats(value)));
  const sign = (text) => make("div", { "aria-hidden": "true" }, text);
  const kl = Math.abs(step.kl) < 5e-4 ? 0 : step.kl;
  view.sums.append(
    item("log-likelihood", step.log_likelihood), sign("="), item("bound (ELBO)", step.elbo), sign("+"), item("gap (KL)", kl),
    item("bound (ELBO)", step.elbo), sign("="), item("expected, Q", step.q), sign("+"), item("entropy, H", step.entropy),
  );
}

export function drawWords(state, view) {
  const { recording, index } = state;
  const { steps } = recording;
  const { heading, text } = steps.length ? describe(recording, index) : { heading: "No half-step yet", text: "" };
  view.said.replaceChildren(make("b", {}, heading), text);
  view.place.textContent = `${steps.length ? index + 1 : 0} of ${steps.length}`;
  view.slider.max = Math.max(steps.length - 1, 0);
  view.slider.value = index;
  view.slider.setAttribute("aria-valuetext", `${heading}, ${view.place.textContent}`);
  const switchOff = (isOff, ...buttons) => buttons.forEach((one) => one.setAttribute("aria-disabled", isOff));
  switchOff(index === 0, view.first, view.back);
  switchOff(index >= steps.length - 1, view.last, view.forward);
  switchOff(steps.length < 2, view.play);
  const { length } = recording.points;
  const shown = length < recording.n_samples ? `, ${counted(length)} shown` : "";
  const K = recording.n_components;
  const kind = { em: "EM", hard: "hard EM", stochastic: "stochastic EM" }[recording.algorithm] ?? recording.algorithm;
  view.about.textContent = `${kind} \u00b7 ${K} component${K === 1 ? "" : "s"} \u00b7 ${recording.covariance_type} covariances \u00b7 ${counted(recording.n_samples)} rows${shown}`;
}
