/** The frame of a plot: its box, axes and window. */

import { make } from "./elements.js";
import { linear, ticks } from "./numbers.js";

/** The inner box of a plot, in CSS pixels; its left edge comes with the labels. */
export function boxOf(plot) {
  const [width, height] = [Math.max(plot.clientWidth, 120), plot.clientHeight];
  return { width, height, left: 0, right: width - 8, top: 8, bottom: height - 38 };
}

/** Room for labels left of a box. */
export const leftOf = (marks) => 30 + 7 * Math.max(3, ...marks.map(({ text }) => text.length));

/** Draw axes with ticks, grid and names. */
export function drawAxes(picture, box, x, y, xName, yName) {
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
export function axis(range, from, to, apart) {
  const map = linear(range, [from, to]);
  map.marks = ticks(...range, Math.abs(to - from) / apart);
  return map;
}

/** A window in a picture, in the same coordinates, out of which nothing is drawn. */
export function windowOf(picture, box) {
  const [x, y, width, height] = [box.left, box.top, box.right - box.left, box.bottom - box.top];
  const inner = make("svg", { x, y, width, height, viewBox: `${x} ${y} ${width} ${height}`, class: "window" });
  picture.append(inner);
  return inner;
}
