import type { Run } from "../api/types";
import { metricOf, paramOf } from "../values";

/** What an axis of a chart over runs may show: `metric:KEY` or `param:KEY`. */
export interface Dimension {
  id: string;
  title: string;
  kind: "metric" | "param";
  /** Whether every run that has it has a number there. */
  numeric: boolean;
  /** How many different values the runs have. */
  values: number;
  /** How many runs have it. */
  runs: number;
}

/** The value of a run on an axis; undefined: it has none. */
export function textOf(run: Run, id: string): string | undefined {
  const key = id.slice(id.indexOf(":") + 1);
  if (id.startsWith("metric:")) {
    const found = metricOf(run, key);
    return found === undefined ? undefined : String(found);
  }
  return paramOf(run, key);
}

/** The value as a number; null: it has none that can be drawn. */
export function numberOf(run: Run, id: string): number | null {
  const text = textOf(run, id);
  if (text === undefined || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

const isNumber = (text: string) => text.trim() !== "" && (!Number.isNaN(Number(text)) || text === "NaN");

/** What the runs can be drawn by: metrics, then parameters. */
export function dimensionsOf(runs: Run[]): Dimension[] {
  const gather = (kind: "metric" | "param", pick: (run: Run) => { key: string }[] | undefined) => {
    const keys = [...new Set(runs.flatMap((run) => pick(run)?.map((each) => each.key) ?? []))].sort();
    return keys.map((key): Dimension => {
      const id = `${kind}:${key}`;
      const found = runs.map((run) => textOf(run, id)).filter((each): each is string => each !== undefined);
      const texts = new Set(found);
      return { id, title: key, kind, numeric: [...texts].every(isNumber), values: texts.size, runs: found.length };
    });
  };
  return [...gather("metric", (run) => run.data?.metrics), ...gather("param", (run) => run.data?.params)];
}

/** What is drawn before somebody chooses: the first metric that differs, and what differs most among the parameters. */
export function firstAxes(all: Dimension[]): { y: string; x: string; z: string; group: string; axes: string[] } {
  const metrics = all.filter((each) => each.kind === "metric" && each.numeric && !each.title.startsWith("system/"));
  const params = all.filter((each) => each.kind === "param" && each.values > 1);
  const numeric = [...new Set([...params.filter((each) => each.numeric), ...metrics.filter((each) => each.values > 1), ...metrics])];
  const y = (metrics.find((each) => each.values > 1) ?? metrics[0])?.id ?? "";
  // sorting keeps the order of equals: parameters come first where all runs have them
  const free = numeric.filter((each) => each.id !== y).sort((one, other) => other.runs - one.runs);
  const group = [...params].sort((one, other) => Number(one.numeric) - Number(other.numeric) || one.values - other.values)[0];
  const axes = [...params.slice(0, 6), ...metrics.slice(0, 3).reverse()].map((each) => each.id);
  return { y, x: free[0]?.id ?? y, z: free[1]?.id ?? free[0]?.id ?? y, group: group?.id ?? "", axes };
}

export interface Box {
  name: string;
  five: [number, number, number, number, number];
  runs: number;
}

/** The p-quantile of sorted numbers, between neighbours by proportion. */
export function quantile(sorted: number[], p: number): number {
  const at = (sorted.length - 1) * p;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.ceil(at)] - sorted[low]) * (at - low);
}

/** Minimum, lower quartile, median, upper quartile and maximum of numbers. */
export function quartiles(values: number[]): Box["five"] {
  const sorted = [...values].sort((one, other) => one - other);
  return [0, 0.25, 0.5, 0.75, 1].map((p) => quantile(sorted, p)) as Box["five"];
}

/** The spread of a metric for each value of what runs are grouped by. */
export function boxesOf(runs: Run[], y: string, group: string): Box[] {
  const found = new Map<string, number[]>();
  for (const run of runs) {
    const value = numberOf(run, y);
    if (value === null) continue;
    const name = (group && textOf(run, group)) ?? "(none)";
    found.set(name || "all", [...(found.get(name || "all") ?? []), value]);
  }
  return [...found]
    .sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }))
    .map(([name, values]) => ({ name, five: quartiles(values), runs: values.length }));
}

export interface Grid {
  x: number[];
  y: number[];
  /** `[column, row, value]` of each cell. */
  cells: [number, number, number][];
}

const CELLS = 40;

/** A surface through points: the mean of all of them, weighted by the inverse square of their distance. */
export function gridOf(points: [number, number, number][]): Grid {
  const range = (at: 0 | 1) => {
    const values = points.map((each) => each[at]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { low, size: high - low || Math.abs(high) || 1 };
  };
  const [across, up] = [range(0), range(1)];
  const places = ({ low, size }: { low: number; size: number }) =>
    Array.from({ length: CELLS }, (_, at) => low + (size * (at + 0.5)) / CELLS);
  const [x, y] = [places(across), places(up)];
  const cells: Grid["cells"] = [];
  y.forEach((top, row) =>
    x.forEach((left, column) => {
      let [sum, weights] = [0, 0];
      for (const point of points) {
        const distance = ((point[0] - left) / across.size) ** 2 + ((point[1] - top) / up.size) ** 2;
        const weight = 1 / (distance + 1e-4);
        sum += weight * point[2];
        weights += weight;
      }
      cells.push([column, row, sum / weights]);
    }),
  );
  return { x, y, cells };
}
