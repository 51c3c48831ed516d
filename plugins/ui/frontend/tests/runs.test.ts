import { describe, expect, test } from "vitest";
import type { Run } from "../src/api/types";
import { completions } from "../src/runs/completions";
import { catalogue, defaultColumns } from "../src/runs/columns";
import { cell, csvOf } from "../src/runs/csv";
import { groupsOf, groupValue, ordered, spreadOf } from "../src/runs/groups";
import type { Place } from "../src/runs/cells";
import { recycled } from "../src/runs/pool";
import { ROW, seenColumns, seenRows } from "../src/runs/seen";
import { readWidths, widthsText } from "../src/runs/sizing";
import { readState } from "../src/runs/state";

const run = (id: string, metrics: Record<string, number | string>, params: Record<string, string> = {}): Run =>
  ({
    info: { run_id: id, run_name: id },
    data: {
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value })),
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
      tags: [],
    },
  }) as unknown as Run;

describe("the filter's box", () => {
  const keys = ["metrics.loss", "metrics.`val/loss`", "params.lr"];
  test("completes the last word and keeps what is before it", () => {
    expect(completions('params.lr = "1" and metrics.lo', keys)).toEqual(['params.lr = "1" and metrics.loss']);
    expect(completions("metrics.`val/", keys)).toEqual(["metrics.`val/loss`"]);
  });
  test.each(["", "m", "metrics.loss", "metrics.loss < ", "x metrics.none"])("offers nothing for %j", (text) =>
    expect(completions(text, keys)).toEqual([]),
  );
  test("offers no more than a few", () => {
    const many = Array.from({ length: 50 }, (_, at) => `metrics.m${at}`);
    expect(completions("metrics", many)).toHaveLength(8);
  });
});

describe("a cell of a CSV file", () => {
  test.each([
    ["=1+1", "'=1+1"],
    ["+a", "'+a"],
    ["-1.5", "-1.5"],
    ["-x", "'-x"],
    ["@sum", "'@sum"],
    ["\tx", "'\tx"],
    ["a,b", '"a,b"'],
    ['say "a"', '"say ""a"""'],
    ["=1,2", `"'=1,2"`],
    ["two\nlines", '"two\nlines"'],
    ["", ""],
  ])("%j is written %j", (given, written) => expect(cell(given)).toBe(written));
  test("rows have the columns that are shown", () => {
    const columns = [catalogue([{ kind: "metric", key: "loss", type: "number", runs: 1 }]).get("metric:loss")!];
    expect(csvOf([run("a", { loss: 0.5 }), run("b", { loss: "NaN" })], columns)).toBe(
      "Run ID,Name,metric.loss\r\na,a,0.5\r\nb,b,NaN\r\n",
    );
  });
});

describe("groups", () => {
  const runs = [
    run("a", { m: 1 }, { kind: "x" }),
    run("b", { m: 3 }, { kind: "y" }),
    run("c", { m: 3 }, { kind: "x" }),
    run("d", { m: "NaN" }, { kind: "x" }),
    run("e", {}),
  ];
  test("hold runs that share a value, and those without one", () => {
    expect(groupsOf(runs, "param:kind").map((each) => [each.value, each.runs.length])).toEqual([
      ["x", 3],
      ["y", 1],
      [undefined, 1],
    ]);
  });
  test("have the spread of what is finite, and count the rest", () => {
    expect(spreadOf(runs, "m")).toEqual({ mean: 7 / 3, min: 1, max: 3, count: 3, left: 1 });
    expect(spreadOf([runs[3]], "m")).toEqual({ mean: NaN, min: NaN, max: NaN, count: 0, left: 1 });
    expect(spreadOf(runs, "other")).toBeNull();
  });
  test.each([
    [false, ["x", "y", undefined]],
    [true, ["y", "x", undefined]],
  ])("are ordered by an aggregate, descending: %s; those without it come last", (descending, values) => {
    expect(ordered(groupsOf(runs, "param:kind"), "m", "mean", descending).map((each) => each.value)).toEqual(values);
  });
  test("of datasets are named by their digests", () => {
    const inputs = { dataset_inputs: [{ dataset: { name: "b", digest: "1" } }, { dataset: { name: "a", digest: "" } }] };
    expect(groupValue({ ...runs[0], inputs } as unknown as Run, "dataset")).toBe("a, b (1)");
  });
});

describe("the address", () => {
  const read = (text: string) => readState(new URLSearchParams(text));
  test("says nothing where everything is as at first", () => {
    expect(read("")).toMatchObject({ filter: "", columns: null, pinned: [], group: "", aggregate: "mean", layout: "table" });
    expect(read("").order).toEqual({ by: "attributes.start_time", descending: true });
  });
  test.each(["columns={", "columns=1", "columns=null", "group=other", "aggregate=sum", "layout=x", "order=metrics.loss"])(
    "written by hand (%s) is read as if it were not there",
    (text) => expect(read(text)).toEqual(read("")),
  );
  test("keeps what it names", () => {
    expect(read('columns=["metric:a",1]&order=metrics.`a b` ASC&group=tag:t&nested=1')).toMatchObject({
      columns: ["metric:a"],
      order: { by: "metrics.`a b`", descending: false },
      group: "tag:t",
      nested: true,
    });
  });
});

test("the first columns are the keys that most runs have, without those of the machine", () => {
  const keys = ["a", "b", "system/cpu"].map((key, at) => ({ kind: "metric", key, type: "number", runs: at + 1 }));
  expect(defaultColumns(keys).filter((each) => each.startsWith("metric:"))).toEqual(["metric:b", "metric:a"]);
});

describe("rows that are scrolled", () => {
  const taken = (ids: string[], held?: string) => {
    const pool = new Map(["a", "b", "c"].map((id) => [id, `of ${id}`]));
    const left = recycled(pool, ids, (each) => each === `of ${held}`, () => "made");
    return { shown: ids.map((id) => pool.get(id)), left };
  };
  test.each([
    ["take what showed those that went", ["c", "d", "e"], undefined, ["of c", "of b", "of a"], []],
    ["are more", ["a", "b", "c", "d"], undefined, ["of a", "of b", "of c", "made"], []],
    ["are fewer", ["b"], undefined, ["of b"], ["of a", "of c"]],
    ["leave out what is focused", ["c", "d", "e"], "a", ["of c", "of b", "made"], ["of a"]],
    ["keep what is focused and stays", ["a", "b", "d"], "a", ["of a", "of b", "of c"], []],
  ])("%s", (_what, ids, held, shown, left) => expect(taken(ids, held)).toEqual({ shown, left }));
});

describe("what is seen", () => {
  test.each([
    ["at the top", 0, 100, { from: 0, until: 24 }],
    ["in the middle", 40 * ROW, 100, { from: 34, until: 58 }],
    ["between two rows", 40 * ROW + 1, 100, { from: 34, until: 58 }],
    ["at the end", 90 * ROW, 100, { from: 76, until: 100 }],
    ["below the end, where rows were taken away", 90 * ROW, 30, { from: 6, until: 30 }],
    ["of few rows", 0, 3, { from: 0, until: 3 }],
    ["of none", 0, 0, { from: 0, until: 0 }],
  ])("of rows %s are always as many drawn as may be", (_where, top, count, expected) =>
    expect(seenRows(top, 11 * ROW, count)).toEqual(expected),
  );
  const columns = Array.from({ length: 20 }, (_, at) => ({ start: 200 + at * 100, width: 100 }) as Required<Place>);
  test.each([
    ["on the left", 200, 700, { from: 0, until: 8 }],
    ["in the middle", 1000, 1500, { from: 5, until: 16 }],
    ["on the right", 1700, 2200, { from: 12, until: 20 }],
    ["beyond the end", 2300, 2500, { from: 17, until: 20 }],
  ])("of columns %s are those in the window and three beside", (_where, left, right, expected) =>
    expect(seenColumns(columns, left, right)).toEqual(expected),
  );
  test("of no columns is nothing", () => expect(seenColumns([], 0, 100)).toEqual({ from: 0, until: 0 }));
});

describe("the widths of columns in the address", () => {
  const columns = [{ id: "metric:loss", width: 112.4 }, { id: "param:lr", width: 112 }];
  test.each([
    [null, {}],
    ["", {}],
    ["[1]", {}],
    ["null", {}],
    ["{", {}],
    ['{"metric:loss":80.4,"param:lr":"x"}', { "metric:loss": 80 }],
    ['{"metric:loss":1,"param:lr":1e9}', { "metric:loss": 60, "param:lr": 4000 }],
  ])("are read from %j", (said, widths) => expect(readWidths(said)).toEqual(widths));
  test("are those that are not the columns' own", () => {
    expect(widthsText({ "metric:loss": 112, "param:lr": 80, "param:away": 90 }, columns)).toBe('{"param:lr":80}');
    expect(widthsText({ "metric:loss": 112 }, columns)).toBeUndefined();
  });
});
