import type { Drawn } from "../api/charts";
import type { ChartBand, ChartSeries } from "../api/types";

/** Marks of what is no number, which no line can show. */
export interface Mark {
  x: number;
  kind: "nan" | "+inf" | "-inf";
}

export interface Line {
  /** Of a run, or of a group of runs. */
  id: string;
  isGroup: boolean;
  /** Where each bucket's last point lies. */
  x: number[];
  /** What the line goes through: a run's last values, the means of a group. */
  last: (number | null)[];
  smooth: (number | null)[] | null;
  low: (number | null)[];
  high: (number | null)[];
  /** Whether some bucket holds several points, so that there is a band to draw. */
  hasBand: boolean;
  marks: Mark[];
  /** How many points have no place, since their x is not above zero and the axis is logarithmic. */
  left: number;
}

/** An exponential moving average, corrected for its start; what is no number is left out of it. */
export function smoothed(values: (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let share = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}

/** How lines are drawn. */
export interface Drawing {
  /** The weight of what was before, from 0 (no smoothing) to 1. */
  smooth: number;
  log: boolean;
  /** Whether the x axis is logarithmic. */
  logX: boolean;
  /** What an x of the server is multiplied by. */
  scale: number;
}

/** The series of runs as lines. */
export function linesOf(series: Drawn[], drawing: Drawing): Line[] {
  return series.map((each) => ({
    ...drawn(each, each.last_values, drawing),
    id: each.run_id,
    isGroup: false,
    hasBand: hasSeveral(each),
  }));
}

/** The bands of groups as lines through their means. */
export function meansOf(bands: ChartBand[], drawing: Drawing): Line[] {
  return bands.map((each) => ({ ...drawn(each, each.means, drawing), id: each.group, isGroup: true, hasBand: true }));
}

type Buckets = Omit<ChartSeries, "run_id" | "key" | "last_values">;

/** On a logarithmic axis what is not above zero has no place. */
function drawn(given: Buckets, through: (number | null)[], drawing: Drawing): Omit<Line, "id" | "isGroup" | "hasBand"> {
  const { smooth, log, logX, scale } = drawing;
  const { of, values, left } = atPlaces(given, through, logX);
  const place = (value: number | null) => (log && value !== null && value <= 0 ? null : value);
  const x = of.ends.map((end) => end * scale);
  const last = values.map(place);
  const marks: Mark[] = [];
  of.nans.forEach((count, at) => count && marks.push({ x: x[at], kind: "nan" }));
  of.positive_infinities.forEach((count, at) => count && marks.push({ x: x[at], kind: "+inf" }));
  of.negative_infinities.forEach((count, at) => count && marks.push({ x: x[at], kind: "-inf" }));
  const [low, high] = [of.minima.map(place), of.maxima.map(place)];
  return { x, last, smooth: smooth > 0 ? smoothed(last, smooth) : null, low, high, marks, left };
}

/** Whether some bucket holds several points, or several lie at one place. */
function hasSeveral({ counts, ends }: Pick<Buckets, "counts" | "ends">): boolean {
  return counts.some((count, at) => count > 1 || (at > 0 && ends[at] === ends[at - 1]));
}

/** What of buckets is added where they are taken together. */
export const SUMMED = ["counts", "nans", "positive_infinities", "negative_infinities"] as const;

/** Buckets with a place each: those that end at the same x are one, and a logarithmic axis begins above zero. */
function atPlaces(given: Buckets, through: (number | null)[], logX: boolean) {
  const of: Buckets = { ...given, starts: [], ends: [], minima: [], maxima: [], counts: [], nans: [], positive_infinities: [], negative_infinities: [] };
  const values: (number | null)[] = [];
  let left = 0;
  given.ends.forEach((end, at) => {
    if (logX && end <= 0) {
      left += given.counts[at];
      return;
    }
    const before = of.ends.length - 1;
    if (before < 0 || of.ends[before] !== end) {
      for (const name of [...SUMMED, "starts", "ends"] as const) of[name].push(given[name][at]);
      of.minima.push(given.minima[at]);
      of.maxima.push(given.maxima[at]);
      values.push(through[at]);
      return;
    }
    for (const name of SUMMED) of[name][before] += given[name][at];
    of.minima[before] = either(Math.min, of.minima[before], given.minima[at]);
    of.maxima[before] = either(Math.max, of.maxima[before], given.maxima[at]);
    values[before] = through[at] ?? values[before];
  });
  return { of, values, left };
}

/** The least or the greatest of two values, of which either may be none. */
export const either = (choose: (one: number, other: number) => number, one: number | null, other: number | null) =>
  one === null || other === null ? (one ?? other) : choose(one, other);

const many = (count: number) => count.toLocaleString("en");

/** What of a chart over a metric was joined how, and what was left out, in words. */
export function joiningText(series: Drawn[], over: string): string {
  const joined = series.flatMap((each) => each.joining ?? []);
  const total = (pick: (each: (typeof joined)[number]) => number) => joined.reduce((sum, each) => sum + pick(each), 0);
  const steps = Math.max(1, ...joined.map((each) => each.steps));
  const [unpaired, unpairedX] = [total((each) => each.unpaired), total((each) => each.unpaired_x)];
  return [
    steps > 1 && `joined in columns of ${many(steps)} steps`,
    unpaired > 0 && `${many(unpaired)} without ${over} left out`,
    unpairedX > 0 && `${many(unpairedX)} of ${over} alone`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What the marks of a chart count, in words. */
export function markedText(series: Pick<ChartSeries, "nans" | "positive_infinities" | "negative_infinities">[]): string {
  const total = (pick: (each: (typeof series)[number]) => number[]) =>
    series.reduce((sum, each) => sum + pick(each).reduce((one, other) => one + other, 0), 0);
  const parts = [
    [total((each) => each.nans), "NaN"],
    [total((each) => each.positive_infinities), "+∞"],
    [total((each) => each.negative_infinities), "−∞"],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count.toLocaleString("en")} × ${name}`)
    .join(", ");
}

/** Which share of all values, at either end, are outliers. */
const OUTER = 0.02;
/** How much room there is above and below what is shown. */
const ROOM = 0.05;

export interface Clipping {
  low: number;
  high: number;
  /** How many buckets reach beyond it. */
  beyond: number;
}

/** Where y is cut so that a few values do not flatten all others, in a part of x; null where nothing lies beyond. */
export function clippingOf(lines: Line[], part: [number, number] | null, log: boolean): Clipping | null {
  const [from, to] = part ?? [-Infinity, Infinity];
  const seen = lines.flatMap((line) => {
    const [below, above] = line.hasBand ? [line.low, line.high] : [line.last, line.last];
    return line.x.flatMap((x, at) => (x >= from && x <= to ? [[below[at] ?? above[at], above[at]]] : []));
  });
  const known = seen.filter((each): each is [number, number] => each[1] !== null);
  const outer = Math.floor(known.length * OUTER);
  const least = known.map(([below]) => below).sort(upwards)[outer];
  const greatest = known.map(([, above]) => above).sort(upwards)[known.length - 1 - outer];
  if (!(least < greatest)) return null;
  const room = log ? (greatest / least) ** ROOM : (greatest - least) * ROOM;
  const [low, high] = log ? [least / room, greatest * room] : [least - room, greatest + room];
  const beyond = known.filter(([below, above]) => below < low || above > high).length;
  return beyond ? { low, high, beyond } : null;
}

const upwards = (one: number, other: number) => one - other;
