/** Colours that stay apart from each other on white and on black. `styles/tokens.css` has the same as `--c0`, ... */
const LIGHT = ["#0d7a70", "#c2570c", "#6d51d6", "#c0276d", "#2667cf", "#7c7a0a", "#0e8aa8", "#a8431f", "#4f7a28", "#93389f", "#55606e", "#a3760a", "#12804a", "#d33c3c", "#3f3fb5", "#a0307c", "#1c6f8c", "#8a6d3b", "#7a9a12", "#b85c9e"];
const DARK = ["#3fd0bf", "#f79654", "#a796f7", "#f47fb3", "#75a9f9", "#d3cf55", "#4cc7e4", "#ef8a68", "#9cc96f", "#d990e4", "#a9b4c2", "#efc35c", "#5fd693", "#ff8f8f", "#9aa0ff", "#f08fd0", "#7fc4dd", "#d8bb86", "#c5e05a", "#e8a9d6"];

let prefersDark: MediaQueryList | undefined;

/** Whether the page is dark now. Charts ask for each line that they draw, so the browser's answer is at hand. */
export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : (prefersDark ??= matchMedia("(prefers-color-scheme: dark)")).matches;
}

/** Of groups, whose ids begin so, and of runs. */
export const GROUP = "group:";
const given = { groups: new Map<string, number>(), runs: new Map<string, number>() };

/**
 * The colour of a run or of a group of runs, the same in table, charts and comparison. The first twenty runs that are shown
 * differ from each other, and so do the first twenty groups, which take the colours in the order that keeps few far apart.
 */
export function colourIndex(id: string): number {
  const alike = id.startsWith(GROUP) ? given.groups : given.runs;
  const known = alike.get(id);
  if (known !== undefined) return known;
  let index = (alike === given.groups ? alike.size : hash(id)) % LIGHT.length;
  if (alike.size < LIGHT.length) {
    const taken = new Set(alike.values());
    while (taken.has(index)) index = (index + 1) % LIGHT.length;
  }
  alike.set(id, index);
  return index;
}

function hash(text: string): number {
  let sum = 2166136261;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 16777619);
  return sum >>> 0;
}

export function colourOf(id: string): string {
  return (isDark() ? DARK : LIGHT)[colourIndex(id)];
}

/** The colour of one of several series that are no runs. */
export function seriesColour(index: number): string {
  const colours = isDark() ? DARK : LIGHT;
  return colours[index % colours.length];
}

export function withAlpha(colour: string, alpha: number): string {
  return colour + Math.round(alpha * 255).toString(16).padStart(2, "0");
}
