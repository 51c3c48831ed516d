import { describe, expect, test } from "vitest";
import type { ChartBand, ChartSeries } from "../src/api/types";
import type { Drawn } from "../src/api/charts";
import { withFinerStart } from "../src/api/finer";
import { clippingOf, joiningText, linesOf, markedText, meansOf, smoothed } from "../src/charts/data";
import { logTicks, tickText } from "../src/charts/ticks";
import { gridOf, quantile, quartiles } from "../src/explore/fields";

const series = (values: (number | null)[], more: Partial<ChartSeries> = {}): ChartSeries => ({
  run_id: "r",
  key: "k",
  starts: values.map((_, at) => at * 10),
  ends: values.map((_, at) => at * 10 + 9),
  counts: values.map(() => 10),
  minima: values.map((each) => each && each - 1),
  maxima: values.map((each) => each && each + 1),
  last_values: values,
  nans: values.map(() => 0),
  positive_infinities: values.map(() => 0),
  negative_infinities: values.map(() => 0),
  ...more,
});

const plain = { smooth: 0, log: false, logX: false, scale: 1 };

describe("smoothing", () => {
  test("begins at the first value and not at zero", () => expect(smoothed([5, 5, 5], 0.9)).toEqual([5, 5, 5]));
  test("is the weighted mean of what came before", () => {
    const [first, second] = smoothed([1, 3], 0.5);
    expect(first).toBe(1);
    expect(second).toBeCloseTo((0.25 * 1 + 0.5 * 3) / 0.75);
  });
  test("leaves out what is no number, and goes on behind it", () => {
    const [, gap, last] = smoothed([2, null, 2], 0.6);
    expect(gap).toBeNull();
    expect(last).toBeCloseTo(2);
  });
});

describe("the lines of buckets", () => {
  test("stand where each bucket ends, with the band of what is in it", () => {
    const [line] = linesOf([series([2, 4])], plain);
    expect(line).toMatchObject({ x: [9, 19], last: [2, 4], low: [1, 3], high: [3, 5], smooth: null, hasBand: true });
  });
  test("have no band where each bucket is a point", () => {
    expect(linesOf([series([2, 4], { counts: [1, 1] })], plain)[0].hasBand).toBe(false);
  });
  test("have no place below zero on a logarithmic axis", () => {
    expect(linesOf([series([-2, 4])], { ...plain, log: true })[0]).toMatchObject({ last: [null, 4], low: [null, 3], high: [null, 5] });
  });
  test("turn times into seconds", () => expect(linesOf([series([1])], { ...plain, scale: 0.001 })[0].x[0]).toBeCloseTo(0.009));
  test("mark what no line can show, and count it", () => {
    const odd = series([1, null], { nans: [0, 3], positive_infinities: [1, 0] });
    expect(linesOf([odd], plain)[0].marks).toEqual([
      { x: 19, kind: "nan" },
      { x: 9, kind: "+inf" },
    ]);
    expect(markedText([odd])).toBe("3 × NaN, 1 × +∞");
    expect(markedText([series([1])])).toBe("");
  });
});

describe("a logarithmic x axis", () => {
  test("begins above zero, and counts what lies before", () => {
    const found = linesOf([series([1, 2, 3], { ends: [-5, 0, 5], starts: [-9, -4, 1], nans: [0, 2, 0] })], { ...plain, logX: true });
    expect(found[0]).toMatchObject({ x: [5], last: [3], left: 20, marks: [] });
    expect(linesOf([series([1])], plain)[0].left).toBe(0);
  });
});

test("points at one place are one bucket, in which no spike is lost", () => {
  const many = series([1, 900, null, 2], { ends: [3, 3, 3, 4], counts: [1, 1, 1, 1], minima: [1, 900, null, 2], maxima: [1, 900, null, 2], nans: [0, 0, 1, 0] });
  const [line] = linesOf([many], plain);
  expect(line).toMatchObject({ x: [3, 4], last: [900, 2], low: [1, 2], high: [900, 2], hasBand: true, marks: [{ x: 3, kind: "nan" }] });
});

test("a chart over a metric says what was joined how, and what was left out", () => {
  const joined = (steps: number, unpaired: number, unpaired_x: number): Drawn => ({ ...series([1]), joining: { steps, unpaired, unpaired_x } });
  expect(joiningText([joined(1, 0, 0), series([1])], "epoch")).toBe("");
  expect(joiningText([joined(1, 1200, 0), joined(16, 300, 7)], "epoch")).toBe(
    "joined in columns of 16 steps · 1,500 without epoch left out · 7 of epoch alone",
  );
});

describe("buckets near zero", () => {
  /** The chart of a series of a point for each step below `last`, as the server cuts it. */
  const asked = (last: number, width: number): Drawn => {
    const length = last < width ? 1 : 2 ** Math.ceil(Math.log2((last + 1) / width));
    const starts = Array.from({ length: Math.ceil((last + 1) / length) }, (_, at) => at * length);
    const ends = starts.map((start) => Math.min(start + length - 1, last));
    return { ...series(ends), starts, ends, counts: starts.map((start, at) => ends[at] - start + 1) };
  };
  test("come from shorter and shorter parts, and hold each point once", async () => {
    const edges: number[] = [];
    const [found] = await withFinerStart([asked(99_999, 100)], true, 0, async (end) => {
      edges.push(end);
      return [asked(end, 100)];
    });
    expect(edges).toEqual([4095, 127, 3]);
    expect(found.starts.slice(0, 4)).toEqual([0, 1, 2, 3]);
    expect(found.counts.reduce((one, other) => one + other, 0)).toBe(100_000);
    expect(found.ends.every((_end, at) => at === 0 || found.starts[at] === found.ends[at - 1] + 1)).toBe(true);
  });
  test("hold each point once where x are parts of 1, also where the greatest is a whole number", async () => {
    const places = Array.from({ length: 8_001 }, (_, at) => at / 8);
    const cut = (end: number): Drawn => {
      const shown = places.filter((each) => each <= end);
      let length = 2 ** -10;
      while (Math.floor(shown[shown.length - 1] / length) >= 100) length *= 2;
      const rows: number[][] = [];
      for (const each of shown) (rows[Math.floor(each / length)] ??= []).push(each);
      const counts = rows.map((each) => each.length);
      return { ...series(counts), starts: rows.map(([first]) => first), ends: rows.map((each) => each[each.length - 1]), counts };
    };
    const [found] = await withFinerStart([cut(1_000)], false, 0, (end) => Promise.resolve([cut(end)]));
    expect(found.counts.reduce((one, other) => one + other, 0)).toBe(places.length);
    expect(found.starts[1]).toBe(1 / 8);
  });
  test("are asked for where a bucket holds several points, and above what is shown", async () => {
    const never = () => Promise.reject(new Error("asked"));
    expect(await withFinerStart([asked(60, 100)], true, 0, never)).toEqual([asked(60, 100)]);
    expect(await withFinerStart([asked(99_999, 100)], true, 50_000, never)).toEqual([asked(99_999, 100)]);
    expect(await withFinerStart([], true, 0, never)).toEqual([]);
  });
});

test("a group's line goes through its means, with a band of all that its runs have", () => {
  const { run_id: _id, last_values: _last, ...buckets } = series([2, 4]);
  const band: ChartBand = { ...buckets, group: "group:1", means: [2.5, null], runs: [3, 0], counts: [1, 1] };
  const [line] = meansOf([band], plain);
  expect(line).toMatchObject({ id: "group:1", x: [9, 19], last: [2.5, null], low: [1, 3], high: [3, 5], hasBand: true });
});

describe("clipping", () => {
  const many = Array.from({ length: 100 }, (_, at) => (at === 3 ? 1000 : 1 + at / 100));
  const single = { counts: many.map(() => 1) };
  const lines = linesOf([series(many, single)], plain);
  test("leaves out the few that are far away, and counts them", () => {
    const found = clippingOf(lines, null, false)!;
    expect(found.high).toBeGreaterThan(1.9);
    expect(found.high).toBeLessThan(2.1);
    expect(found.low).toBeLessThan(1.1);
    expect(found.beyond).toBe(1);
  });
  test("is about the part that is shown", () => expect(clippingOf(lines, [100, 900], false)).toBeNull());
  test("counts what only a band holds", () => {
    const maxima = many.map((_, at) => (at === 50 ? 500 : 2));
    const banded = linesOf([series(many.map(() => 1.5), { maxima, minima: many.map(() => 1) })], plain);
    expect(clippingOf(banded, null, false)).toEqual({ low: 0.95, high: 2.05, beyond: 1 });
  });
  test("stays above zero on a logarithmic axis", () => {
    const found = clippingOf(linesOf([series(many, single)], { ...plain, log: true }), null, true)!;
    expect(found.low).toBeGreaterThan(0);
    expect(found.high).toBeLessThan(3);
  });
  test("does nothing where all are equal, or nothing is there", () => {
    expect(clippingOf(linesOf([series([1, 1, 1])], plain), null, false)).toBeNull();
    expect(clippingOf([], null, false)).toBeNull();
  });
});

test("quantiles lie between neighbours by proportion", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quartiles([3, 1, 2])).toEqual([1, 1.5, 2, 2.5, 3]);
  expect(quartiles([7])).toEqual([7, 7, 7, 7, 7]);
});

test("a surface through points stays within their values", () => {
  const { cells } = gridOf([[0, 0, 1], [1, 1, 3], [0, 1, 2]]);
  expect(cells).toHaveLength(1600);
  expect(Math.min(...cells.map((each) => each[2]))).toBeGreaterThanOrEqual(1);
  expect(Math.max(...cells.map((each) => each[2]))).toBeLessThanOrEqual(3);
});

test.each([
  [1, 1e6, [1, 10, 100, 1e3, 1e4, 1e5, 1e6]],
  [3, 250_000, [10, 100, 1e3, 1e4, 1e5]],
  [1e-9, 1e9, [1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9]],
  [20, 300, [20, 50, 100, 200]],
  [3.5, 8.5, [4, 5, 6, 7, 8]],
  [4.1, 4.5, [4.1, 4.2, 4.3, 4.4, 4.5]],
])("a logarithmic axis from %d to %d has ticks at round places", (min, max, ticks) => {
  expect(logTicks(min, max).map((each) => Number(each.toPrecision(6)))).toEqual(ticks);
});

test.each([
  [0, "0"],
  [99_999, "99,999"],
  [30_000_000, "30M"],
  [-1_250_000, "−1.25M"],
  [1e-7, "1.000e−7"],
])("%d beside an axis is %s", (value, text) => expect(tickText(value)).toBe(text));
