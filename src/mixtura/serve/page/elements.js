/** Elements by id and elements made; text is always text, never markup. */

export const byId = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** Make an element of HTML. */
export const make = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

/** Make an element of SVG. */
export const draw = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);

/** A number as people read it, with a true minus sign. */
export const written = (value, decimals) => value.toFixed(decimals).replace("-", "\u2212");
