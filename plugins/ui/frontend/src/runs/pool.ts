/**
 * What shows rows by their ids: what is wanted and there is kept, what comes takes over what went, unless that is held.
 * Given back is what is left, held or too many.
 */
export function recycled<T>(pool: Map<string, T>, ids: string[], isHeld: (each: T) => boolean, make: () => T): T[] {
  const wanted = new Set(ids);
  const free: T[] = [];
  const left: T[] = [];
  for (const [id, each] of pool) {
    if (wanted.has(id)) continue;
    pool.delete(id);
    (isHeld(each) ? left : free).push(each);
  }
  for (const id of ids) if (!pool.has(id)) pool.set(id, free.pop() ?? make());
  return [...left, ...free];
}
