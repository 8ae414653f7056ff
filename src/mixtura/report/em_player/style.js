/** How the player looks; all of it stays in its shadow root. */

const STYLE = `
:host { display: block; container-type: inline-size; }
* { box-sizing: border-box; }
.player {
  --ground: #ffffff; --ink: #1c2127; --soft: #59636e; --line: #d5dae0; --faint: #eef1f4;
  --bound: #7b3fa0; --accent: #1f6097;
  color-scheme: light; color: var(--ink); background: var(--ground);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  border: 1px solid var(--line); border-radius: 10px; padding: 16px;
}
.player[data-theme="dark"] {
  --ground: #171a1f; --ink: #e8ebee; --soft: #a3adb8; --line: #3a424b; --faint: #242a31;
  --bound: #c79be8; --accent: #7db8ea; color-scheme: dark;
}
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: end; justify-content: space-between; margin-bottom: 12px; }
h2 { font-size: 17px; line-height: 1.3; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
.about { color: var(--soft); margin: 0; font-size: 13px; }
.columns { display: flex; gap: 12px; min-width: 0; max-width: 100%; }
label { color: var(--soft); font-size: 13px; display: flex; align-items: center; gap: 6px; min-width: 0; }
select, button { font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 6px; }
select { padding: 3px 2px; min-height: 28px; min-width: 0; max-width: 15em; text-overflow: ellipsis; }
.body { display: grid; gap: 16px; }
.side, .stage { min-width: 0; }
.plot { position: relative; width: 100%; aspect-ratio: 100 / 74; min-height: 240px; max-height: 430px; }
.plot.curve { aspect-ratio: auto; height: 240px; }
.plot > * { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.place { cursor: crosshair; }
.curve svg { cursor: pointer; touch-action: pan-y; }
text { font-size: 12px; fill: var(--soft); }
text.name { fill: var(--ink); }
.axis { stroke: var(--line); fill: none; }
.grid { stroke: var(--faint); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 6px 0 0; padding: 0; list-style: none; font-size: 13px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px; }
.legend i.bar { width: 16px; height: 0; border-radius: 0; border-top: 2.5px solid; vertical-align: 4px; }
.legend i.area { border-radius: 2px; width: 16px; background: var(--bound); opacity: 0.25; }
.controls { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-top: 10px; }
.buttons { display: flex; gap: 6px; }
button { width: 38px; height: 38px; padding: 0; cursor: pointer; display: grid; place-items: center; }
button:not(.play):hover { background: var(--faint); }
button[aria-disabled="true"] { opacity: 0.35; cursor: default; }
button svg { width: 18px; height: 18px; fill: currentColor; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
button.play { background: var(--accent); border-color: var(--accent); color: var(--ground); }
button.play svg { stroke-width: 0; }
input[type="range"] { flex: 1 1 120px; min-width: 0; accent-color: var(--accent); height: 24px; margin: 0; }
output { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.said { margin: 0 0 12px; min-height: 9em; }
.said b { display: block; font-size: 16px; }
h3 { font-size: 13px; font-weight: 650; margin: 0; }
.over { display: flex; justify-content: space-between; align-items: center; gap: 8px; margin-bottom: 4px; }
.sums { display: grid; grid-template-columns: auto auto auto auto auto; justify-content: start; gap: 6px 8px; align-items: end; margin: 12px 0 0; font-variant-numeric: tabular-nums; }
.sums dt { font-size: 12px; color: var(--soft); white-space: nowrap; }
.sums dd { margin: 0; font-size: 15px; white-space: nowrap; }
.note { color: var(--soft); font-size: 12px; margin: 6px 0 0; }
.problem { margin: 0; padding: 4px 0; }
[hidden] { display: none !important; }
@container (max-width: 310px) {
  .sums { column-gap: 5px; }
  .sums dt { font-size: 11px; }
  .sums dd { font-size: 13px; }
}
@container (min-width: 900px) {
  .said { min-height: 7.6em; }
}
@container (min-width: 720px) {
  .player:not(.compact) .body { grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); gap: 24px; }
  .player:not(.compact) .stage .plot { aspect-ratio: 100 / 88; }
}
`;

/** A sheet for a shadow root; a page whose security policy forbids style elements allows it. */
export function styleSheet() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  return sheet;
}
