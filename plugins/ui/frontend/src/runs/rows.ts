import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { LIVE } from "../api/queries";
import type { Run, SelectRuns } from "../api/types";
import { quotedKey } from "../format";
import { tagOf } from "../values";
import { allRuns } from "./csv";
import { groupId, groupsOf, ordered, UNKNOWN, type Aggregate, type Group } from "./groups";
import type { Order } from "./state";

const PARENT = "mlflow.parentRunId";
/** How many runs are read to group them, and to see which runs have children. */
export const MOST = 10_000;

export const TOP_LEVEL = `tags.\`${PARENT}\` IS NULL`;

export interface RunRow {
  kind: "run";
  id: string;
  run: Run;
  depth: number;
  /** Whether it can be opened. */
  opens: boolean;
  open: boolean;
}

export interface GroupRow {
  kind: "group";
  id: string;
  title: string;
  group: Group;
  open: boolean;
}

export type Row = RunRow | GroupRow;

const single = (run: Run, depth = 0): RunRow => ({ kind: "run", id: run.info.run_id, run, depth, opens: false, open: false });

/** Every run that a search finds, as far as a table groups them. */
export function useEveryRun(search: SelectRuns, enabled: boolean) {
  return useQuery({
    queryKey: ["runs", "every", search],
    queryFn: () => allRuns(search, MOST),
    enabled,
    refetchInterval: LIVE * 4,
    placeholderData: (previous) => previous,
  });
}

/** The rows of a tree: runs, and below those that are opened their children, as deep as they go. */
export function useTree(runs: Run[], search: SelectRuns, open: Set<string>, enabled: boolean): Row[] {
  const nested: SelectRuns = { ...search, filter: `tags.\`${PARENT}\` IS NOT NULL` };
  const parents = useQuery({
    queryKey: ["runs", "parents", search.experiment_ids],
    queryFn: async () => {
      const found = await allRuns({ ...nested, order_by: [], columns: { metrics: [], params: [], tags: [PARENT] } }, MOST);
      return { ids: new Set(found.map((run) => tagOf(run, PARENT) ?? "")), isWhole: found.length < MOST };
    },
    enabled,
    refetchInterval: LIVE * 2,
  });
  const opened = enabled ? [...open] : [];
  const children = useQueries({
    queries: opened.map((id) => ({
      queryKey: ["runs", "children", id, search],
      queryFn: () => allRuns({ ...search, filter: `tags.\`${PARENT}\` = '${id.replaceAll("'", "")}'` }, MOST),
      refetchInterval: LIVE * 2,
    })),
  });
  const known = parents.data;
  const found = new Map(opened.map((id, at) => [id, children[at].data ?? []]));
  const rows: Row[] = [];
  const seen = new Set<string>(); // tags can name a circle
  const add = (run: Run, depth: number) => {
    const id = run.info.run_id;
    if (seen.has(id)) return;
    seen.add(id);
    const opens = !!known && (known.ids.has(id) || !known.isWhole);
    rows.push({ ...single(run, depth), opens, open: opens && open.has(id) });
    if (opens) found.get(id)?.forEach((each) => add(each, depth + 1));
  };
  if (enabled) runs.forEach((run) => add(run, 0));
  return rows;
}

/** The rows of groups: each with its aggregates, and below those that are opened their runs. */
export function useGroups(runs: Run[], by: string, open: Set<string>, order: Order, aggregate: Aggregate): Row[] {
  const groups = useMemo(() => {
    const found = by ? groupsOf(runs, by) : [];
    const keys = new Set(runs.flatMap((run) => run.data?.metrics?.map((each) => each.key) ?? []));
    const key = [...keys].find((each) => `metrics.${quotedKey(each)}` === order.by);
    return key === undefined ? found : ordered(found, key, aggregate, order.descending);
  }, [runs, by, order, aggregate]);
  return useMemo(
    () =>
      groups.flatMap((group): Row[] => {
        const id = groupId(group);
        const isOpen = open.has(id);
        const row: GroupRow = { kind: "group", id, title: group.value ?? UNKNOWN, group, open: isOpen };
        return [row, ...(isOpen ? group.runs.map((run) => single(run, 1)) : [])];
      }),
    [groups, open],
  );
}

export function flatRows(runs: Run[]): Row[] {
  return runs.map((run) => single(run));
}

export const runsOf = (row: Row): Run[] => (row.kind === "run" ? [row.run] : row.group.runs);
