/** Colours of components and of rows that belong to several. */

/** Okabe and Ito's colours, as in mixtura.plot, and lighter ones for a dark page. */
const PALETTES = {
  light: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#6B4C1E"],
  dark: ["#4BA6E3", "#F4813A", "#2FC79A", "#E79CC6", "#F2BC3F", "#A5DBFA", "#F2F2F2", "#C79F6B"],
};
const VIRIDIS = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];
export const GREY = [138, 147, 156];

const toRgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
export const toCss = (rgb) => `rgb(${rgb.map(Math.round).join(", ")})`;

/** Red, green and blue of each component. */
export function componentColours(count, theme) {
  const palette = PALETTES[theme];
  if (count <= palette.length) return palette.slice(0, count).map(toRgb);
  const [from, to] = theme === "dark" ? [0.15, 1] : [0, 0.9];
  return Array.from({ length: count }, (_, index) => {
    const place = (from + ((to - from) * index) / (count - 1)) * (VIRIDIS.length - 1);
    const left = Math.min(Math.floor(place), VIRIDIS.length - 2);
    const [a, b] = [toRgb(VIRIDIS[left]), toRgb(VIRIDIS[left + 1])];
    return a.map((value, channel) => value + (place - left) * (b[channel] - value));
  });
}

/** Mix the colours of the components as row `row` belongs to them; grey is what is left. */
export function blend(shares, row, colours) {
  const mixed = [0, 0, 0];
  let total = 0;
  for (let k = 0; k < colours.length; k++) {
    const share = shares[row * colours.length + k];
    total += share;
    for (let channel = 0; channel < 3; channel++) mixed[channel] += share * colours[k][channel];
  }
  const noise = total < 0.97 ? 1 - total : 0; // less is rounding
  return mixed.map((value, channel) => (value + noise * GREY[channel]) / (total + noise));
}
