/**
 * The EM player: steps, plays and scrubs through the half-steps of a recorded fit.
 *
 * `createPlayer(element, recording, options)` draws a recording, as made by
 * `EMTrace.recording()`, into an element of a page. All that it draws lives in a shadow
 * root, so neither page nor player changes the other's look. It holds the state; the
 * `draw...` functions of the files next to this one turn state into pictures, and the rest
 * is arithmetic on plain values. `mixtura.report.player` joins them into one module.
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

import { componentColours } from "./colours.js";
import { drawCurve } from "./curve.js";
import { chooser, icon, make } from "./elements.js";
import { drawMain, highestDensity } from "./picture.js";
import { frameBetween, frameOf, problemOf, problemOfSteps } from "./recording.js";
import { SCALES } from "./scales.js";
import { styleSheet } from "./style.js";
import { build, drawSums, drawWeights, drawWords, SPEEDS } from "./view.js";

const MILLISECONDS_PER_STEP = 1000;

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
