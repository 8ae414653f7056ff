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

const percent = (share) =>
  share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(share > 0 && share < 0.00995 ? 1 : 0)} %`;

/** Round numbers from `low` to `high`, and how to write them. */
function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const large = Math.max(Math.abs(low), Math.abs(high)) >= 1e6 || decimals > 5;
  const values = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++) {
    const value = at * step;
    const text = large ? value.toExponential(2).replace("e+", "e") : value.toFixed(decimals);
    values.push({ value, text: Number(text) === 0 ? "0" : text.replaceAll("-", MINUS) });
  }
  return values;
}

/** Least and greatest finite value, widened by a share of their distance. */
function extent(values, margin) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const wide = high - low || Math.abs(high) || 1;
  return [low - margin * wide, high + margin * wide];
}

/** The linear map of [low, high] to [from, to]; `invert` goes back. */
function linear([low, high], [from, to]) {
  const map = (value) => from + ((value - low) / (high - low)) * (to - from);
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

/** Mix the colours of the components as row `row` belongs to them. */
function blend(shares, row, colours) {
  const mixed = [0, 0, 0];
  let total = 0;
  for (let k = 0; k < colours.length; k++) {
    const share = shares[row * colours.length + k];
    total += share;
    for (let channel = 0; channel < 3; channel++) mixed[channel] += share * colours[k][channel];
  }
  return mixed.map((value) => value / (total || 1));
}

// ---------------------------------------------------------------- the recording

/** Say what is wrong with a recording, or return an empty string. */
function problemOf(recording) {
  if (recording?.format !== "mixtura-recording") {
    return 'This is no recording of a fit: "format" must be "mixtura-recording". Make one with trace.recording().';
  }
  if (recording.version !== 1) {
    return `This player reads recordings of version 1; this one has version ${recording.version}. Use the player of the mixtura that made it.`;
  }
  const { columns, points, n_components: K, steps } = recording;
  if (!Array.isArray(columns) || !columns.length) return '"columns" must name one column or more.';
  if (!(K >= 1)) return '"n_components" must be 1 or more.';
  if (!Array.isArray(points) || !Array.isArray(steps)) return '"points" and "steps" must be lists.';
  const bad = points.findIndex((point) => !isNumbers(point, columns.length));
  if (bad >= 0) return `"points", row ${bad}: must have ${columns.length} finite numbers.`;
  return problemOfSteps(recording, steps);
}

const isNumbers = (list, length) =>
  Array.isArray(list) && list.length === length && list.every(Number.isFinite);

/** Say which of some steps does not belong to a recording, or return an empty string. */
function problemOfSteps({ columns, points, n_components: K }, steps) {
  const D = columns.length;
  const isList = (list, length, check) =>
    Array.isArray(list) && list.length === length && list.every(check);
  const base64 = new RegExp(`^[A-Za-z0-9+/]*={0,2}$`);
  const wanted = {
    phase: ['"E" or "M"', (phase) => phase === "E" || phase === "M"],
    iteration: ["a whole number", Number.isInteger],
    weights: [`${K} finite numbers`, (weights) => isNumbers(weights, K)],
    means: [`${K} lists of ${D} finite numbers`, (means) => isList(means, K, (mean) => isNumbers(mean, D))],
    covariances: [
      `${K} matrices of ${D} by ${D} finite numbers`,
      (matrices) => isList(matrices, K, (matrix) => isList(matrix, D, (row) => isNumbers(row, D))),
    ],
    responsibilities: [
      `${points.length * K} bytes in base64`,
      (text) =>
        typeof text === "string" && text.length === 4 * Math.ceil((points.length * K) / 3) && base64.test(text),
    ],
  };
  for (const [index, step] of steps.entries()) {
    for (const [name, [what, check]] of Object.entries(wanted)) {
      if (!check(step?.[name])) return `"steps", half-step ${index}: "${name}" must be ${what}.`;
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

/** A heading and a sentence on what a half-step did. */
function describe({ algorithm, steps, outcome }, index) {
  const step = steps[index];
  const before = steps[index - 1];
  const heading = `${step.phase}-step ${step.iteration}`;
  const sentences = step.phase === "E" ? describeE(step, algorithm) : describeM(step, before, algorithm);
  if (index === 0) sentences.unshift("The start.");
  if (before && step.iteration - before.iteration > 1) {
    sentences.unshift(`The recording skips to iteration ${step.iteration}.`);
  }
  if (index === steps.length - 1 && outcome) sentences.push(outcome);
  return { heading, text: sentences.join(" ") };
}

function describeE(step, algorithm) {
  const touches = Math.abs(step.kl) < 0.0005;
  const gap = touches
    ? "The bound touches the log-likelihood: KL = 0."
    : `The bound stays ${change(step.kl)} below the log-likelihood, for whole rows are not the posterior.`;
  return [E_STEPS[algorithm] ?? E_STEPS.em, gap];
}

function describeM(step, before, algorithm) {
  const from = algorithm === "em" ? "these responsibilities" : "the rows given to each";
  const sentences = [`Weights, means and covariances are re-estimated from ${from}.`];
  if (before) {
    const moved = (name, value) => `${name} ${value < 0 ? "falls" : "rises"} by ${change(value)}`;
    sentences.push(
      `${moved("The bound", step.elbo - before.elbo)}, ` +
        `${moved("the log-likelihood", step.log_likelihood - before.log_likelihood)}; ` +
        `the gap between them is KL = ${nats(step.kl)}.`,
    );
  }
  return sentences;
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
  const [low, high] = extent(values, 0);
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

/**
 * How log-likelihoods are placed: by their distance from the best one, on a scale that is
 * logarithmic where it is large and linear where it is tiny. So the first steps do not
 * flatten the rest, and the gap can be seen at every step.
 */
function nearScale(steps, pixels) {
  const values = steps.flatMap((step) => [step.log_likelihood, step.elbo]).filter(Number.isFinite);
  const [low, high] = extent(values, 0);
  const least = Math.min(Math.max((high - low) * 1e-4, 1e-3), 1);
  const far = Math.log10(Math.max(high - low, 10 * least) + least);
  const place = linear([far + 0.1, Math.log10(least) - 0.15], pixels);
  const map = (value) => place(Math.log10(high - value + least));
  const marks = [{ value: high, text: "end" }];
  for (let power = Math.ceil(Math.log10(least) + 0.3); power <= far; power++) {
    marks.push({ value: high - 10 ** power, text: MINUS + (power < 0 ? (10 ** power).toFixed(-power) : 10 ** power) });
  }
  return { map, marks, label: "nats below the end, magnified" };
}

/** Log-likelihoods as they are. */
function plainScale(steps, pixels) {
  const values = steps.flatMap((step) => [step.log_likelihood, step.elbo]);
  const range = extent(values, 0.06);
  return { map: linear(range, pixels), marks: ticks(...range, 5), label: "nats" };
}

/** Whether the last half of the steps would be flat on the plain scale. */
function isFlat(steps) {
  const rise = (some) => {
    const [low, high] = extent(some.map((step) => step.log_likelihood), 0);
    return some.length ? high - low : 0;
  };
  return rise(steps.slice(Math.floor(steps.length / 2))) < 0.1 * rise(steps);
}

// ---------------------------------------------------------------- elements

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; text children are text, never markup. */
function make(tag, attributes = {}, ...children) {
  const drawn = ["svg", "g", "path", "line", "text", "circle", "ellipse", "rect"].includes(tag);
  const node = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, value);
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

/** A list to choose from, with its label; null where there is nothing to choose. */
function chooser(label, names, chosen) {
  const choices = make("select", { "aria-label": label });
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
.columns { display: flex; flex-wrap: wrap; gap: 8px; min-width: 0; max-width: 100%; }
label { color: var(--soft); font-size: 13px; display: inline-flex; align-items: center; gap: 6px; min-width: 0; }
select, button { font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 6px; }
select { padding: 3px 4px; min-width: 0; max-width: 13em; text-overflow: ellipsis; }
.body { display: grid; gap: 16px; }
.side, .stage { min-width: 0; }
.plot { position: relative; }
.plot > * { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.plot svg { overflow: hidden; }
.place { cursor: crosshair; }
.curve svg { cursor: pointer; touch-action: pan-y; }
text { font-size: 12px; fill: var(--soft); }
text.name { fill: var(--ink); }
.axis { stroke: var(--line); fill: none; }
.grid { stroke: var(--faint); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0 0; padding: 0; list-style: none; font-size: 13px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px; }
.legend i.bar { width: 16px; height: 0; border-radius: 0; border-top: 2.5px solid; vertical-align: 4px; }
.legend i.area { border-radius: 2px; width: 16px; background: var(--bound); opacity: 0.25; }
.controls { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-top: 10px; }
.buttons { display: flex; gap: 6px; }
button { width: 38px; height: 38px; padding: 0; cursor: pointer; display: grid; place-items: center; }
button:hover { background: var(--faint); }
button:disabled { opacity: 0.35; cursor: default; }
button svg { width: 18px; height: 18px; fill: currentColor; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
button.play { background: var(--accent); border-color: var(--accent); color: var(--ground); }
button.play svg { stroke-width: 0; }
button.scale { width: auto; height: auto; padding: 2px 8px; font-size: 12px; color: var(--soft); }
input[type="range"] { flex: 1 1 120px; min-width: 0; accent-color: var(--accent); height: 24px; margin: 0; }
output { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.said { margin: 0 0 12px; min-height: 7.3em; }
.said b { display: block; font-size: 16px; }
h3 { font-size: 13px; font-weight: 650; margin: 0; }
.over { display: flex; justify-content: space-between; align-items: center; gap: 8px; margin-bottom: 4px; }
.sums { display: grid; grid-template-columns: auto auto auto auto auto; justify-content: start; gap: 6px 10px; align-items: end; margin: 12px 0 0; font-variant-numeric: tabular-nums; }
.sums dt { font-size: 12px; color: var(--soft); white-space: nowrap; }
.sums dd { margin: 0; font-size: 15px; white-space: nowrap; }
.note { color: var(--soft); font-size: 12px; margin: 6px 0 0; }
.problem { margin: 0; padding: 4px 0; }
[hidden] { display: none !important; }
@container (min-width: 760px) {
  .player:not(.compact) .body { grid-template-columns: minmax(0, 1.3fr) minmax(0, 1fr); gap: 28px; }
}
`;

/** Build the parts of the player; `draw...` fills them. */
function build(recording, { title = true, compact = false }) {
  const view = {
    heading: make("h2", { hidden: title ? undefined : "" }, recording.title || "EM, half-step by half-step"),
    about: make("p", { class: "about" }),
    columns: make("div", { class: "columns" }),
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
    scale: make("button", { type: "button", class: "scale" }),
    sums: make("dl", { class: "sums" }),
    note: make("p", { class: "note" }, `Sums over ${recording.n_samples} rows, in nats.`),
  };
  view.plot = make("div", { class: "plot" }, view.points, view.main);
  view.curvePlot = make("div", { class: "plot curve" }, view.curve);
  const titles = make("div", {}, view.heading, view.about);
  const buttons = make("div", { class: "buttons" }, view.first, view.back, view.play, view.forward, view.last);
  const speed = make("label", {}, "Speed", view.speed);
  const controls = make("div", { class: "controls" }, buttons, view.slider, view.place, speed);
  const stage = make("div", { class: "stage" }, view.plot, view.weights, controls);
  const over = make("div", { class: "over" }, make("h3", {}, "Log-likelihood and its bound"), view.scale);
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

/** The inner box of a plot, in CSS pixels. */
function boxOf(plot, left, bottom, height) {
  const width = Math.max(plot.clientWidth, 120);
  plot.style.height = `${height}px`;
  return { width, height, left, right: width - 8, top: 8, bottom: height - bottom };
}

/** Axes with ticks, grid and names. */
function axes(box, xMarks, yMarks, x, y, xName, yName) {
  const group = make("g");
  const shorten = (name, room) => (name.length * 7 > room ? `${name.slice(0, Math.floor(room / 7) - 1)}\u2026` : name);
  for (const { value, text } of xMarks) {
    group.append(make("line", { class: "grid", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }));
    group.append(make("text", { x: x(value), y: box.bottom + 16, "text-anchor": "middle" }, text));
  }
  for (const { value, text } of yMarks) {
    group.append(make("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }));
    group.append(make("text", { x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, text));
  }
  group.append(make("path", { class: "axis", d: `M${box.left} ${box.top}V${box.bottom}H${box.right}` }));
  const middle = (box.left + box.right) / 2;
  const xText = shorten(xName, box.right - box.left);
  const yText = shorten(yName, box.bottom - box.top);
  group.append(make("text", { class: "name", x: middle, y: box.height - 4, "text-anchor": "middle" }, xText));
  const turned = `translate(12 ${(box.top + box.bottom) / 2}) rotate(-90)`;
  group.append(make("text", { class: "name", transform: turned, "text-anchor": "middle" }, yText));
  return group;
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
    context.fillStyle = state.frame ? toCss(blend(state.frame.shares, row, state.colours)) : "#8a939c";
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
  const { recording, frame, colours } = state;
  const box = boxOf(view.plot, 56, 40, heightOf(view.plot));
  const x = linear(rangeOf(recording, i), [box.left, box.right]);
  const y = linear(rangeOf(recording, j), [box.bottom, box.top]);
  state.pixels = { x, y };
  const xMarks = ticks(x.invert(box.left), x.invert(box.right), box.width / 90);
  const yMarks = ticks(y.invert(box.bottom), y.invert(box.top), box.height / 60);
  drawPoints(state, view, box, recording.points.map((row) => x(row[i])), recording.points.map((row) => y(row[j])));
  view.main.replaceChildren(axes(box, xMarks, yMarks, x, y, recording.columns[i], recording.columns[j]));
  if (!frame) return;
  const [sx, sy] = [x(1) - x(0), y(1) - y(0)];
  const css = colours.map(toCss);
  frame.covariances.forEach((matrix, k) => {
    const { major, minor, angle } = ellipseOf([
      [matrix[i][i] * sx * sx, matrix[i][j] * sx * sy],
      [matrix[j][i] * sx * sy, matrix[j][j] * sy * sy],
    ]);
    const [cx, cy] = [x(frame.means[k][i]), y(frame.means[k][j])];
    for (const deviations of [2, 1]) {
      view.main.append(
        make("ellipse", {
          cx, cy, rx: Math.max(deviations * major, 0.5), ry: Math.max(deviations * minor, 0.5),
          transform: `rotate(${angle} ${cx} ${cy})`, "data-component": k, "data-deviations": deviations,
          fill: deviations === 1 ? css[k] : "none", "fill-opacity": 0.1, stroke: css[k],
          "stroke-width": deviations === 1 ? 2 : 1.3, "stroke-dasharray": deviations === 1 ? undefined : "5 4",
        }),
      );
    }
  });
  frame.means.forEach((_, k) => view.main.append(trail(trailOf(state, k, (mean) => [x(mean[i]), y(mean[j])]), css[k])));
  frame.means.forEach((mean, k) => view.main.append(badge(x(mean[i]), y(mean[j]), k, css[k])));
}

/** One column: histogram, weighted densities and their sum, the rows below. */
function drawLine(state, view, i) {
  const { recording, frame, colours } = state;
  const box = boxOf(view.plot, 56, 40, heightOf(view.plot));
  const floor = box.bottom - 0.2 * (box.bottom - box.top);
  const x = linear(rangeOf(recording, i), [box.left, box.right]);
  const y = linear([0, state.highest], [floor, box.top + 14]);
  state.pixels = { x, y: null };
  const values = recording.points.map((row) => row[i]);
  const jittered = values.map((_, row) => floor + 12 + ((row * 0.618034) % 1) * (box.bottom - floor - 18));
  drawPoints(state, view, box, values.map(x), jittered);
  const xMarks = ticks(x.invert(box.left), x.invert(box.right), box.width / 90);
  const yMarks = ticks(0, state.highest, box.height / 70);
  view.main.replaceChildren(axes(box, xMarks, yMarks, x, y, recording.columns[i], "density"));
  for (const bar of histogram(values)) {
    const top = Math.max(y(bar.height), box.top);
    const size = { x: x(bar.from) + 0.5, width: Math.max(x(bar.to) - x(bar.from) - 1, 0.5), y: top, height: floor - top };
    view.main.append(make("rect", { ...size, fill: "var(--line)", opacity: 0.55 }));
  }
  view.main.append(make("line", { class: "axis", x1: box.left, x2: box.right, y1: floor, y2: floor }));
  if (!frame) return;
  const css = colours.map(toCss);
  const at = Array.from({ length: 241 }, (_, step) => x.invert(box.left + (step / 240) * (box.right - box.left)));
  const sums = at.map(() => 0);
  const parts = frame.means.map((mean, k) => at.map((value, place) => {
    const part = frame.weights[k] * density(value, mean[i], frame.covariances[k][i][i]);
    sums[place] += part;
    return part;
  }));
  const curve = (heights, attributes) => make("path", {
    d: pathThrough(heights.map((height, place) => [x(at[place]), Math.max(y(height), box.top - 4)])), fill: "none", ...attributes,
  });
  view.main.append(curve(sums, { class: "sum", stroke: "var(--ink)", "stroke-width": 1.6, "stroke-dasharray": "5 4" }));
  parts.forEach((part, k) => view.main.append(curve(part, { class: "part", "data-component": k, stroke: css[k], "stroke-width": 2.4 })));
  frame.means.forEach((mean, k) => {
    const peak = y(frame.weights[k] * density(0, 0, frame.covariances[k][i][i]));
    view.main.append(make("line", { x1: x(mean[i]), x2: x(mean[i]), y1: floor, y2: Math.max(peak, box.top), stroke: css[k] }));
    view.main.append(trail(trailOf(state, k, (past) => [x(past[i]), floor]), css[k]), badge(x(mean[i]), floor, k, css[k]));
  });
}

const heightOf = (plot) => Math.min(Math.max(plot.clientWidth * 0.72, 240), 430);

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
  view.weights.replaceChildren(
    ...weights.map((weight, k) =>
      make("li", {}, make("i", { style: `background: ${toCss(state.colours[k])}` }), `component ${k} \u00b7 ${percent(weight)}`),
    ),
  );
}

/** Log-likelihood, bound and the gap between them, over the half-steps. */
function drawCurve(state, view) {
  const { steps } = state.recording;
  const box = boxOf(view.curvePlot, 64, 38, 210);
  view.curve.replaceChildren();
  if (!steps.length) return;
  const places = steps.map(placeOf);
  const x = linear(extent(places, 0.02), [box.left, box.right]);
  const scale = (state.near ? nearScale : plainScale)(steps, [box.bottom, box.top]);
  state.curve = { x, places };
  const whole = ticks(places[0], Math.max(places.at(-1), places[0] + 1), box.width / 60).filter(({ value }) => Number.isInteger(value));
  view.curve.append(axes(box, whole, scale.marks, x, scale.map, "iteration", scale.label));
  const finite = steps.filter((step) => Number.isFinite(step.log_likelihood) && Number.isFinite(step.elbo));
  const upper = finite.map((step) => [x(placeOf(step)), scale.map(step.log_likelihood)]);
  const lower = finite.map((step) => [x(placeOf(step)), scale.map(step.elbo)]);
  const gap = pathThrough([...upper, ...lower.slice().reverse()]);
  view.curve.append(make("path", { class: "gap", d: gap, fill: "var(--bound)", opacity: 0.22 }));
  const style = { fill: "none", "stroke-width": 2, "stroke-linejoin": "round" };
  view.curve.append(make("path", { class: "bound", d: pathThrough(lower), stroke: "var(--bound)", ...style }));
  view.curve.append(make("path", { class: "likelihood", d: pathThrough(upper), stroke: "var(--ink)", ...style }));
  drawHere(steps[state.index], view, box, x, scale.map);
  const { heading } = describe(state.recording, state.index);
  view.curve.setAttribute("aria-label", `Log-likelihood and bound over ${steps.length} half-steps; now at ${heading}`);
}

/** Mark the half-step shown. */
function drawHere(step, view, box, x, y) {
  const at = x(placeOf(step));
  view.curve.append(make("line", { class: "here", x1: at, x2: at, y1: box.top, y2: box.bottom, stroke: "var(--accent)", "stroke-width": 1.5 }));
  for (const [value, colour] of [[step.elbo, "var(--bound)"], [step.log_likelihood, "var(--ink)"]]) {
    if (!Number.isFinite(value)) continue;
    view.curve.append(make("circle", { cx: at, cy: y(value), r: 4.5, fill: colour, stroke: "var(--ground)", "stroke-width": 1.5 }));
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
  view.first.disabled = view.back.disabled = index === 0;
  view.last.disabled = view.forward.disabled = index >= steps.length - 1;
  view.play.disabled = steps.length < 2;
  view.scale.textContent = state.near ? "plain scale" : "magnify the end";
  const shown = recording.points.length < recording.n_samples ? `, ${recording.points.length} shown` : "";
  const kind = { em: "EM", hard: "hard EM", stochastic: "stochastic EM" }[recording.algorithm] ?? recording.algorithm;
  view.about.textContent = `${kind} \u00b7 ${recording.n_components} components \u00b7 ${recording.covariance_type} covariances \u00b7 ${recording.n_samples} rows${shown}`;
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
  shadow.replaceChildren(make("style", {}, STYLE), view);
  const nothing = () => {};
  return { append: nothing, seek: nothing, play: nothing, pause: nothing, destroy: () => shadow.replaceChildren(), index: 0, length: 0 };
}

/**
 * Draw a recording into an element, and let the reader move through it.
 *
 * @param {HTMLElement} element where; what it holds is hidden
 * @param {Recording} recording
 * @param {{columns?: number[], onSeek?: (index: number) => void,
 *   onPlace?: (x: number, y: number|null) => void, title?: boolean, compact?: boolean}} options
 *   columns: one or two to begin with; onPlace: called with the data's units when the main
 *   panel is clicked (y is null for one column); title: false hides it; compact: true leaves
 *   the curve and the sums out
 * @returns {{append: (steps: Step[]) => void, seek: (index: number) => void, play: () => void,
 *   pause: () => void, destroy: () => void, index: number, length: number}}
 */
function createPlayer(element, recording, options = {}) {
  const shadow = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  const problem = problemOf(recording);
  if (problem) return createProblem(element, shadow, problem);

  const state = {
    recording: { ...recording, steps: [...recording.steps] },
    index: 0,
    columns: options.columns ?? (recording.columns.length > 1 ? [0, 1] : [0]),
    near: isFlat(recording.steps),
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
    const ys = chooser("Vertical axis", [...names, "density (one column)"], j ?? names.length);
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
    options.onPlace(x.invert(event.clientX - edge.left), y ? y.invert(event.clientY - edge.top) : null);
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
    listen(view.scale, "click", () => {
      state.near = !state.near;
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
  shadow.replaceChildren(make("style", {}, STYLE), view.root);
  connect();
  showPlaying(false);
  drawAll();
  seek(0);
  resized.observe(view.root);
  rethemed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

  function destroy() {
    pause();
    cancelAnimationFrame(animation);
    resized.disconnect();
    rethemed.disconnect();
    ending.abort();
    shadow.replaceChildren();
  }

  return {
    append, seek, play, pause, destroy,
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
