/** Colours that stay apart from each other on white and on black, and for eyes that confuse red and green. */
const LIGHT = ["#0d7a70", "#c2570c", "#6d51d6", "#c0276d", "#2667cf", "#7c7a0a", "#0e8aa8", "#a8431f", "#4f7a28", "#93389f", "#55606e", "#b8860b"];
const DARK = ["#3fd0bf", "#f79654", "#a796f7", "#f47fb3", "#75a9f9", "#d3cf55", "#4cc7e4", "#ef8a68", "#9cc96f", "#d990e4", "#a9b4c2", "#efc35c"];

export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** A run's colour, which is the same everywhere: it comes from its id alone. */
export function colourIndex(runId: string): number {
  let sum = 2166136261;
  for (let at = 0; at < runId.length; at++) sum = Math.imul(sum ^ runId.charCodeAt(at), 16777619);
  return (sum >>> 0) % LIGHT.length;
}

export function colourOf(runId: string): string {
  return (isDark() ? DARK : LIGHT)[colourIndex(runId)];
}

export function withAlpha(colour: string, alpha: number): string {
  return colour + Math.round(alpha * 255).toString(16).padStart(2, "0");
}
