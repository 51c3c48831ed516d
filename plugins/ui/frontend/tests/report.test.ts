import { describe, expect, test } from "vitest";
import type { ChartPairs, ChartSeries, Run } from "../src/api/types";
import { pairsOf, type PairsView } from "../src/report/pairs";
import { sourceOf, type ReportData } from "../src/report/source";
import golden from "./pairs.json";

interface Case {
  name: string;
  most: number;
  view: PairsView;
  charts: [ChartSeries, ChartSeries];
  pairs: ChartPairs;
}

const cases = golden as unknown as Case[];
const byName = (name: string) => cases.find((each) => each.name === name)!;

describe("a metric over another one in a report", () => {
  test.each(cases)("is what a store answers: $name", ({ most, view, charts, pairs }) => {
    expect(pairsOf(...charts, most, view)).toEqual(pairs);
  });
  test("holds every point once, or counts it as left out", () => {
    for (const { charts, most, pairs } of cases.filter(({ view }) => view.start === undefined)) {
      const { counts, unpaired } = pairsOf(...charts, most, { width: 7 });
      expect([pairs.key, sum(counts) + unpaired]).toEqual([pairs.key, sum(charts[0].counts)]);
    }
  });
  test("shows of a part what is there, in columns as long as before", () => {
    const { charts, most, pairs } = byName("columns of steps");
    const [start, end] = [pairs.xs[3], pairs.xs[8]];
    const part = pairsOf(...charts, most, { width: 50, start, end });
    const kept = pairs.xs.flatMap((_, at) => (pairs.x_maxima[at] >= start && pairs.x_minima[at] <= end ? [at] : []));
    expect(part.xs).toEqual(kept.map((at) => pairs.xs[at]));
    expect(part.counts).toEqual(kept.map((at) => pairs.counts[at]));
    expect(part).toMatchObject({ steps: pairs.steps, unpaired: pairs.unpaired, unpaired_x: pairs.unpaired_x });
  });
  test.each([
    ["tiny", [0, 5e-324, 1e-323, 1.5e-323]],
    ["huge", [-1.7e308, -1, 1, 1.7e308]],
    ["close", [1e15, 1e15 + 0.125, 1e15 + 0.25, 1e15 + 0.375]],
    ["equal", [7, 7, 7, 7]],
  ])("is cut into columns of x that are %s", (_, xs) => {
    const places = single("x", xs);
    const { xs: found, counts } = pairsOf(single("y", xs.map(() => 1)), places, 10, { width: 3 });
    expect(found.length).toBeLessThanOrEqual(3);
    expect(sum(counts)).toBe(4);
    expect(found.at(-1)).toBe(xs.at(-1));
  });
});

describe("a report asked for a metric over another one", () => {
  const { charts, pairs, most } = byName("single points");
  const data = { runs: [{ info: { run_id: "r" } } as Run], points: most, charts: { step: { y: [charts[0]], x: [charts[1]] }, time: {} } };
  const ask = async (asked: object) => {
    const answer = await sourceOf(data as unknown as ReportData)("api/hookline/v1/charts/pairs", { body: JSON.stringify(asked) });
    return { status: answer.status, ...(await answer.json()) };
  };
  test("answers as a server does, for each run", async () => {
    const { series } = await ask({ run_ids: ["r", "other"], key: "y", x_key: "x", width: 50 });
    expect(series).toEqual([pairs, expect.objectContaining({ run_id: "other", xs: [], unpaired: 0, unpaired_x: 0 })]);
  });
  test.each(["away", "constructor"])("says that it has no %s", async (x_key) => {
    const { status, message } = await ask({ run_ids: ["r"], key: "y", x_key, width: 50 });
    expect([status, message]).toEqual([404, expect.stringContaining(`no chart of ${x_key}`)]);
  });
});

const sum = (of: number[]) => of.reduce((one, other) => one + other, 0);

/** A series of a point at each step. */
function single(key: string, values: number[]): ChartSeries {
  const [steps, ones, none] = [values.map((_, at) => at), values.map(() => 1), values.map(() => 0)];
  return {
    ...{ run_id: "r", key, starts: steps, ends: steps, counts: ones, minima: values, maxima: values, last_values: values },
    ...{ nans: none, positive_infinities: none, negative_infinities: none },
  };
}
