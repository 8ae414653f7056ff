/** What a half-step did, in words. */

import { change } from "./numbers.js";
import { heightsOf } from "./scales.js";

const E_STEPS = {
  em: "Each row\u2019s responsibilities are recomputed at the current parameters.",
  hard: "Each row is given whole to its most probable component.",
  stochastic: "Each row is given whole to one component, drawn from its responsibilities.",
};

/** A heading and sentences on what a half-step did. */
export function describe({ algorithm, steps, outcome }, index) {
  const step = steps[index];
  const before = steps[index - 1];
  const told = step.phase === "E" ? tellE(step, algorithm) : tellM(step, before, algorithm);
  if (index === 0) told.unshift("The start.");
  if (before && step.iteration - before.iteration > 1) told.unshift("Some half-steps before this were not kept.");
  if (index === steps.length - 1 && outcome) told.push(outcome);
  return { heading: `${step.phase}-step ${step.iteration}`, text: told.join(" ") };
}

function tellE({ kl }, algorithm) {
  const gap =
    Math.abs(kl) < 0.0005
      ? "The bound touches the log-likelihood: KL\u00a0=\u00a00."
      : `The bound stays ${change(kl)} below the log-likelihood: whole rows are not the posterior.`;
  return [E_STEPS[algorithm] ?? E_STEPS.em, gap];
}

function tellM(step, before, algorithm) {
  const from = algorithm === "em" ? "these responsibilities" : "the rows given to each component";
  const told = [`Weights, means and covariances are re-estimated from ${from}.`];
  if (!before || heightsOf([step, before]).length < 4) return told;
  const moved = (name) => `${step[name] < before[name] ? "falls" : "rises"} by ${change(step[name] - before[name])}`;
  told.push(
    `The bound ${moved("elbo")}, the log-likelihood ${moved("log_likelihood")}; ` +
      `the gap between them, KL, is now ${change(step.kl)}.`,
  );
  return told;
}
