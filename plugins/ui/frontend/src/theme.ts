import { useSyncExternalStore } from "react";
import { isDark } from "./colours";

export type Theme = "system" | "light" | "dark";
const KEY = "hookline.theme";
const listeners = new Set<() => void>();

export function theme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system"; // a browser that keeps nothing
  }
}

export function setTheme(to: Theme): void {
  try {
    if (to === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, to);
  } catch {
    // the choice lasts as long as the page
  }
  apply(to);
}

export function apply(to: Theme = theme()): void {
  if (to === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = to;
  for (const each of listeners) each();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply());

/** The theme as it is shown, for what draws with colours of its own. */
export function useDark(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isDark,
  );
}
