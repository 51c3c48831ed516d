import type { ChartPairs, ChartSeries } from "../api/types";
import { either, SUMMED } from "../charts/data";

/** What of a chart over a metric is asked for. */
export interface PairsView {
  /** At most so many buckets. */
  width: number;
  start?: number;
  end?: number;
}

const VALUES = ["minima", "maxima", "last_values"] as const;

/** What is known of some points. */
type Points = Record<(typeof SUMMED)[number], number> & Record<(typeof VALUES)[number], number | null>;

/** What both metrics have in a column of steps: on x the last, the least and the greatest value; the points of y. */
interface Pair extends Points {
  x: number;
  least: number;
  greatest: number;
}

/**
 * A metric over another one, joined by the law of `TrackingStore.chart_pairs`; but `most` takes the place of its numbers,
 * and a closer look has no shorter columns.
 *
 * @param points of the metric, and `places` of the one on the x axis: their buckets by step.
 * @param most series of so many points have a bucket for each; longer ones so many columns of steps at most.
 */
export function pairsOf(points: ChartSeries, places: ChartSeries, most: number, view: PairsView): ChartPairs {
  const steps = stepsOf([points, places], most);
  const [known, over] = [byColumn(points, steps), byColumn(places, steps)];
  const pairs: Pair[] = [];
  let [unpaired, unpaired_x] = [0, 0];
  for (const [column, each] of known) {
    const place = over.get(column);
    if (!place || place.last_values === null) unpaired += each.counts;
    else pairs.push({ ...each, x: place.last_values, least: place.minima!, greatest: place.maxima! });
  }
  for (const [column, each] of over) unpaired_x += known.has(column) ? 0 : each.counts;
  const { start = -Infinity, end = Infinity } = view;
  const shown = byX(pairs.filter((each) => each.greatest >= start && each.least <= end), view.width);
  const column = <K extends keyof Pair>(name: K) => shown.map((each) => each[name]);
  return {
    ...{ run_id: points.run_id, key: points.key, x_key: places.key, steps, unpaired, unpaired_x },
    ...{ xs: column("x"), x_minima: column("least"), x_maxima: column("greatest"), counts: column("counts") },
    ...{ minima: column("minima"), maxima: column("maxima"), last_values: column("last_values"), nans: column("nans") },
    ...{ positive_infinities: column("positive_infinities"), negative_infinities: column("negative_infinities") },
  };
}

/** How many steps a column has: single ones where each bucket of both is a point. */
function stepsOf(series: ChartSeries[], most: number): number {
  const isLong = series.some(({ counts }) => counts.reduce((sum, each) => sum + each, 0) > most);
  const of = ({ starts, ends }: ChartSeries) => (starts.length ? shortest(starts[0], ends[ends.length - 1], most, 1) : 1);
  return isLong ? Math.max(...series.map(of)) : 1;
}

/** The shortest columns of which there are not too many: a power of two long, they begin at its multiples. */
function shortest(first: number, last: number, most: number, least: number): number {
  let length = least;
  while (Math.floor(last / length) - Math.floor(first / length) >= most) length *= 2;
  return length;
}

/** The points of each column of steps; shorter columns that buckets stand for lie within one. */
function byColumn(series: ChartSeries, steps: number): Map<number, Points> {
  const found = new Map<number, Points>();
  series.starts.forEach((start, at) => {
    const points = Object.fromEntries([...SUMMED, ...VALUES].map((name) => [name, series[name][at]])) as Points;
    const column = Math.floor(start / steps);
    const before = found.get(column);
    found.set(column, before ? together(before, points) : points);
  });
  return found;
}

/** Pairs in the order of x, as at most `width` buckets: columns of x, if they are more. */
function byX(pairs: Pair[], width: number): Pair[] {
  const ordered = pairs.sort((one, other) => one.x - other.x); // equal x stay in the order of their steps
  if (ordered.length <= width) return ordered;
  const length = lengthOn(ordered[0].x, ordered[ordered.length - 1].x, width);
  const rows: Pair[] = [];
  for (const each of ordered) {
    const before = rows[rows.length - 1];
    if (before && Math.floor(before.x / length) === Math.floor(each.x / length)) rows[rows.length - 1] = joined(before, each);
    else rows.push(each);
  }
  return rows;
}

/** How long columns of x are, which may be parts of 1: what is tried first is too short, unless nothing shorter exists. */
function lengthOn(first: number, last: number, width: number): number {
  if (first === last) return 1;
  const power = Math.floor(Math.log2(last / width - first / width)) - 1;
  return shortest(first, last, width, 2 ** Math.max(-1074, power));
}

const joined = (first: Pair, second: Pair): Pair => ({
  ...together(first, second),
  x: second.x,
  least: Math.min(first.least, second.least),
  greatest: Math.max(first.greatest, second.greatest),
});

/** What is known of points together; those of `second` come after those of `first`. */
function together(first: Points, second: Points): Points {
  const sums = Object.fromEntries(SUMMED.map((name) => [name, first[name] + second[name]])) as Pick<Points, (typeof SUMMED)[number]>;
  return {
    ...sums,
    minima: either(Math.min, first.minima, second.minima),
    maxima: either(Math.max, first.maxima, second.maxima),
    last_values: second.last_values ?? first.last_values,
  };
}
