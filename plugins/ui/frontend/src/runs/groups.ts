import type { Run } from "../api/types";
import { GROUP } from "../colours";
import { metricOf, paramOf, tagOf } from "../values";

/** What a metric is over the runs of a group. */
export interface Spread {
  mean: number;
  min: number;
  max: number;
  /** How many runs have a finite value, which the three above are of. */
  count: number;
  /** How many have NaN or an infinity, which would hide everything else. */
  left: number;
}

/** What runs are called that have no value to be grouped by. */
export const UNKNOWN = "(none)";

export type Aggregate = "mean" | "min" | "max";

export interface Group {
  /** The value that its runs share; undefined: they have none. */
  value: string | undefined;
  runs: Run[];
}

/** The value that a run is grouped by: `param:KEY`, `tag:KEY` or `dataset`. */
export function groupValue(run: Run, by: string): string | undefined {
  if (by === "dataset") {
    const names = (run.inputs?.dataset_inputs ?? []).map(({ dataset }) =>
      dataset?.digest ? `${dataset.name} (${dataset.digest})` : (dataset?.name ?? ""),
    );
    return names.length ? [...new Set(names)].sort().join(", ") : undefined;
  }
  const key = by.slice(by.indexOf(":") + 1);
  return by.startsWith("tag:") ? tagOf(run, key) : paramOf(run, key);
}

/** Runs by what they share, in the order in which the groups first appear. */
export function groupsOf(runs: Run[], by: string): Group[] {
  const found = new Map<string | undefined, Run[]>();
  for (const run of runs) {
    const value = groupValue(run, by);
    const known = found.get(value);
    if (known) known.push(run);
    else found.set(value, [run]);
  }
  return [...found].map(([value, members]) => ({ value, runs: members }));
}

/** What tells a group from the others, in the table and on charts. */
export const groupId = (group: Group) => `${GROUP}${encodeURIComponent(JSON.stringify(group.value ?? null))}`;

export function spreadOf(runs: Run[], key: string): Spread | null {
  let [sum, count, left, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (const run of runs) {
    const point = metricOf(run, key);
    if (point === undefined) continue;
    const value = Number(point);
    if (!Number.isFinite(value)) {
      left++;
      continue;
    }
    sum += value;
    count++;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return count + left === 0 ? null : { mean: count ? sum / count : NaN, min: count ? min : NaN, max: count ? max : NaN, count, left };
}

/** Groups by a metric's aggregate, those without it last. */
export function ordered(groups: Group[], key: string, aggregate: Aggregate, descending: boolean): Group[] {
  const rank = (group: Group) => {
    const value = spreadOf(group.runs, key)?.[aggregate] ?? NaN;
    return Number.isNaN(value) ? Infinity : descending ? -value : value;
  };
  const ranks = new Map(groups.map((each) => [each, rank(each)]));
  return [...groups].sort((one, other) => {
    const [first, second] = [ranks.get(one)!, ranks.get(other)!];
    return first === second ? 0 : first - second;
  });
}
