import { decompressBrotli } from "hyparquet-compressors/src/brotli.js";
// @ts-expect-error Node's types are not installed for this function
import { brotliCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { figureOf, figureOfPage } from "../src/run/figure";
import { binned } from "../src/run/figure-options";
import { cellText } from "../src/run/parquet-cells";
import { parse, ROWS } from "../src/run/rows";

describe("a CSV file", () => {
  test.each([
    ["a,b\n1,2\n", [["a", "b"], ["1", "2"]]],
    ['a\r\n"x, ""y""\n z"\r\n', [["a"], ['x, "y"\n z']]],
    ["a,b\n1", [["a", "b"], ["1"]]],
    ["a,\n,", [["a", ""], ["", ""]]],
    ["", []],
  ])("%j is read", (text, rows) => expect(parse(text, ",")).toEqual(rows));
  test("is not read further than it is shown", () => {
    expect(parse("x\n".repeat(5000), ",")).toHaveLength(ROWS + 2);
  });
});

test.each([
  [null, ""],
  [3n, "3"],
  [1.5, "1.5"],
  [Math.fround(0.1), "0.1"],
  [123456789, "123456789"],
  [NaN, "NaN"],
  [false, "false"],
  [new Date(Date.UTC(2026, 0, 2)), "2026-01-02"],
  [new Date(Date.UTC(2026, 0, 2, 3)), "2026-01-02T03:00:00.000Z"],
  [new Date(NaN), ""],
  [new Uint8Array([1, 255]), "0x01ff"],
  [new Uint8Array(40), `0x${"00".repeat(16)}… (40 bytes)`],
  [[1n, { a: 2n ** 60n }], '[1,{"a":"1152921504606846976"}]'],
  ["x".repeat(400), `${"x".repeat(300)}…`],
])("a cell of a Parquet file, example %#", (value, shown) => expect(cellText(value)).toBe(shown));

const layout = { title: { text: "<b>Loss</b>" }, xaxis: { title: { text: "step" } } };

describe("a figure of plotly", () => {
  test("is what has data and a layout", () => {
    const found = figureOf({ data: [{ type: "scatter", name: "a", x: [1, 2], y: [3, null], mode: "lines" }], layout });
    expect(found).toMatchObject({ title: "Loss", xTitle: "step", traces: [{ kind: "xy", line: true, points: false, y: [3, null] }] });
  });
  test.each([null, 1, [], {}, { data: [] }, { data: [], layout }, { data: [1], layout }, { data: [{ type: 1 }], layout }, { data: {}, layout }])(
    "is not %j",
    (value) => expect(figureOf(value)).toBeNull(),
  );
  test("has its numbers in bytes where plotly 6 wrote it", () => {
    const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
    const bdata = base64(new Uint8Array(new Float64Array([0.5, 2]).buffer));
    const z = { dtype: "i1", bdata: base64(new Uint8Array([1, 2, 3, 4, 5, 6])), shape: "2, 3" };
    const found = figureOf({ data: [{ y: { dtype: "f8", bdata } }, { type: "heatmap", z }], layout });
    expect(found!.traces).toMatchObject([{ y: [0.5, 2], x: [0, 1] }, { z: [[1, 2, 3], [4, 5, 6]] }]);
  });
  test.each([{ dtype: "f8", bdata: "%" }, { dtype: "constructor", bdata: "AA" }, { dtype: "f8" }])("is not misled by %j", (y) =>
    expect(figureOf({ data: [{ y }], layout })).toMatchObject({ traces: [], skipped: ["scatter"] }),
  );
  test("says which traces are not drawn", () => {
    expect(figureOf({ data: [{ type: "sankey" }, { type: "bar", y: [1] }], layout })).toMatchObject({
      skipped: ["sankey"],
      traces: [{ kind: "bar", x: [0], y: [1] }],
    });
  });
  test("is found in the page that plotly wrote, as data", () => {
    const page = '<script>Plotly.newPlot(  "id", [{"type":"bar","y":[1],"name":"a]\\""}], {"title":{"text":"T"}}, {})</script>';
    expect(figureOfPage(page)).toMatchObject({ title: "T", traces: [{ name: 'a]"' }] });
    expect(figureOfPage("Plotly.newPlot(x, [alert(1)], {})")).toBeNull();
    expect(figureOfPage("<h1>no figure</h1>")).toBeNull();
  });
});

test("values are counted in parts of equal length", () => {
  const parts = binned([0, 0, 30]);
  expect(parts).toHaveLength(30);
  expect([parts[0], parts[29]]).toEqual([[0.5, 2], [29.5, 1]]);
  expect(binned([5, 5]).reduce((sum, [, count]) => sum + count, 0)).toBe(2);
  expect(binned([])).toEqual([]);
});

describe("Brotli", () => {
  const zeros = (size: number): Uint8Array => brotliCompressSync(new Uint8Array(size));
  test("unpacks what a part says it holds", () => expect(decompressBrotli(zeros(100_000), 100_000)).toHaveLength(100_000));
  test.each([1_000, 0, 99_999])("takes no more memory than the %d bytes that a damaged part says it needs", (size) => {
    expect(() => decompressBrotli(zeros(1_000_000), size)).toThrow("a part of it is larger than it says");
  });
});
