/** The left panel: what is chosen, read from the page and written to it. */

import { byId, make } from "./elements.js";
import { CANDIDATES, MCLUST, SKLEARN } from "./structures.js";

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`);

/** Fill in what does not depend on data: the sets, the structures, the limits. */
export function prepare({ bundled, given, limits }) {
  const option = ({ name, description }) => make("option", { value: name, "data-description": description }, name);
  const options = bundled.map(option);
  if (given !== null) options.unshift(option({ name: given, description: "From the command line." }));
  byId("table").replaceChildren(...options);
  for (const id of ["components", "largest"]) byId(id).max = limits.components;
  const group = (label, names) =>
    make("optgroup", { label }, ...names.map(([name, words]) => make("option", { value: name }, `${name}: ${words}`)));
  byId("structure").replaceChildren(group("as in scikit-learn", SKLEARN), group("as in mclust", MCLUST));
  const box = ([name, words], at) => {
    const input = make("input", { type: "checkbox", name: "candidate", value: name, checked: at < SKLEARN.length });
    return make("label", {}, input, ` ${name} `, make("small", {}, words));
  };
  byId("structures").replaceChildren(...CANDIDATES.map(box));
}

/** Show a table that the server holds, with its first columns chosen. */
export function showTable(table, mostColumns) {
  let option = [...byId("table").options].find(({ value }) => value === table.name);
  if (!option) {
    option = make("option", { value: table.name, "data-description": "Your file." }, table.name);
    byId("table").prepend(option);
  }
  byId("table").value = table.name;
  byId("about-table").textContent = `${table.n_rows.toLocaleString("en")} rows. ${option.dataset.description}`;
  const many = table.columns.length > 6;
  byId("columns").replaceChildren(
    ...table.columns.map(({ name }, at) => {
      const checked = many ? at < 2 : at < mostColumns;
      return make("label", {}, make("input", { type: "checkbox", name: "column", value: at, checked }), ` ${name}`);
    }),
  );
  byId("left-out").replaceChildren(
    ...table.left_out.map(({ name, reason }) => make("span", {}, `${name} is left out: ${reason}`)),
  );
}

export const columns = () => [...document.querySelectorAll('input[name="column"]:checked')].map(({ value }) => Number(value));

const number = (id) => (byId(id).value === "" ? null : Number(byId(id).value));

/** What a run is asked for; the server checks it and says what is wrong. */
export const runSettings = (means) => ({
  columns: columns(),
  n_components: number("components"),
  covariance_type: byId("structure").value,
  start: chosen("start").value,
  means,
  seed: number("seed"),
  algorithm: chosen("algorithm").value,
  equal_weights: false,
});

/** The k-means that belongs to a run: from the same means, rows whole, one round size. */
export const asKMeans = (settings, means) => ({
  ...settings,
  covariance_type: "EII",
  start: "click",
  means,
  algorithm: "hard",
  equal_weights: true,
});

export const searchSettings = () => ({
  columns: columns(),
  largest: number("largest"),
  structures: [...document.querySelectorAll('input[name="candidate"]:checked')].map(({ value }) => value),
  seed: number("seed"),
});

/** Say beside each heading what is chosen under it. */
export function summarise(table) {
  const count = columns().length;
  byId("now-data").textContent = table ? `${table.name}, ${count} of ${table.columns.length} columns` : "";
  const rule = chosen("algorithm").value === "em" ? "" : `, ${chosen("algorithm").value}`;
  const beside = byId("compare").checked ? ", with k-means" : "";
  byId("now-model").textContent = `K = ${byId("components").value}, ${byId("structure").value}${rule}${beside}`;
  const start = chosen("start").value;
  byId("now-start").textContent = start === "click" ? "by click" : `${start}, seed ${byId("seed").value}`;
}
