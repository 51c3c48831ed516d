import { describe, expect, test } from "vitest";
import { bytes, duration, number, quotedKey, when } from "../src/format";

describe("a number", () => {
  test.each([
    [0, "0"],
    [-0, "0"],
    [0.1 + 0.2, "0.3"],
    [1234567, "1,234,567"],
    [-42, "−42"],
    [123456.789, "123460"],
    [0.00001234, "1.234e−5"],
    [1.5e12, "1.500e12"],
    [NaN, "NaN"],
    [Infinity, "∞"],
    ["-Infinity", "−∞"],
    ["NaN", "NaN"],
    [undefined, ""],
    [null, ""],
  ])("%s reads %s", (given, shown) => expect(number(given)).toBe(shown));
});

test.each([
  [undefined, ""],
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [2_345_678, "2.3 MB"],
  [4e15, "4000.0 TB"],
])("%s bytes read %s", (size, shown) => expect(bytes(size)).toBe(shown));

test.each([
  [-5, "0 ms"],
  [999, "999 ms"],
  [59_900, "59.9 s"],
  [61_000, "1 min 1 s"],
  [7_260_000, "2 h 1 min"],
  [49 * 3_600_000, "2 d 1 h"],
])("%s ms read %s", (time, shown) => expect(duration(time)).toBe(shown));

test.each([
  [30_000, "just now"],
  [-4000, "just now"],
  [120_000, "2 min ago"],
  [7_200_000, "2 h ago"],
])("what was %s ms ago was %s", (past, shown) => {
  const now = Date.UTC(2026, 5, 15, 12);
  expect(when(now - past, now)).toBe(shown);
});

test.each([
  ["loss", "loss"],
  ["val_loss2", "val_loss2"],
  ["val/loss", "`val/loss`"],
  ["2x", "`2x`"],
  ["a`b", '"a`b"'],
])("the filter grammar writes the key %s as %s", (key, written) => expect(quotedKey(key)).toBe(written));
