import { useCallback, useRef } from "react";

/** A function that never changes and does what the last one given does: what is memoised need not be made again for it. */
export function useStable<A extends unknown[], R>(act: (...given: A) => R): (...given: A) => R {
  const last = useRef(act);
  last.current = act;
  return useCallback((...given: A) => last.current(...given), []);
}
