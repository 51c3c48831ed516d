import { useMemo, useRef, useState } from "react";
import { useStable } from "../parts/stable";
import type { Change } from "./state";

const NARROWEST = 60;
const WIDEST = 4000;

/** Widths that somebody gave columns, by the columns' ids. */
export type Widths = Record<string, number>;

const NONE: Widths = {};

/** A width that a column may have. */
export const bounded = (width: number) => Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));

/** What the address says of widths. */
export function readWidths(said: string | null): Widths {
  try {
    const found: unknown = JSON.parse(said ?? "{}");
    if (typeof found !== "object" || found === null || Array.isArray(found)) return NONE;
    return Object.fromEntries(Object.entries(found).flatMap(([id, width]) => (typeof width === "number" ? [[id, bounded(width)]] : [])));
  } catch {
    return NONE; // an address that somebody wrote by hand
  }
}

/** How the address says it: of the columns that are shown, those that have not their own width. */
export function widthsText(widths: Widths, columns: { id: string; width: number }[]): string | undefined {
  const given = columns.flatMap(({ id, width }) => (id in widths && widths[id] !== bounded(width) ? [[id, widths[id]]] : []));
  return given.length ? JSON.stringify(Object.fromEntries(given)) : undefined;
}

export interface Sizing {
  widths: Widths;
  onWidth: (id: string, width: number) => void;
  /** Ends what `onWidth` began: only then the address says it, since browsers refuse to change it at each move. */
  onSized: () => void;
}

/** The widths that columns were given, as the address says, and a way to change them. */
export function useSizing(columns: { id: string; width: number }[], said: string | null, change: Change): Sizing {
  const kept = useMemo(() => readWidths(said), [said]);
  const [moving, setMoving] = useState(NONE);
  const newest = useRef(moving);
  const move = (widths: Widths) => setMoving((newest.current = widths));
  const onWidth = useStable((id: string, width: number) => move({ ...newest.current, [id]: bounded(width) }));
  const onSized = useStable(() => {
    if (newest.current === NONE) return;
    change({ widths: widthsText({ ...kept, ...newest.current }, columns) }, true);
    move(NONE);
  });
  const widths = useMemo(() => (moving === NONE ? kept : { ...kept, ...moving }), [kept, moving]);
  return { widths, onWidth, onSized };
}
