/** The structures of covariance matrices, with what they mean. */

export const SKLEARN = [
  ["full", "each its own ellipse (VVV)"],
  ["tied", "one ellipse shared (EEE)"],
  ["diag", "along the axes (VVI)"],
  ["spherical", "round, own size (VII)"],
];

const VOLUME = { E: "equal size", V: "own size" };
const SHAPE = { E: "equal shape", V: "own shape", I: "round" };
const ORIENTATION = { E: "equal tilt", V: "own tilt", I: "along the axes" };

const CODES = "EII VII EEI VEI EVI VVI EEE VEE EVE VVE EEV VEV EVV VVV".split(" ");

/** What the three letters of mclust say: volume, shape, orientation. */
function meaning(code) {
  const [volume, shape, orientation] = code;
  const words = [VOLUME[volume], SHAPE[shape]];
  if (shape !== "I") words.push(ORIENTATION[orientation]);
  return words.join(", ");
}

export const MCLUST = CODES.map((code) => [code, meaning(code)]);

/** One name of each: four codes say the same as scikit-learn's names. */
const TWINS = ["VVV", "EEE", "VVI", "VII"];
export const CANDIDATES = [...SKLEARN, ...MCLUST.filter(([code]) => !TWINS.includes(code))];
