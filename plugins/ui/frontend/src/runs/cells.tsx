import { memo, type ReactNode } from "react";
import { runName } from "../format";
import { Dot } from "../parts/basics";
import { Icon } from "../parts/icons";
import { href } from "../router";
import { tagOf } from "../values";
import type { Column } from "./columns";
import type { Figures } from "./figures";
import { spreadOf, type Aggregate } from "./groups";
import type { GroupRow, Row } from "./rows";

interface NameProps {
  row: Row;
  width: number;
  selected: boolean;
  onSelect: () => void;
  onOpen: () => void;
}

/** The first cell of a row: a run by its name, a group by what its runs share. */
export function NameCell({ row, width, selected, onSelect, onOpen }: NameProps) {
  const opens = row.kind === "group" || row.opens;
  const title = row.kind === "group" ? row.title : runName(row.run);
  const indent = row.kind === "run" ? row.depth * 18 : 0;
  return (
    <div className="cell pinned" role="gridcell" aria-colindex={1} style={{ width }}>
      <input
        type="checkbox"
        aria-label={row.kind === "group" ? `Select the group ${title}` : `Select ${title}`}
        checked={selected}
        onChange={onSelect}
      />
      {indent > 0 && <span style={{ width: indent, flex: "none" }} />}
      {opens && (
        <button type="button" className="fold" aria-label={`${row.open ? "Close" : "Open"} ${title}`} onClick={onOpen}>
          <Icon name={row.open ? "down" : "right"} />
        </button>
      )}
      {row.kind === "group" ? (
        <>
          <Dot id={row.id} />
          <b title={title}>{title}</b>
          <small>{row.group.runs.length.toLocaleString("en")}</small>
        </>
      ) : (
        <>
          <Dot id={row.id} />
          {!indent && tagOf(row.run, "mlflow.parentRunId") && <span className="nested" title="A nested run" />}
          <a href={href(["runs", row.id])} title={title}>
            {title}
          </a>
        </>
      )}
    </div>
  );
}

/** A column with its place in the table. */
export interface Place {
  column: Column;
  index: number;
  width: number;
  /** How its numbers are written. */
  figures: Figures;
  /** Where it stands; missing for a column that is pinned. */
  start?: number;
}

interface ValueProps extends Place {
  row: Row;
  aggregate: Aggregate;
}

export const ValueCell = memo(function ValueCell({ row, column, aggregate, figures, index, width, start }: ValueProps) {
  const { shown, title } =
    row.kind === "run" ? { shown: column.cell(row.run, figures), title: column.text(row.run) } : gathered(row, column, aggregate, figures);
  return (
    <div
      className={`cell value ${start === undefined ? "fixed" : ""} ${column.numeric ? "numeric" : ""}`}
      role="gridcell"
      aria-colindex={index}
      title={title}
      style={{ left: start, width }}
    >
      {shown}
    </div>
  );
});

/** What a group shows in a column: a metric's aggregate, a text that all runs share, or how many texts there are. */
function gathered(row: GroupRow, column: Column, aggregate: Aggregate, figures: Figures): { shown: ReactNode; title: string } {
  const { runs } = row.group;
  if (column.group === "metric") {
    const spread = spreadOf(runs, column.title);
    if (!spread) return { shown: "", title: "" };
    const left = spread.left ? `; ${spread.left} × NaN or ∞ left out` : "";
    const title = `mean ${spread.mean}, min ${spread.min}, max ${spread.max} of ${spread.count} runs${left}`;
    return { shown: `${figures(spread[aggregate])}${spread.left ? " ×" : ""}`, title };
  }
  if (column.group === "" && !column.orderBy) return { shown: "", title: "" };
  const texts = new Set(runs.map(column.text));
  if (column.id === "attribute:start_time") return { shown: "", title: "" };
  if (texts.size === 1) {
    const [only] = texts;
    return { shown: column.cell(runs[0], figures), title: only };
  }
  const counted = `${texts.size} values`;
  return { shown: counted, title: counted };
}
