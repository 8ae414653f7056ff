/** The recording: what must hold of it, and what a half-step shows. */

/** Whether a value is nested lists of finite numbers, of such lengths. */
const hasShape = (value, [length, ...rest]) =>
  length === undefined
    ? Number.isFinite(value)
    : Array.isArray(value) && value.length === length && value.every((item) => hasShape(item, rest));

/** Say what is wrong with a recording, or return an empty string. */
export function problemOf(recording) {
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
export function problemOfSteps({ columns: { length: D }, points: { length: m }, n_components: K }, steps) {
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
export function frameOf(step) {
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
export function frameBetween(from, to, t) {
  if (t >= 1) return to;
  return Object.fromEntries(Object.keys(to).map((name) => [name, between(from[name], to[name], t)]));
}
