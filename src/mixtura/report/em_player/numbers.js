/** Numbers as text, and axes: extents, ticks, linear maps. */

export const MINUS = "\u2212";

/** Write a number in at most `decimals` places, with a true minus sign and no -0. */
function written(value, decimals) {
  if (value === null || !Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  const text = size >= 1e7 ? size.toExponential(3) : size.toFixed(decimals);
  return (value < 0 && Number(text) !== 0 ? MINUS : "") + text;
}

/** A quantity of the whole fit, in nats. */
export const nats = (value) => written(value, Math.abs(value) >= 1e5 ? 1 : 3);

/** A change, to three digits. */
export function change(value) {
  const size = Math.abs(value);
  if (size < 0.0005) return "less than 0.001 nats";
  return `${size >= 100 ? size.toFixed(0) : size.toPrecision(3)} nats`;
}

export const counted = (number) => number.toLocaleString("en");

export const percent = (share) =>
  share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(share > 0 && share < 0.00995 ? 1 : 0)} %`;

/** Round numbers from `low` to `high`, and how to write them. */
export function ticks(low, high, wanted) {
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
export function extent(values, margin, least) {
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
export function linear([low, high], [from, to]) {
  const map = (value) => from + ((value - low) / (high - low)) * (to - from);
  map.domain = [low, high];
  map.invert = (pixel) => low + ((pixel - from) / (to - from)) * (high - low);
  return map;
}
