/** Elements of a page and of its drawings. */

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; text children are text, never markup. */
export function make(tag, attributes = {}, ...children) {
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

export const pathThrough = (points) =>
  points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");

const ICONS = {
  first: "M5 5v14M19 5l-9 7 9 7z",
  back: "M16 5l-9 7 9 7z",
  play: "M7 4l13 8-13 8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  forward: "M8 5l9 7-9 7z",
  last: "M19 5v14M5 5l9 7-9 7z",
};

export function icon(name) {
  const picture = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  picture.append(make("path", { d: ICONS[name] }));
  return picture;
}

export function button(name, label) {
  return make("button", { type: "button", "aria-label": label, title: label, class: name }, icon(name));
}

/** A list to choose from. */
export function chooser(label, names, chosen = 0) {
  const choices = make("select", { "aria-label": label, title: label });
  names.forEach((name, at) => choices.append(make("option", { value: at }, name)));
  choices.value = String(chosen);
  return choices;
}
