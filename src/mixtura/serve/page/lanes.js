/** Runs side by side: each has a player, and all show the same half-step. */

import { make } from "./elements.js";
import { createPlayer } from "./player.js";
import { ask } from "./requests.js";

export class Lanes {
  /** @param {HTMLElement} element  @param {(index: number) => void} onSeek */
  constructor(element, onSeek) {
    this.element = element;
    this.onSeek = onSeek;
    this.lanes = [];
    this.index = 0;
    this.moving = false;
    this.pending = Promise.resolve();
  }

  /** Forget all runs. */
  clear() {
    for (const lane of this.lanes) lane.player.destroy();
    this.lanes = [];
    this.index = 0;
    this.element.replaceChildren();
  }

  /** Show points only, to be clicked at. */
  preview(recording, onPlace) {
    this.clear();
    this.add({ recording, ended: true, warnings: [] }, { onPlace, compact: true });
    this.onSeek(0);
  }

  /** Show runs as the server began them. */
  show(runs) {
    this.clear();
    for (const run of runs) this.add(run, { compact: runs.length > 1 });
    this.seek(0);
  }

  add({ run, recording, ended, outcome, converged, warnings }, options) {
    const host = make("div", { class: "lane" });
    this.element.append(host);
    const lane = { run, ended, outcome, converged, warnings, last: recording.steps.at(-1) };
    this.lanes.push(lane);
    lane.player = createPlayer(host, recording, { ...options, onSeek: (index) => this.follow(lane, index) });
  }

  /** Let the other players follow the one that the reader moves. */
  follow(leader, index) {
    if (this.moving) return;
    this.seek(index, leader);
  }

  /** Show a half-step in all players; one that has ended earlier shows its end. */
  seek(index, leader = null) {
    this.moving = true;
    this.index = Math.min(Math.max(index, 0), Math.max(this.length - 1, 0));
    for (const lane of this.lanes) {
      if (lane !== leader && lane.player) lane.player.seek(Math.min(this.index, lane.player.length - 1));
    }
    this.moving = false;
    this.onSeek(this.index);
  }

  /** Half-steps that have been computed, of the longest run. */
  get length() {
    return Math.max(0, ...this.lanes.map(({ player }) => player?.length ?? 0));
  }

  get ended() {
    return this.lanes.length > 0 && this.lanes.every(({ ended }) => ended);
  }

  get warnings() {
    return [...new Set(this.lanes.flatMap(({ warnings }) => warnings))];
  }

  /** Compute at most so many half-steps more in every run, and show the last; in turn. */
  advance(count) {
    const turn = this.pending.then(() => this.take(count));
    this.pending = turn.catch(() => {});
    return turn;
  }

  async take(count) {
    const lanes = this.lanes.filter(({ ended }) => !ended);
    const answers = await Promise.all(lanes.map(({ run }) => ask("steps", { run, count })));
    if (lanes.some((lane) => !this.lanes.includes(lane))) return;
    this.moving = true;
    lanes.forEach((lane, at) => {
      const { steps, ...rest } = answers[at];
      Object.assign(lane, rest);
      lane.last = steps.at(-1) ?? lane.last;
      if (steps.length) lane.player.append(steps);
    });
    this.moving = false;
    this.seek(this.length - 1);
  }
}
