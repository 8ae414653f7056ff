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
import { connect } from "./controls.js";
import { drawCurve } from "./curve.js";
import { icon, make } from "./elements.js";
import { drawMain, highestDensity } from "./picture.js";
import { frameBetween, frameOf, problemOf, problemOfSteps } from "./recording.js";
import { styleSheet } from "./style.js";
import { build, drawSums, drawWeights, drawWords, SPEEDS } from "./view.js";

const MILLISECONDS_PER_STEP = 1000;

/** "light" or "dark": as an element around asks by data-theme, or else the reader's system. */
function themeOf(element) {
  const asked = element.closest("[data-theme]")?.dataset.theme;
  if (asked === "light" || asked === "dark") return asked;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Put something into a shadow root, and nothing else. */
function show(shadow, ...shown) {
  shadow.adoptedStyleSheets = [styleSheet()];
  shadow.replaceChildren(...shown);
}

/** What `createPlayer` returns where there is nothing to play: says why, and does nothing. */
class Problem {
  index = 0;
  length = 0;
  #shadow;

  constructor(element, shadow, problem) {
    this.#shadow = shadow;
    const view = make("section", { class: "player", role: "alert", "data-theme": themeOf(element) });
    view.append(make("p", { class: "problem" }, `The EM player cannot show this: ${problem}`));
    show(shadow, view);
  }

  append() {}
  seek() {}
  play() {}
  pause() {}
  mark() {}

  destroy() {
    this.#shadow.replaceChildren();
  }
}

/** A recording that is shown: its state, its view, and what moves it. */
class Player {
  #element;
  #shadow;
  #options;
  #state;
  #view;
  #ending = new AbortController();
  #calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  #watchers = [];
  #timer = 0;
  #animation = 0;

  constructor(element, shadow, recording, options) {
    this.#element = element;
    this.#shadow = shadow;
    this.#options = options;
    this.#state = {
      recording: { ...recording, steps: [...recording.steps] },
      index: 0,
      columns: options.columns ?? (recording.columns.length > 1 ? [0, 1] : [0]),
      scale: null, // chosen by the reader, or else what suits the fit
      marks: [], // means that are being placed
      frame: null, // what the main picture shows, perhaps on its way to the half-step
    };
    this.#view = build(recording, options);
    const { signal } = this.#ending;
    const listen = (target, event, action) => target.addEventListener(event, action, { signal });
    show(shadow, this.#view.root);
    connect(this, this.#state, this.#view, listen, options.onPlace);
    this.#showPlaying(false);
    this.redraw();
    this.seek(0);
    this.#watch(listen);
  }

  get index() {
    return this.#state.index;
  }

  get length() {
    return this.#state.recording.steps.length;
  }

  get playing() {
    return this.#timer !== 0;
  }

  append(steps) {
    const wrong = problemOfSteps(this.#state.recording, steps);
    if (wrong) throw new TypeError(`append: ${wrong}`);
    const isFollowed = this.index >= this.length - 1;
    this.#state.recording.steps.push(...steps);
    this.redraw();
    if (isFollowed) this.seek(this.length - 1);
  }

  seek(index) {
    if (!this.length) return;
    this.#state.index = Math.min(Math.max(Math.round(index), 0), this.length - 1);
    this.#drawStep();
    this.#moveTo(frameOf(this.#state.recording.steps[this.index]));
    this.#options.onSeek?.(this.index);
  }

  play() {
    if (this.playing || this.length < 2) return;
    const tick = () => {
      if (this.index >= this.length - 1) return this.pause();
      this.#timer = setTimeout(tick, this.#interval);
      this.seek(this.index + 1);
    };
    if (this.index >= this.length - 1) this.seek(0);
    this.#timer = setTimeout(tick, this.#interval / 2);
    this.#showPlaying(true);
  }

  pause() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#showPlaying(false);
  }

  mark(means) {
    this.#state.marks = means;
    this.redraw();
  }

  redraw() {
    const [state, view] = [this.#state, this.#view];
    view.root.dataset.theme = themeOf(this.#element);
    state.colours = componentColours(state.recording.n_components, view.root.dataset.theme);
    if (state.columns.length === 1) state.highest = highestDensity(state.recording, state.columns[0]);
    drawMain(state, view);
    this.#drawStep();
  }

  destroy() {
    this.pause();
    cancelAnimationFrame(this.#animation);
    this.#watchers.forEach((watcher) => watcher.disconnect());
    this.#ending.abort();
    this.#shadow.replaceChildren();
  }

  get #interval() {
    return MILLISECONDS_PER_STEP / SPEEDS[this.#view.speed.value];
  }

  #drawStep() {
    const [state, view] = [this.#state, this.#view];
    drawWeights(state, view);
    drawWords(state, view);
    if (this.#options.compact) return;
    drawCurve(state, view);
    drawSums(state, view);
  }

  /** Lead the eye from what is shown to a half-step; at once if that is disliked. */
  #moveTo(target) {
    cancelAnimationFrame(this.#animation);
    const from = this.#state.frame;
    const duration = this.#calm.matches || !from ? 0 : Math.min(350, 0.6 * this.#interval);
    let begin = 0;
    const advance = (now) => {
      begin ||= now;
      const t = duration ? Math.min((now - begin) / duration, 1) : 1;
      this.#state.frame = frameBetween(from, target, t * t * (3 - 2 * t));
      drawMain(this.#state, this.#view);
      if (t < 1) this.#animation = requestAnimationFrame(advance);
    };
    if (duration) this.#animation = requestAnimationFrame(advance);
    else advance(1);
  }

  #showPlaying(playing) {
    const { play, said } = this.#view;
    const label = playing ? "Pause (space)" : "Play (space)";
    play.replaceChildren(icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", label);
    play.title = label;
    said.setAttribute("aria-live", playing ? "off" : "polite");
  }

  /** Draw anew when the page changes its width or its theme. */
  #watch(listen) {
    const redraw = () => this.redraw();
    const [resized, rethemed] = [new ResizeObserver(redraw), new MutationObserver(redraw)];
    resized.observe(this.#view.plot);
    rethemed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    listen(window.matchMedia("(prefers-color-scheme: dark)"), "change", redraw);
    this.#watchers = [resized, rethemed];
  }
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
  return problem ? new Problem(element, shadow, problem) : new Player(element, shadow, recording, options);
}

/** Make a player of each element of the page that holds a recording and has none yet. */
function mountAll() {
  for (const element of document.querySelectorAll("[data-mixtura-player]:not([data-mounted])")) {
    element.dataset.mounted = "";
    createPlayer(element, JSON.parse(element.querySelector("script").textContent));
  }
}

export { createPlayer, mountAll };
