/**
 * The EM player: steps, plays and scrubs through the half-steps of a recorded fit.
 *
 * `createPlayer(element, recording, options)` draws a recording, as made by
 * `EMTrace.recording()`, into an element of a page. It needs no other file. All that it
 * draws lives in a shadow root, so neither page nor player changes the other's look.
 *
 * Read it from the bottom up: `createPlayer` holds the state; the `draw...` functions
 * turn state into pictures; the first half is arithmetic on plain values.
 *
 * @typedef {{iteration: number, phase: "E"|"M", weights: number[], means: number[][],
 *   covariances: number[][][], log_likelihood: number, elbo: number, q: number,
 *   entropy: number, kl: number, responsibilities: string}} Step
 * @typedef {{format: string, version: number, title: string, columns: string[],
 *   n_samples: number, points: number[][], n_components: number, algorithm: string,
 *   covariance_type: string, outcome: string, converged: boolean, steps: Step[]}} Recording
 * @typedef {{weights: number[], means: number[][], covariances: number[][][],
 *   shares: ArrayLike<number>}} Frame what the main panel shows
 */

/** Okabe and Ito's colours, as in mixtura.plot, and lighter ones for a dark page. */
const PALETTES = {
  light: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#6B4C1E"],
  dark: ["#4BA6E3", "#F4813A", "#2FC79A", "#E79CC6", "#F2BC3F", "#A5DBFA", "#F2F2F2", "#C79F6B"],
};
const VIRIDIS = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];
const SPEEDS = [0.5, 1, 2, 4];
const MILLISECONDS_PER_STEP = 1000;
const GREY = [138, 147, 156];
const MINUS = "\u2212";

// ---------------------------------------------------------------- numbers and text

/** Write a number in at most `decimals` places, with a true minus sign and no -0. */
function written(value, decimals) {
  if (value === null || !Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  const text = size >= 1e7 ? size.toExponential(3) : size.toFixed(decimals);
  return (value < 0 && Number(text) !== 0 ? MINUS : "") + text;
}

/** A quantity of the whole fit, in nats. */
const nats = (value) => written(value, Math.abs(value) >= 1e5 ? 1 : 3);

/** A change, to three digits. */
function change(value) {
  const size = Math.abs(value);
  if (size < 0.0005) return "less than 0.001 nats";
  return `${size >= 100 ? size.toFixed(0) : size.toPrecision(3)} nats`;
}

const counted = (number) => number.toLocaleString("en");

const percent = (share) =>
  share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(share > 0 && share < 0.00995 ? 1 : 0)} %`;

/** Round numbers from `low` to `high`, and how to write them. */
function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const size = Math.max(Math.abs(low), Math.abs(high));
  const digits = Math.max(Math.floor(Math.log10(size)) - Math.floor(Math.log10(step)), 0);
  const values = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++) {
    const value = at * step;
    const long = size >= 1e6 || decimals > 5;
    const text = long ? value.toExponential(digits).replace("e+", "e") : value.toFixed(decimals);
    values.push({ value, text: Number(text) === 0 ? "0" : text.replaceAll("-", MINUS) });
  }
  return values;
}

/**
 * Least and greatest finite value, widened at either end by a share of their distance, and
 * by `least` or more. Without `least`, values that hardly differ are given some room.
 */
function extent(values, margin, least) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const size = Math.max(Math.abs(low), Math.abs(high));
  const isFlat = high - low <= 1e-9 * size;
  const room = Math.max(margin * (high - low), least ?? (isFlat ? 0.05 * size || 1 : 0));
  return [low - room, high + room];
}

/** The linear map of [low, high] to [from, to]; `invert` goes back. */
function linear([low, high], [from, to]) {
  const map = (value) => from + ((value - low) / (high - low)) * (to - from);
  map.domain = [low, high];
  map.invert = (pixel) => low + ((pixel - from) / (to - from)) * (high - low);
  return map;
}

// ---------------------------------------------------------------- colours

const toRgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const toCss = (rgb) => `rgb(${rgb.map(Math.round).join(", ")})`;

/** Red, green and blue of each component. */
function componentColours(count, theme) {
  const palette = PALETTES[theme];
  if (count <= palette.length) return palette.slice(0, count).map(toRgb);
  const [from, to] = theme === "dark" ? [0.15, 1] : [0, 0.9];
  return Array.from({ length: count }, (_, index) => {
    const place = (from + ((to - from) * index) / (count - 1)) * (VIRIDIS.length - 1);
    const left = Math.min(Math.floor(place), VIRIDIS.length - 2);
    const [a, b] = [toRgb(VIRIDIS[left]), toRgb(VIRIDIS[left + 1])];
    return a.map((value, channel) => value + (place - left) * (b[channel] - value));
  });
}

/** Mix the colours of the components as row `row` belongs to them; grey is what is left. */
function blend(shares, row, colours) {
  const mixed = [0, 0, 0];
  let total = 0;
  for (let k = 0; k < colours.length; k++) {
    const share = shares[row * colours.length + k];
    total += share;
    for (let channel = 0; channel < 3; channel++) mixed[channel] += share * colours[k][channel];
  }
  const noise = total < 0.97 ? 1 - total : 0; // less is rounding
  return mixed.map((value, channel) => (value + noise * GREY[channel]) / (total + noise));
}

// ---------------------------------------------------------------- the recording

/** Whether a value is nested lists of finite numbers, of such lengths. */
const hasShape = (value, [length, ...rest]) =>
  length === undefined
    ? Number.isFinite(value)
    : Array.isArray(value) && value.length === length && value.every((item) => hasShape(item, rest));

/** Say what is wrong with a recording, or return an empty string. */
function problemOf(recording) {
  const { format, version, columns, points, n_components: K, steps } = recording ?? {};
  if (format !== "mixtura-recording") {
    return 'this is no recording of a fit ("format" must be "mixtura-recording"). Make one with trace.recording().';
  }
  if (version !== 1) return `this player reads recordings of version 1, this one has version ${version}.`;
  if (!Array.isArray(columns) || !columns.length) return '"columns" must name one column or more.';
  if (!(K >= 1)) return '"n_components" must be 1 or more.';
  if (!Array.isArray(points) || !Array.isArray(steps)) return '"points" and "steps" must be lists.';
  const bad = points.findIndex((point) => !hasShape(point, [columns.length]));
  if (bad >= 0) return `row ${bad} of "points" must have ${columns.length} finite numbers.`;
  return problemOfSteps(recording, steps);
}

/** Say which of some half-steps does not belong to a recording, or return an empty string. */
function problemOfSteps({ columns: { length: D }, points: { length: m }, n_components: K }, steps) {
  const length = 4 * Math.ceil((m * K) / 3);
  const isBase64 = (text) => typeof text === "string" && text.length === length && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  const wanted = {
    iteration: ["a whole number", Number.isInteger],
    phase: ['"E" or "M"', (phase) => phase === "E" || phase === "M"],
    weights: [`${K} finite numbers`, (value) => hasShape(value, [K])],
    means: [`${K} times ${D} finite numbers`, (value) => hasShape(value, [K, D])],
    covariances: [`${K} times ${D} by ${D} finite numbers`, (value) => hasShape(value, [K, D, D])],
    responsibilities: [`${m * K} bytes in base64`, isBase64],
  };
  for (const [index, step] of steps.entries()) {
    for (const [name, [what, isRight]] of Object.entries(wanted)) {
      if (!isRight(step?.[name])) return `"${name}" of half-step ${index} must be ${what}.`;
    }
  }
  return "";
}

/** What the main panel shows at a half-step. */
function frameOf(step) {
  const bytes = atob(step.responsibilities);
  const shares = new Float32Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) shares[at] = bytes.charCodeAt(at) / 255;
  return { weights: step.weights, means: step.means, covariances: step.covariances, shares };
}

/** Go the share `t` of the way from one value, or nested list of values, to another. */
function between(from, to, t) {
  if (typeof to === "number") return from + t * (to - from);
  return to.map((value, at) => between(from[at], value, t));
}

/** The frame a share `t` of the way from one to another, to lead the eye. */
function frameBetween(from, to, t) {
  if (t >= 1) return to;
  return Object.fromEntries(Object.keys(to).map((name) => [name, between(from[name], to[name], t)]));
}

// ---------------------------------------------------------------- what happened, in words

const E_STEPS = {
  em: "Each row\u2019s responsibilities are recomputed at the current parameters.",
  hard: "Each row is given whole to its most probable component.",
  stochastic: "Each row is given whole to one component, drawn from its responsibilities.",
};

/** A heading and sentences on what a half-step did. */
function describe({ algorithm, steps, outcome }, index) {
  const step = steps[index];
  const before = steps[index - 1];
  const told = step.phase === "E" ? tellE(step, algorithm) : tellM(step, before, algorithm);
  if (index === 0) told.unshift("The start.");
  if (before && step.iteration - before.iteration > 1) told.unshift("Some half-steps before this were not kept.");
  if (index === steps.length - 1 && outcome) told.push(outcome);
  return { heading: `${step.phase}-step ${step.iteration}`, text: told.join(" ") };
}

function tellE({ kl }, algorithm) {
  const gap =
    Math.abs(kl) < 0.0005
      ? "The bound touches the log-likelihood: KL\u00a0=\u00a00."
      : `The bound stays ${change(kl)} below the log-likelihood: whole rows are not the posterior.`;
  return [E_STEPS[algorithm] ?? E_STEPS.em, gap];
}

function tellM(step, before, algorithm) {
  const from = algorithm === "em" ? "these responsibilities" : "the rows given to each component";
  const told = [`Weights, means and covariances are re-estimated from ${from}.`];
  if (!before || heightsOf([step, before]).length < 4) return told;
  const moved = (name) => `${step[name] < before[name] ? "falls" : "rises"} by ${change(step[name] - before[name])}`;
  told.push(
    `The bound ${moved("elbo")}, the log-likelihood ${moved("log_likelihood")}; ` +
      `the gap between them, KL, is now ${change(step.kl)}.`,
  );
  return told;
}

// ---------------------------------------------------------------- geometry

/** Axes and angle of the ellipse at one standard deviation, in pixels. */
function ellipseOf([[a, b], [, c]]) {
  const largest = (a + c) / 2 + Math.hypot((a - c) / 2, b);
  const smallest = largest > 0 ? Math.max((a * c - b * b) / largest, 0) : 0;
  const angle = (Math.atan2(2 * b, a - c) * 90) / Math.PI;
  return { major: Math.sqrt(Math.max(largest, 0)), minor: Math.sqrt(smallest), angle };
}

/** The normal density. */
const density = (x, mean, variance) =>
  Math.exp((-0.5 * (x - mean) ** 2) / variance) / Math.sqrt(2 * Math.PI * variance);

/** Bars of equal width whose areas sum to one. */
function histogram(values) {
  const [low, high] = extent(values, 0, 0);
  const count = Math.min(Math.max(Math.round(2 * Math.cbrt(values.length)), 8), 60);
  const width = (high - low || 1) / count;
  const heights = new Array(count).fill(0);
  for (const value of values) {
    heights[Math.min(Math.floor((value - low) / width), count - 1)] += 1 / (values.length * width);
  }
  return heights.map((height, at) => ({ from: low + at * width, to: low + (at + 1) * width, height }));
}

/** Where a half-step lies over the iterations: M-step t half-way to E-step t. */
const placeOf = (step) => (step.phase === "E" ? step.iteration : step.iteration - 0.5);

/** The log-likelihoods and bounds of some half-steps that are finite. */
const heightsOf = (steps) => steps.flatMap((step) => [step.log_likelihood, step.elbo]).filter(Number.isFinite);

/** Ways to see the curve: each gives the extents of its axes, and how to place a height. */
const SCALES = {
  "whole fit": (steps) => plainScale(steps),
  magnified: endScale,
  "close-up": (steps, index) => {
    const near = steps.filter((step) => Math.abs(placeOf(step) - placeOf(steps[index])) <= 1.5);
    return plainScale(near);
  },
};

function plainScale(steps) {
  const range = extent(heightsOf(steps), 0.08, 5e-4);
  return { x: extent(steps.map(placeOf), 0.03), range, place: (value) => value, marks: ticks(...range, 5), label: "nats" };
}

/**
 * Heights by their distance from the best one: logarithmic where it is large, linear where
 * it is tiny. So the first half-steps do not flatten the rest.
 */
function endScale(steps) {
  const [low, high] = extent(heightsOf(steps), 0, 0);
  const least = Math.min(Math.max((high - low) * 1e-4, 1e-3), 1);
  const place = (value) => -Math.log10(high - value + least);
  const bottom = Math.min(place(low), place(high - 10 * least));
  const marks = [{ value: high, text: "best" }];
  for (let power = Math.ceil(Math.log10(least) + 0.3); power <= -bottom; power++) {
    marks.push({ value: high - 10 ** power, text: MINUS + (power < 0 ? (10 ** power).toFixed(-power) : 10 ** power) });
  }
  return { x: extent(steps.map(placeOf), 0.03), range: [bottom - 0.15, place(high) + 0.2], place, marks, label: "nats below the best" };
}

/** The scale on which most of the fit can be seen. */
function bestScale(steps) {
  const rise = (some) => extent(heightsOf(some), 0, 0).reduce((low, high) => high - low);
  const isDwarfed = (from, share) => steps.length > 6 && rise(steps.slice(from)) < share * rise(steps);
  return isDwarfed(3, 0.25) || isDwarfed(Math.floor(steps.length / 2), 0.1) ? "magnified" : "whole fit";
}

// ---------------------------------------------------------------- elements

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; text children are text, never markup. */
function make(tag, attributes = {}, ...children) {
  const drawn = ["svg", "g", "path", "line", "text", "circle", "ellipse", "rect"].includes(tag);
  const node = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name === "style") node.style.cssText = value; // allowed where style attributes are not
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const pathThrough = (points) =>
  points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");

const ICONS = {
  first: "M5 5v14M19 5l-9 7 9 7z",
  back: "M16 5l-9 7 9 7z",
  play: "M7 4l13 8-13 8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  forward: "M8 5l9 7-9 7z",
  last: "M19 5v14M5 5l9 7-9 7z",
};

function icon(name) {
  const picture = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  picture.append(make("path", { d: ICONS[name] }));
  return picture;
}

function button(name, label) {
  return make("button", { type: "button", "aria-label": label, title: label, class: name }, icon(name));
}

/** A list to choose from. */
function chooser(label, names, chosen = 0) {
  const choices = make("select", { "aria-label": label, title: label });
  names.forEach((name, at) => choices.append(make("option", { value: at }, name)));
  choices.value = String(chosen);
  return choices;
}

const STYLE = `
:host { display: block; container-type: inline-size; }
* { box-sizing: border-box; }
.player {
  --ground: #ffffff; --ink: #1c2127; --soft: #59636e; --line: #d5dae0; --faint: #eef1f4;
  --bound: #7b3fa0; --accent: #1f6097;
  color-scheme: light; color: var(--ink); background: var(--ground);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  border: 1px solid var(--line); border-radius: 10px; padding: 16px;
}
.player[data-theme="dark"] {
  --ground: #171a1f; --ink: #e8ebee; --soft: #a3adb8; --line: #3a424b; --faint: #242a31;
  --bound: #c79be8; --accent: #7db8ea; color-scheme: dark;
}
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: end; justify-content: space-between; margin-bottom: 12px; }
h2 { font-size: 17px; line-height: 1.3; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
.about { color: var(--soft); margin: 0; font-size: 13px; }
.columns { display: flex; gap: 12px; min-width: 0; max-width: 100%; }
label { color: var(--soft); font-size: 13px; display: flex; align-items: center; gap: 6px; min-width: 0; }
select, button { font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 6px; }
select { padding: 3px 2px; min-height: 28px; min-width: 0; max-width: 12em; text-overflow: ellipsis; }
.body { display: grid; gap: 16px; }
.side, .stage { min-width: 0; }
.plot { position: relative; width: 100%; aspect-ratio: 100 / 74; min-height: 240px; max-height: 430px; }
.plot.curve { aspect-ratio: auto; height: 240px; }
.plot > * { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.place { cursor: crosshair; }
.curve svg { cursor: pointer; touch-action: pan-y; }
text { font-size: 12px; fill: var(--soft); }
text.name { fill: var(--ink); }
.axis { stroke: var(--line); fill: none; }
.grid { stroke: var(--faint); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 6px 0 0; padding: 0; list-style: none; font-size: 13px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px; }
.legend i.bar { width: 16px; height: 0; border-radius: 0; border-top: 2.5px solid; vertical-align: 4px; }
.legend i.area { border-radius: 2px; width: 16px; background: var(--bound); opacity: 0.25; }
.controls { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-top: 10px; }
.buttons { display: flex; gap: 6px; }
button { width: 38px; height: 38px; padding: 0; cursor: pointer; display: grid; place-items: center; }
button:not(.play):hover { background: var(--faint); }
button[aria-disabled="true"] { opacity: 0.35; cursor: default; }
button svg { width: 18px; height: 18px; fill: currentColor; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
button.play { background: var(--accent); border-color: var(--accent); color: var(--ground); }
button.play svg { stroke-width: 0; }
input[type="range"] { flex: 1 1 120px; min-width: 0; accent-color: var(--accent); height: 24px; margin: 0; }
output { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.said { margin: 0 0 12px; min-height: 9em; }
.said b { display: block; font-size: 16px; }
h3 { font-size: 13px; font-weight: 650; margin: 0; }
.over { display: flex; justify-content: space-between; align-items: center; gap: 8px; margin-bottom: 4px; }
.sums { display: grid; grid-template-columns: auto auto auto auto auto; justify-content: start; gap: 6px 8px; align-items: end; margin: 12px 0 0; font-variant-numeric: tabular-nums; }
.sums dt { font-size: 12px; color: var(--soft); white-space: nowrap; }
.sums dd { margin: 0; font-size: 15px; white-space: nowrap; }
.note { color: var(--soft); font-size: 12px; margin: 6px 0 0; }
.problem { margin: 0; padding: 4px 0; }
[hidden] { display: none !important; }
@container (max-width: 330px) {
  .sums { column-gap: 5px; }
  .sums dt { font-size: 11px; }
  .sums dd { font-size: 13px; }
}
@container (min-width: 900px) {
  .said { min-height: 7.6em; }
}
@container (min-width: 720px) {
  .player:not(.compact) .body { grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); gap: 24px; }
  .player:not(.compact) .stage .plot { aspect-ratio: 100 / 88; }
}
`;

/** A sheet for a shadow root; a page whose security policy forbids style elements allows it. */
function styleSheet() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  return sheet;
}

/** Build the parts of the player; `draw...` fills them. */
function build(recording, { title = true, compact = false }) {
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

// ---------------------------------------------------------------- drawing

/** The inner box of a plot, in CSS pixels; its left edge comes with the labels. */
function boxOf(plot) {
  const [width, height] = [Math.max(plot.clientWidth, 120), plot.clientHeight];
  return { width, height, left: 0, right: width - 8, top: 8, bottom: height - 38 };
}

/** Room for labels left of a box. */
const leftOf = (marks) => 30 + 7 * Math.max(3, ...marks.map(({ text }) => text.length));

/** Draw axes with ticks, grid and names. */
function drawAxes(picture, box, x, y, xName, yName) {
  const line = (x1, x2, y1, y2) => make("line", { class: "grid", x1, x2, y1, y2 });
  const text = (x, y, anchor, words, more) => make("text", { x, y, "text-anchor": anchor, ...more }, words);
  const shorten = (name, room) => (name.length * 7 > room ? `${name.slice(0, Math.floor(room / 7) - 1)}\u2026` : name);
  picture.replaceChildren();
  for (const mark of x.marks) {
    const at = x(mark.value);
    picture.append(line(at, at, box.top, box.bottom), text(at, box.bottom + 16, "middle", mark.text));
  }
  for (const mark of y.marks) {
    const at = y(mark.value);
    picture.append(line(box.left, box.right, at, at), text(box.left - 6, at + 4, "end", mark.text));
  }
  const turned = { class: "name", transform: `translate(12 ${(box.top + box.bottom) / 2}) rotate(-90)` };
  picture.append(
    make("path", { class: "axis", d: `M${box.left} ${box.top}V${box.bottom}H${box.right}` }),
    text((box.left + box.right) / 2, box.height - 3, "middle", shorten(xName, box.right - box.left), { class: "name" }),
    text(0, 0, "middle", shorten(yName, box.bottom - box.top), turned),
  );
}

/** An axis from `from` to `to` in pixels, with ticks some `apart` pixels apart. */
function axis(range, from, to, apart) {
  const map = linear(range, [from, to]);
  map.marks = ticks(...range, Math.abs(to - from) / apart);
  return map;
}

/** A window in a picture, in the same coordinates, out of which nothing is drawn. */
function windowOf(picture, box) {
  const [x, y, width, height] = [box.left, box.top, box.right - box.left, box.bottom - box.top];
  const inner = make("svg", { x, y, width, height, viewBox: `${x} ${y} ${width} ${height}`, class: "window" });
  picture.append(inner);
  return inner;
}

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
function highestDensity({ points, steps }, i) {
  const bars = Math.max(...histogram(points.map((row) => row[i])).map((bar) => bar.height), 1e-12);
  const peaks = steps.map((step) =>
    Math.max(...step.means.map((mean) => step.means.reduce(
      (sum, other, k) => sum + step.weights[k] * density(mean[i], other[i], step.covariances[k][i][i]), 0,
    ))),
  );
  return Math.min(Math.max(bars, ...peaks), 2.5 * bars) * 1.04;
}

function drawMain(state, view) {
  const { recording, columns } = state;
  if (columns.length === 1) drawLine(state, view, columns[0]);
  else drawPlane(state, view, columns);
  const names = columns.map((column) => recording.columns[column]).join(" and ");
  view.main.setAttribute("aria-label", `${recording.points.length} rows by ${names}, coloured by responsibilities, with ${recording.n_components} components`);
}

function drawWeights(state, view) {
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

/** Log-likelihood, bound and the gap between them, over the half-steps. */
function drawCurve(state, view) {
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

/** Log-likelihood = bound + gap, and bound = Q + entropy, as two sums. */
function drawSums(state, view) {
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

function drawWords(state, view) {
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

// ---------------------------------------------------------------- the player

/** "light" or "dark": as an element around asks by data-theme, or else the reader's system. */
function themeOf(element) {
  const asked = element.closest("[data-theme]")?.dataset.theme;
  if (asked === "light" || asked === "dark") return asked;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Show why there is nothing to play. */
function createProblem(element, shadow, problem) {
  const view = make("section", { class: "player", role: "alert", "data-theme": themeOf(element) });
  view.append(make("p", { class: "problem" }, `The EM player cannot show this: ${problem}`));
  shadow.adoptedStyleSheets = [styleSheet()];
  shadow.replaceChildren(view);
  const nothing = () => {};
  return { append: nothing, seek: nothing, play: nothing, pause: nothing, mark: nothing, destroy: () => shadow.replaceChildren(), index: 0, length: 0 };
}

/**
 * Draw a recording into an element, and let the reader move through it.
 *
 * @param {HTMLElement} element where; what it holds is hidden
 * @param {Recording} recording
 * @param {{columns?: number[], onSeek?: (index: number) => void,
 *   onPlace?: (x: number, y: number|null, columns: number[]) => void, title?: boolean, compact?: boolean}} options
 *   columns: one or two to begin with; onPlace: called with the data's units when the main
 *   panel is clicked (y is null for one column); title: false hides it; compact: true leaves
 *   the curve and the sums out
 * @returns {{append: (steps: Step[]) => void, seek: (index: number) => void, play: () => void,
 *   pause: () => void, mark: (means: number[][]) => void, destroy: () => void, index: number, length: number}}
 */
function createPlayer(element, recording, options = {}) {
  const shadow = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  const problem = problemOf(recording);
  if (problem) return createProblem(element, shadow, problem);

  const state = {
    recording: { ...recording, steps: [...recording.steps] },
    index: 0,
    columns: options.columns ?? (recording.columns.length > 1 ? [0, 1] : [0]),
    scale: null, // chosen by the reader, or else what suits the fit
    marks: [], // means that are being placed
    frame: null, // what the main panel shows, perhaps on its way to the half-step
  };
  const view = build(recording, options);
  const ending = new AbortController();
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let timer = 0;
  let animation = 0;

  const steps = () => state.recording.steps;
  const listen = (target, event, action) => target.addEventListener(event, action, { signal: ending.signal });
  const interval = () => MILLISECONDS_PER_STEP / SPEEDS[view.speed.value];

  function drawAll() {
    view.root.dataset.theme = themeOf(element);
    state.colours = componentColours(recording.n_components, view.root.dataset.theme);
    if (state.columns.length === 1) state.highest = highestDensity(state.recording, state.columns[0]);
    drawMain(state, view);
    drawStep();
  }

  function drawStep() {
    drawWeights(state, view);
    drawWords(state, view);
    if (!options.compact) {
      drawCurve(state, view);
      drawSums(state, view);
    }
  }

  /** Lead the eye from what is shown to the half-step; at once if that is disliked. */
  function moveTo(target) {
    cancelAnimationFrame(animation);
    const from = state.frame;
    const duration = calm.matches || !from ? 0 : Math.min(350, 0.6 * interval());
    let begin = 0;
    const advance = (now) => {
      begin ||= now;
      const t = duration ? Math.min((now - begin) / duration, 1) : 1;
      state.frame = frameBetween(from, target, t * t * (3 - 2 * t));
      drawMain(state, view);
      if (t < 1) animation = requestAnimationFrame(advance);
    };
    if (duration) animation = requestAnimationFrame(advance);
    else advance(1);
  }

  function seek(wanted) {
    if (!steps().length) return;
    state.index = Math.min(Math.max(Math.round(wanted), 0), steps().length - 1);
    drawStep();
    moveTo(frameOf(steps()[state.index]));
    options.onSeek?.(state.index);
  }

  function showPlaying(playing) {
    const label = playing ? "Pause (space)" : "Play (space)";
    view.play.replaceChildren(icon(playing ? "pause" : "play"));
    view.play.setAttribute("aria-label", label);
    view.play.title = label;
    view.said.setAttribute("aria-live", playing ? "off" : "polite");
  }

  function pause() {
    clearTimeout(timer);
    timer = 0;
    showPlaying(false);
  }

  function play() {
    if (timer || steps().length < 2) return;
    const tick = () => {
      if (state.index >= steps().length - 1) return pause();
      timer = setTimeout(tick, interval());
      seek(state.index + 1);
    };
    if (state.index >= steps().length - 1) seek(0);
    timer = setTimeout(tick, interval() / 2);
    showPlaying(true);
  }

  function append(more) {
    const wrong = problemOfSteps(state.recording, more);
    if (wrong) throw new TypeError(`append: ${wrong}`);
    const follow = state.index >= steps().length - 1;
    state.recording.steps.push(...more);
    drawAll();
    if (follow) seek(steps().length - 1);
  }

  function chooseByHand(index) {
    pause();
    seek(index);
  }

  function showColumns() {
    const names = recording.columns;
    const [i, j] = state.columns;
    const xs = chooser("Horizontal axis", names, i);
    const ys = chooser("Vertical axis", [...names, "density"], j ?? names.length);
    const choose = () => {
      const [x, y] = [Number(xs.value), Number(ys.value)];
      const [oldX, oldY] = state.columns;
      if (y === names.length) state.columns = [x];
      else if (x !== y) state.columns = [x, y];
      else state.columns = x === oldX ? [oldY ?? (x ? 0 : 1), y] : [x, oldX];
      [xs.value, ys.value] = [state.columns[0], state.columns[1] ?? names.length];
      drawAll();
    };
    listen(xs, "change", choose);
    listen(ys, "change", choose);
    view.columns.append(make("label", {}, "x", xs), make("label", {}, "y", ys));
  }

  function onKey(event) {
    const target = event.composedPath()[0];
    const keys = { ArrowLeft: state.index - 1, ArrowRight: state.index + 1, Home: 0, End: steps().length - 1 };
    if (event.altKey || event.ctrlKey || event.metaKey || target.tagName === "SELECT") return;
    if (event.key in keys) chooseByHand(keys[event.key]);
    else if (event.key === " " && target.tagName !== "BUTTON") timer ? pause() : play();
    else return;
    event.preventDefault();
  }

  function onCurve(event) {
    if (!(event.buttons & 1) || !state.curve) return;
    const place = state.curve.x.invert(event.clientX - view.curve.getBoundingClientRect().left);
    const distances = state.curve.places.map((other) => Math.abs(other - place));
    chooseByHand(distances.indexOf(Math.min(...distances)));
  }

  function onPlace(event) {
    const edge = view.main.getBoundingClientRect();
    const { x, y } = state.pixels;
    options.onPlace(x.invert(event.clientX - edge.left), y ? y.invert(event.clientY - edge.top) : null, state.columns);
  }

  function connect() {
    if (recording.columns.length > 1) showColumns();
    listen(view.first, "click", () => chooseByHand(0));
    listen(view.back, "click", () => chooseByHand(state.index - 1));
    listen(view.forward, "click", () => chooseByHand(state.index + 1));
    listen(view.last, "click", () => chooseByHand(steps().length - 1));
    listen(view.play, "click", () => (timer ? pause() : play()));
    listen(view.slider, "input", () => chooseByHand(Number(view.slider.value)));
    listen(view.root, "keydown", onKey);
    listen(view.curve, "pointerdown", onCurve);
    listen(view.curve, "pointermove", onCurve);
    listen(view.scale, "change", () => {
      state.scale = Object.keys(SCALES)[view.scale.value];
      drawStep();
    });
    if (options.onPlace) {
      view.plot.classList.add("place");
      listen(view.main, "click", onPlace);
    }
    listen(window.matchMedia("(prefers-color-scheme: dark)"), "change", drawAll);
  }

  const resized = new ResizeObserver(drawAll);
  const rethemed = new MutationObserver(drawAll);
  shadow.adoptedStyleSheets = [styleSheet()];
  shadow.replaceChildren(view.root);
  connect();
  showPlaying(false);
  drawAll();
  seek(0);
  resized.observe(view.plot);
  rethemed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

  function mark(means) {
    state.marks = means;
    drawAll();
  }

  function destroy() {
    pause();
    cancelAnimationFrame(animation);
    resized.disconnect();
    rethemed.disconnect();
    ending.abort();
    shadow.replaceChildren();
  }

  return {
    append, seek, play, pause, mark, destroy,
    get index() { return state.index; },
    get length() { return steps().length; },
  };
}

/** Make a player of each element of the page that holds a recording and has none yet. */
function mountAll() {
  for (const element of document.querySelectorAll("[data-mixtura-player]:not([data-mounted])")) {
    element.dataset.mounted = "";
    createPlayer(element, JSON.parse(element.querySelector("script").textContent));
  }
}

export { createPlayer, mountAll };
