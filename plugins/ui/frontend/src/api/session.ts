import { useSyncExternalStore } from "react";

/** Whether the server has said that it does not know who looks at the page. */
let isUnknown = false;
const listeners = new Set<() => void>();

export function noteUnknown(): void {
  if (isUnknown) return;
  isUnknown = true;
  for (const each of listeners) each();
}

export function useIsUnknown(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isUnknown,
  );
}

/** Where a browser asks for a name and a password, and then shows this place again. */
export const signInHref = (): string => `sign-in${location.hash}`;

/**
 * Let the browser forget the user. It keeps the credentials that a server took last; only this old kind of request can
 * give it others, which are nobody's.
 */
export function signOut(): void {
  const request = new XMLHttpRequest();
  request.open("GET", "sign-out", true, "signed-out", "signed-out");
  request.onloadend = noteUnknown;
  request.send();
}
