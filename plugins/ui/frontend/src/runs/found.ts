import { useMemo } from "react";
import { ApiError } from "../api/client";
import { useCount, useRuns } from "../api/queries";
import type { Run, SelectRuns } from "../api/types";
import { useStable } from "../parts/stable";
import { asked, type Column } from "./columns";
import { flatRows, MOST, runsOf, TOP_LEVEL, useEveryRun, useGroups, useTree, type Row } from "./rows";
import type { RunsState } from "./state";

interface Found {
  /** What the server is asked for. */
  search: SelectRuns;
  rows: Row[];
  runs: Run[];
  /** How many runs there are, loaded or not; null where the filter cannot be read. */
  total: number | null;
  /** What else there is to say of their number. */
  note: string;
  isTree: boolean;
  isPending: boolean;
  error: Error | null;
  /** The error, where it is about the filter. */
  refused: Error | null;
  retry: () => void;
  /** Asks for the next runs, where there are more. */
  loadMore: () => void;
}

/** The runs of experiments that the address asks for: in pages, or all where they are gathered or drawn together. */
export function useFound(experimentIds: string[], state: RunsState, columns: Column[], open: Set<string>): Found {
  const isNested = state.nested && !state.filter && !state.deleted && !state.group && state.layout !== "explore";
  const isWhole = !!state.group || state.layout === "explore";
  const search = useMemo(() => searchOf(experimentIds, state, columns, isNested), [experimentIds, state, columns, isNested]);
  const paged = useRuns(search, !isWhole);
  const every = useEveryRun(search, isWhole);
  const found = isWhole ? every : paged;
  const count = useCount(search, !found.error);
  const loaded = useMemo(
    () => (isWhole ? every.data : paged.data?.pages.flatMap((page) => page.runs ?? [])) ?? [],
    [isWhole, every.data, paged.data],
  );
  const tree = useTree(loaded, search, open, isNested);
  const groups = useGroups(loaded, state.group, open, state.order, state.aggregate);
  const flat = useMemo(() => flatRows(loaded), [loaded]);
  const rows = isNested ? tree : state.group ? groups : flat;
  const runs = useMemo(() => (isNested ? tree.flatMap(runsOf) : loaded), [isNested, tree, loaded]);
  return {
    search,
    rows,
    runs,
    total: found.error ? null : (count.data?.count ?? runs.length),
    note: isNested ? "at the top" : state.group ? groupNote(groups, runs.length) : "",
    isTree: isNested || !!state.group,
    isPending: found.isPending,
    error: found.error,
    refused: found.error instanceof ApiError && found.error.status === 400 && state.filter ? found.error : null,
    retry: () => void found.refetch(),
    loadMore: useStable(() => {
      if (!isWhole && paged.hasNextPage && !paged.isFetching) void paged.fetchNextPage();
    }),
  };
}

function searchOf(experiment_ids: string[], state: RunsState, columns: Column[], isNested: boolean): SelectRuns {
  return {
    experiment_ids,
    filter: isNested ? TOP_LEVEL : state.filter,
    order_by: [`${state.order.by} ${state.order.descending ? "DESC" : "ASC"}`],
    run_view_type: state.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
    columns: state.group === "dataset" ? undefined : withGroup(asked(columns), state.group),
  };
}

/** What is read of runs, with what they are grouped by. */
function withGroup(columns: ReturnType<typeof asked>, group: string): ReturnType<typeof asked> {
  const key = group.slice(group.indexOf(":") + 1);
  if (group.startsWith("param:")) return { ...columns, params: [...new Set([...columns.params, key])] };
  if (group.startsWith("tag:")) return { ...columns, tags: [...new Set([...columns.tags, key])] };
  return columns;
}

function groupNote(rows: Row[], read: number): string {
  const groups = rows.filter((each) => each.kind === "group").length;
  return `${groups} groups${read >= MOST ? ` of the first ${MOST.toLocaleString("en")} runs` : ""}`;
}
