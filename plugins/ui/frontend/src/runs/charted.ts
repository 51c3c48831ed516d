import { useDeferredValue, useMemo } from "react";
import type { RunGroup } from "../api/charts";
import type { Run } from "../api/types";
import { mode } from "../report/mode";
import { groupId, groupsOf, UNKNOWN } from "./groups";

/** How many lines are drawn where none is selected. */
const LINES = 20;
/** Of how many runs a server draws bands. */
const MOST = 1000;

interface Charted {
  runs: Run[];
  /** Missing where runs are not gathered; a report has lines of runs only. */
  groups?: RunGroup[];
  /** How many groups are not drawn. */
  left: number;
}

/** What the charts beside a table show: the runs that are selected or else the first ones, and the groups that they are in. */
export function useCharted(runs: Run[], chosen: Run[], by: string): Charted {
  const found = useMemo(() => {
    const named = chosen.length ? chosen : runs;
    const lines = { runs: chosen.length ? chosen : runs.slice(0, LINES), left: 0 };
    if (!by || mode.isReport) return lines;
    const all = groupsOf(named.slice(0, MOST), by);
    const groups = all.slice(0, LINES).map((each) => ({ id: groupId(each), title: each.value ?? UNKNOWN, runs: each.runs }));
    return { ...lines, groups, left: all.length - groups.length };
  }, [runs, chosen, by]);
  return useDeferredValue(found);
}
