/** Ways to place log-likelihoods, so that the whole fit or one half-step can be seen. */

import { extent, MINUS, ticks } from "./numbers.js";

/** Where a half-step lies over the iterations: M-step t half-way to E-step t. */
export const placeOf = (step) => (step.phase === "E" ? step.iteration : step.iteration - 0.5);

/** The log-likelihoods and bounds of some half-steps that are finite. */
export const heightsOf = (steps) => steps.flatMap((step) => [step.log_likelihood, step.elbo]).filter(Number.isFinite);

/** Ways to see the curve: each gives the extents of its axes, and how to place a height. */
export const SCALES = {
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
export function bestScale(steps) {
  const rise = (some) => extent(heightsOf(some), 0, 0).reduce((low, high) => high - low);
  const isDwarfed = (from, share) => steps.length > 6 && rise(steps.slice(from)) < share * rise(steps);
  return isDwarfed(3, 0.25) || isDwarfed(Math.floor(steps.length / 2), 0.1) ? "magnified" : "whole fit";
}
