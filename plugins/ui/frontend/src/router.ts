import { useSyncExternalStore } from "react";

/** The page's address: a path below `#`, and fields behind `?`. A whole view is in it, so that it can be sent. */
export interface Place {
  path: string[];
  fields: URLSearchParams;
}

let current = read();
const listeners = new Set<() => void>();

function read(): Place {
  const [path, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { path: path.split("/").filter(Boolean).map(decode), fields: new URLSearchParams(query ?? "") };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function changed(): void {
  current = read();
  for (const each of listeners) each();
}

addEventListener("hashchange", changed);

export function href(path: string[], fields: Record<string, string | undefined> = {}): string {
  const pairs = Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "");
  const query = new URLSearchParams(pairs).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`;
}

/** Go somewhere; `replace` leaves no step for the back button. */
export function go(to: string, replace = false): void {
  if (replace) {
    history.replaceState(null, "", to);
    changed();
  } else {
    location.hash = to;
  }
}

export function usePlace(): Place {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

function changeFields(changes: Record<string, string | undefined>, replace = false): void {
  go(href(current.path, { ...Object.fromEntries(current.fields), ...changes }), replace);
}

/** The fields of the address, and a way to change some of them. */
export function useFields(): [URLSearchParams, typeof changeFields] {
  return [usePlace().fields, changeFields];
}
