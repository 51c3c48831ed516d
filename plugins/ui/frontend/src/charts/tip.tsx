import type { Run } from "../api/types";
import { number, runName } from "../format";
import { Dot } from "../parts/basics";
import type { Hover } from "./canvas";
import type { XAxis } from "./plot";

const ROWS = 8;

/** The values of the runs below the pointer, the greatest first; of many those around the nearest line. */
export function Tip({ hover, runs, x }: { hover: Hover; runs: Run[]; x: XAxis }) {
  const rows = runs
    .map((run) => ({ run, value: hover.values.get(run.info.run_id) ?? null }))
    .filter((each) => each.value !== null)
    .sort((one, other) => other.value! - one.value!);
  const shown = rows.length > ROWS && hover.near ? around(rows, hover.near) : rows.slice(0, ROWS);
  return (
    <div className="tip" aria-hidden="true">
      <p>{placeText(hover.x, x)}</p>
      {shown.map(({ run, value }) => (
        <div key={run.info.run_id} className={run.info.run_id === hover.near ? "near" : ""}>
          <Dot runId={run.info.run_id} />
          <span>{runName(run)}</span>
          <b>{number(value)}</b>
        </div>
      ))}
      {rows.length > shown.length && <p>{rows.length - shown.length} more</p>}
    </div>
  );
}

function placeText(at: number, x: XAxis): string {
  if (x === "step") return `step ${number(at)}`;
  return x === "time" ? new Date(at * 1000).toLocaleTimeString("en", { hour12: false }) : `${number(at)} s`;
}

function around<T extends { run: Run }>(rows: T[], near: string): T[] {
  const at = rows.findIndex((each) => each.run.info.run_id === near);
  const start = Math.min(Math.max(0, at - ROWS / 2), Math.max(0, rows.length - ROWS));
  return rows.slice(start, start + ROWS);
}
