import type { Drawn } from "./charts";

/** What a part is shorter than the one before by. */
const SHORTER = 16;
const MOST_PARTS = 8;

const COLUMNS = ["starts", "ends", "counts", "minima", "maxima", "last_values", "nans", "positive_infinities", "negative_infinities"] as const;

/**
 * Buckets for a logarithmic axis: those of the whole, and near zero, where such an axis is wide and columns of equal length
 * are few, those of a part of its own, and of a part of that.
 *
 * @param isWhole whether x are whole numbers.
 * @param least where what is shown begins.
 * @param ask for the buckets up to a place.
 */
export async function withFinerStart(whole: Drawn[], isWhole: boolean, least: number, ask: (end: number) => Promise<Drawn[]>): Promise<Drawn[]> {
  let [found, newest, edge] = [whole, whole, Infinity];
  for (let part = 0; part < MOST_PARTS; part++) {
    const near = newest.flatMap((each) => each.ends.flatMap((end, at) => (end > 0 && end <= edge && each.counts[at] > 1 ? [end] : [])));
    edge = edgeBelow(near.length ? Math.min(edge, Math.max(...ends(newest, edge))) : 0, isWhole);
    if (!(edge > Math.max(0, least))) break;
    newest = await ask(edge);
    found = found.map((each, at) => together(newest[at], each, edge));
  }
  return found;
}

const ends = (series: Drawn[], edge: number) => series.flatMap((each) => each.ends.filter((end) => end <= edge));

/** The last x of a column, since columns begin at multiples of powers of two: the number just before one. */
function edgeBelow(greatest: number, isWhole: boolean): number {
  const power = 2 ** Math.floor(Math.log2(greatest / SHORTER));
  if (!isWhole) return power * (1 - Number.EPSILON / 2);
  return power > 1 ? power - 1 : power;
}

/** Of one series what lies up to a place, and of the other what lies beyond. */
function together(near: Drawn, far: Drawn, edge: number): Drawn {
  const [first, second] = [kept(near, (end) => end <= edge), kept(far, (end) => end > edge)];
  const columns = COLUMNS.map((name) => [name, [...first.map((at) => near[name][at]), ...second.map((at) => far[name][at])]]);
  return { ...far, ...Object.fromEntries(columns) };
}

const kept = (series: Drawn, isIn: (end: number) => boolean) => series.ends.flatMap((end, at) => (isIn(end) ? [at] : []));
