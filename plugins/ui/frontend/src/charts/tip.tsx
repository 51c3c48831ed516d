import { number } from "../format";
import { Dot } from "../parts/basics";
import type { Hover } from "./canvas";
import type { XAxis } from "./plot";

const ROWS = 8;

/** What a line of a chart is called. */
export interface Named {
  id: string;
  title: string;
}

interface Props {
  hover: Hover;
  lines: Named[];
  x: XAxis;
  /** The metric on the x axis, if there is one. */
  over: string | null;
  /** Whether a line stands for several runs, so that what they cover is shown beside the mean. */
  areGroups: boolean;
}

/** The values of the lines below the pointer, the greatest first; of many those around the nearest line. */
export function Tip({ hover, lines, x, over, areGroups }: Props) {
  const rows = lines
    .map((line) => ({ line, at: hover.values.get(line.id) }))
    .filter((each) => each.at !== undefined && each.at.value !== null)
    .sort((one, other) => other.at!.value! - one.at!.value!);
  const shown = rows.length > ROWS && hover.near ? around(rows, hover.near) : rows.slice(0, ROWS);
  return (
    <div className="tip" aria-hidden="true">
      <p>{placeText(hover.x, x, over)}</p>
      {shown.map(({ line, at }) => (
        <div key={line.id} className={line.id === hover.near ? "near" : ""}>
          <Dot id={line.id} />
          <span>{line.title}</span>
          <b>{number(at!.value!)}</b>
          {areGroups && at!.low !== null && at!.high !== null && (
            <small>
              {number(at!.low)} to {number(at!.high)}
            </small>
          )}
        </div>
      ))}
      {rows.length > shown.length && <p>{rows.length - shown.length} more</p>}
    </div>
  );
}

function placeText(at: number, x: XAxis, over: string | null): string {
  if (over !== null) return `${over} ${number(at)}`;
  if (x === "step") return `step ${number(at)}`;
  return x === "time" ? new Date(at * 1000).toLocaleTimeString("en", { hour12: false }) : `${number(at)} s`;
}

function around<T extends { line: Named }>(rows: T[], near: string): T[] {
  const at = rows.findIndex((each) => each.line.id === near);
  const start = Math.min(Math.max(0, at - ROWS / 2), Math.max(0, rows.length - ROWS));
  return rows.slice(start, start + ROWS);
}
