import { describe, expect, test } from "vitest";
import { figuresOf } from "../src/runs/figures";

describe("numbers that stand below each other", () => {
  test.each([
    ["have as many digits behind the point", [0.9712, 0.5, 12.25, 0], ["0.9712", "0.5000", "12.2500", "0.0000"]],
    ["keep four digits of the small ones", [0.0123, 0.9], ["0.01230", "0.90000"]],
    ["show no more digits than help where they are large", [123456.7, 0.25], ["123,456.700", "0.250"]],
    ["stay whole where all are", [3, 1200, -7], ["3", "1,200", "−7"]],
    ["take powers of ten together", [1.5e12, 2e3], ["1.500e12", "2.000e3"]],
    ["take powers of ten together where they are small", [1.25e-7, 0.5], ["1.250e−7", "5.000e−1"]],
    ["show what is no number", [0.5, "NaN", "Infinity", undefined, -0.25], ["0.5000", "NaN", "∞", "", "−0.2500"]],
    ["show a large one beside small ones", [0.5, -99_999.123456], ["0.5000", "−99,999.1235"]],
  ])("%s", (_what, values, shown) => expect(values.map(figuresOf(values))).toEqual(shown));

  test("do not follow a single one that is far smaller, which takes a power of ten", () => {
    const values = [...Array.from({ length: 30 }, (_, at) => 1 + at / 10), 0.00001];
    const figures = figuresOf(values);
    expect([values[0], values[30], 0].map(figures)).toEqual(["1.000", "1.000e−5", "0.000"]);
  });
  test("are written by one function for each kind, so that nothing is drawn anew for an equal one", () => {
    expect(figuresOf([0.5])).toBe(figuresOf([0.25, 0.75]));
  });
});
