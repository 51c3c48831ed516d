import { describe, expect, test } from "vitest";
import type { Run } from "../src/api/types";
import { completions } from "../src/runs/completions";
import { catalogue, defaultColumns } from "../src/runs/columns";
import { cell, csvOf } from "../src/runs/csv";
import { groupsOf, groupValue, ordered, spreadOf } from "../src/runs/groups";
import { recycled } from "../src/runs/recycled";
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
  const newKeys = () => {
    let last = 100;
    return () => last++;
  };
  const kept = ["a", "b", "c"].map((id, key) => ({ id, key }));
  test.each([
    ["take the places of those that went", ["c", "d", "e"], undefined, [["d", 0], ["e", 1], ["c", 2]]],
    ["are more", ["a", "b", "c", "d"], undefined, [["a", 0], ["b", 1], ["c", 2], ["d", 100]]],
    ["are fewer", ["b"], undefined, [["b", 1]]],
    ["leave out what is focused", ["c", "d", "e"], "a", [["d", 100], ["e", 1], ["c", 2]]],
    ["keep what is focused and stays", ["a", "b", "d"], "a", [["a", 0], ["b", 1], ["d", 2]]],
  ])("%s", (_what, ids, focused, expected) =>
    expect(recycled(kept, ids, focused, newKeys()).map(({ id, key }) => [id, key])).toEqual(expected),
  );
});
