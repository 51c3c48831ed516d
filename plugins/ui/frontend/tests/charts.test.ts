import { describe, expect, test } from "vitest";
import type { ChartBand, ChartSeries } from "../src/api/types";
import { clippingOf, linesOf, markedText, meansOf, smoothed } from "../src/charts/data";
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

const plain = { smooth: 0, log: false, scale: 1 };

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
