import type { Place } from "./cells";

export const ROW = 34;
/** How many rows and columns are drawn beyond each edge, so that there is something until the next picture. */
const ROWS_BEYOND = 6;
const COLUMNS_BEYOND = 3;

/** What is seen of a list: from one index until before another one. */
export interface Range {
  from: number;
  until: number;
}

/** The rows that are drawn: always as many, so that none is made or thrown away while somebody scrolls. */
export function seenRows(top: number, height: number, count: number): Range {
  const drawn = Math.ceil(height / ROW) + 1 + 2 * ROWS_BEYOND;
  const from = Math.max(0, Math.min(Math.floor(top / ROW) - ROWS_BEYOND, count - drawn));
  return { from, until: Math.min(count, from + drawn) };
}

/** The columns that are drawn, of those that stand one behind the other from their `start`. */
export function seenColumns(places: Required<Place>[], left: number, right: number): Range {
  const first = places.findIndex((each) => each.start + each.width > left);
  if (first < 0) return { from: Math.max(0, places.length - COLUMNS_BEYOND), until: places.length };
  let last = first;
  while (last < places.length && places[last].start < right) last++;
  return { from: Math.max(0, first - COLUMNS_BEYOND), until: Math.min(places.length, last + COLUMNS_BEYOND) };
}
