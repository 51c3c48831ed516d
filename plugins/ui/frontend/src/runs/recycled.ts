import { useRef } from "react";

interface Slot {
  key: number;
  id: string;
}

/**
 * Keys of rows by their ids, in the order that they stand in the page. While one scrolls, a row that comes takes the key, and
 * so the elements, of one that went, and none is moved; once that has ended they stand in the order in which they are read.
 */
export function useRecycled(ids: string[], isMoving: boolean): Slot[] {
  const kept = useRef<Slot[]>([]);
  const next = useRef(0);
  const slots = recycled(kept.current, ids, focusedRow(), () => next.current++);
  if (!isMoving) {
    const places = new Map(ids.map((id, at) => [id, at]));
    slots.sort((one, other) => places.get(one.id)! - places.get(other.id)!);
  }
  kept.current = slots;
  return slots;
}

/** What is focused goes with its row: nobody's key press is meant for the one that comes. */
function focusedRow(): string | undefined {
  return document.activeElement?.closest(".row")?.id.replace(/^row-/, "");
}

export function recycled(kept: Slot[], ids: string[], focused: string | undefined, nextKey: () => number): Slot[] {
  const wanted = new Set(ids);
  const known = new Set(kept.map((each) => each.id));
  const fresh = ids.filter((id) => !known.has(id));
  const slots = kept.flatMap((each) => {
    if (wanted.has(each.id)) return [each];
    const id = fresh.shift();
    return id === undefined ? [] : [{ id, key: each.id === focused ? nextKey() : each.key }];
  });
  return [...slots, ...fresh.map((id) => ({ id, key: nextKey() }))];
}
