import { memo } from "react";
import { NameCell, ValueCell, type Place } from "./cells";
import type { Aggregate } from "./groups";
import type { Row } from "./rows";

interface Props {
  row: Row;
  index: number;
  /** How far below the table's top it stands. */
  top: number;
  isTree: boolean;
  isActive: boolean;
  isSelected: boolean;
  aggregate: Aggregate;
  /** Widths: of the name, and of what stays beside the scrolled columns. */
  name: number;
  pinned: number;
  fixed: Place[];
  seen: Place[];
  onOpen: (id: string) => void;
  onSelect: (row: Row) => void;
}

/** A row with the cells that are seen. It is made again only where something of it changed, however far one scrolls. */
export const TableRow = memo(function TableRow(props: Props) {
  const { row, index, isTree, isActive, isSelected, aggregate } = props;
  const opens = row.kind === "group" || row.opens;
  return (
    <div
      id={`row-${row.id}`}
      className={`row ${row.kind} ${isSelected ? "selected" : ""} ${isActive ? "active" : ""}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      aria-level={isTree ? (row.kind === "run" ? row.depth + 1 : 1) : undefined}
      aria-expanded={isTree && opens ? row.open : undefined}
      style={{ top: props.top }}
    >
      <div className="pins" role="presentation" style={{ width: props.pinned }}>
        <NameCell
          row={row}
          width={props.name}
          selected={isSelected}
          onSelect={() => props.onSelect(row)}
          onOpen={() => props.onOpen(row.id)}
        />
        {props.fixed.map((each) => (
          <ValueCell key={each.column.id} {...{ row, aggregate }} {...each} />
        ))}
      </div>
      {props.seen.map((each) => (
        <ValueCell key={each.column.id} {...{ row, aggregate }} {...each} />
      ))}
    </div>
  );
});
