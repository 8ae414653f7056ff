/** Ellipses, densities and histograms, as numbers. */

import { extent } from "./numbers.js";

/** Axes and angle of the ellipse at one standard deviation, in pixels. */
export function ellipseOf([[a, b], [, c]]) {
  const largest = (a + c) / 2 + Math.hypot((a - c) / 2, b);
  const smallest = largest > 0 ? Math.max((a * c - b * b) / largest, 0) : 0;
  const angle = (Math.atan2(2 * b, a - c) * 90) / Math.PI;
  return { major: Math.sqrt(Math.max(largest, 0)), minor: Math.sqrt(smallest), angle };
}

/** The normal density. */
export const density = (x, mean, variance) =>
  Math.exp((-0.5 * (x - mean) ** 2) / variance) / Math.sqrt(2 * Math.PI * variance);

/** Bars of equal width whose areas sum to one. */
export function histogram(values) {
  const [low, high] = extent(values, 0, 0);
  const count = Math.min(Math.max(Math.round(2 * Math.cbrt(values.length)), 8), 60);
  const width = (high - low || 1) / count;
  const heights = new Array(count).fill(0);
  for (const value of values) {
    heights[Math.min(Math.floor((value - low) / width), count - 1)] += 1 / (values.length * width);
  }
  return heights.map((height, at) => ({ from: low + at * width, to: low + (at + 1) * width, height }));
}
