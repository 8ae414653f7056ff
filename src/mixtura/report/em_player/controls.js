/** What the reader does, and what follows: buttons, keys, slider, curve, lists. */

import { chooser, make } from "./elements.js";
import { SCALES } from "./scales.js";

/** Let a reader move a player; `listen(target, event, action)` ends with the player. */
export function connect(player, state, view, listen, onPlace) {
  const byHand = (index) => {
    player.pause();
    player.seek(index);
  };
  const playOrPause = () => (player.playing ? player.pause() : player.play());
  listen(view.first, "click", () => byHand(0));
  listen(view.back, "click", () => byHand(player.index - 1));
  listen(view.play, "click", playOrPause);
  listen(view.forward, "click", () => byHand(player.index + 1));
  listen(view.last, "click", () => byHand(player.length - 1));
  listen(view.slider, "input", () => byHand(Number(view.slider.value)));
  listen(view.root, "keydown", (event) => obeyKey(event, player, byHand, playOrPause));
  for (const event of ["pointerdown", "pointermove"]) {
    listen(view.curve, event, (pointer) => byPointer(pointer, state, view, byHand));
  }
  listen(view.scale, "change", () => {
    state.scale = Object.keys(SCALES)[view.scale.value];
    player.redraw();
  });
  if (state.recording.columns.length > 1) chooseColumns(player, state, view, listen);
  if (onPlace) {
    view.plot.classList.add("place");
    listen(view.main, "click", (pointer) => place(pointer, state, view, onPlace));
  }
}

function obeyKey(event, player, byHand, playOrPause) {
  const { tagName } = event.composedPath()[0];
  const places = { ArrowLeft: player.index - 1, ArrowRight: player.index + 1, Home: 0, End: player.length - 1 };
  if (event.altKey || event.ctrlKey || event.metaKey || tagName === "SELECT") return;
  if (event.key in places) byHand(places[event.key]);
  else if (event.key === " " && tagName !== "BUTTON") playOrPause();
  else return;
  event.preventDefault();
}

/** Go to the half-step that is nearest to where the curve is pressed. */
function byPointer({ buttons, clientX }, { curve }, view, byHand) {
  if (!(buttons & 1) || !curve) return;
  const wanted = curve.x.invert(clientX - view.curve.getBoundingClientRect().left);
  const distances = curve.places.map((other) => Math.abs(other - wanted));
  byHand(distances.indexOf(Math.min(...distances)));
}

/** Tell where the main picture is pressed, in the data's units. */
function place({ clientX, clientY }, { pixels, columns }, view, onPlace) {
  const edge = view.main.getBoundingClientRect();
  const { x, y } = pixels;
  onPlace(x.invert(clientX - edge.left), y ? y.invert(clientY - edge.top) : null, columns);
}

/** Two lists of columns; the second can ask for a density instead. */
function chooseColumns(player, state, view, listen) {
  const names = state.recording.columns;
  const [i, j] = state.columns;
  const xs = chooser("Horizontal axis", names, i);
  const ys = chooser("Vertical axis", [...names, "density"], j ?? names.length);
  const choose = () => {
    const [x, y] = [Number(xs.value), Number(ys.value)];
    const [oldX, oldY] = state.columns;
    if (y === names.length) state.columns = [x];
    else if (x !== y) state.columns = [x, y];
    else state.columns = x === oldX ? [oldY ?? (x ? 0 : 1), y] : [x, oldX];
    [xs.value, ys.value] = [state.columns[0], state.columns[1] ?? names.length];
    player.redraw();
  };
  listen(xs, "change", choose);
  listen(ys, "change", choose);
  view.columns.append(make("label", {}, "x", xs), make("label", {}, "y", ys));
}
