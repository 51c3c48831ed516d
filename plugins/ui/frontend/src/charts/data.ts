import type { ChartSeries } from "../api/types";

/** Marks of what is no number, which no line can show. */
export interface Mark {
  x: number;
  kind: "nan" | "+inf" | "-inf";
}

export interface Line {
  runId: string;
  /** Where each bucket's last point lies. */
  x: number[];
  last: (number | null)[];
  smooth: (number | null)[] | null;
  low: (number | null)[];
  high: (number | null)[];
  /** Whether some bucket holds several points, so that there is a band to draw. */
  hasBand: boolean;
  marks: Mark[];
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

/** The series of a chart as lines. On a logarithmic axis what is not above zero has no place. */
export function linesOf(series: ChartSeries[], weight: number, isLog: boolean, scaleX: number): Line[] {
  const place = (value: number | null) => (isLog && value !== null && value <= 0 ? null : value);
  return series.map((each) => {
    const x = each.ends.map((end) => end * scaleX);
    const last = each.last_values.map(place);
    const marks: Mark[] = [];
    each.nans.forEach((count, at) => count && marks.push({ x: x[at], kind: "nan" }));
    each.positive_infinities.forEach((count, at) => count && marks.push({ x: x[at], kind: "+inf" }));
    each.negative_infinities.forEach((count, at) => count && marks.push({ x: x[at], kind: "-inf" }));
    return {
      runId: each.run_id,
      x,
      last,
      smooth: weight > 0 ? smoothed(last, weight) : null,
      low: each.minima.map(place),
      high: each.maxima.map(place),
      hasBand: each.counts.some((count) => count > 1),
      marks,
    };
  });
}

/** What the marks of a chart count, in words. */
export function markedText(series: ChartSeries[]): string {
  const total = (pick: (each: ChartSeries) => number[]) =>
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
