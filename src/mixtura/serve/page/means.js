/** Placing the means that a run starts from: by clicks, or typed into a table. */

import { byId, make } from "./elements.js";

/** A table of inputs, K rows by D columns; `onChange` hears of every edit. */
export class Means {
  constructor(onChange) {
    this.onChange = onChange;
    this.inputs = [];
    this.columns = [];
  }

  /** Begin with nothing placed. */
  clear(n_components, columns) {
    this.columns = columns;
    byId("means-head").replaceChildren(
      make("tr", {}, make("th", { scope: "col" }, "mean"), ...columns.map(({ name }) => make("th", { scope: "col" }, name))),
    );
    this.inputs = Array.from({ length: n_components }, (_, k) =>
      columns.map(({ name }) => {
        const input = make("input", { type: "number", step: "any", "aria-label": `mean ${k}, ${name}` });
        input.addEventListener("input", this.onChange);
        return input;
      }),
    );
    byId("means").replaceChildren(
      ...this.inputs.map((row, k) =>
        make("tr", {}, make("th", { scope: "row" }, String(k)), ...row.map((input) => make("td", {}, input))),
      ),
    );
    this.onChange();
  }

  /** Place the next mean in the shown columns, and at the middle of the others. */
  place(x, y, [i, j]) {
    const k = this.next;
    if (k < 0) return;
    this.inputs[k].forEach((input, d) => {
      const value = d === i ? x : d === j ? y : this.columns[d].mean;
      input.value = Number(value.toPrecision(6));
    });
    this.onChange();
  }

  /** The first mean that is not placed; -1 when all are. */
  get next() {
    return this.inputs.findIndex((row) => row.some((input) => input.value === ""));
  }

  /** Means that are placed, as lists of numbers. */
  get placed() {
    return this.inputs.filter((row) => row.every((input) => input.value !== "")).map((row) => row.map(({ value }) => Number(value)));
  }
}
