import { useRef } from "react";
import { useStable } from "../parts/stable";
import type { Column } from "./columns";
import type { Aggregate } from "./groups";
import { Head, HeadButton } from "./head";
import { useKeys } from "./keyboard";
import { ROW, usePlaces } from "./places";
import { useRecycled } from "./recycled";
import { TableRow } from "./row";
import type { Row } from "./rows";
import { useSelection, type Selection } from "./selection";
import type { Order } from "./state";

export interface TableProps extends Selection {
  rows: Row[];
  total: number;
  columns: Column[];
  /** Columns that stay beside the name; where the window is narrow, only the name does. */
  pinned: string[];
  onPin: (id: string) => void;
  /** Opens or closes a group, or a run with children. */
  onOpen: (id: string) => void;
  isTree: boolean;
  aggregate: Aggregate;
  order: Order;
  onOrder: (order: Order) => void;
  onEnd: () => void;
  widths: Record<string, number>;
  onWidth: (id: string, width: number) => void;
}

/** Keep the names beside the columns while these are scrolled; without React, which would look at every row for it. */
function putAside(table: HTMLElement, is: boolean): void {
  table.classList.toggle("aside", is);
}

/** The runs: only the rows and columns that are seen are in the page. */
export function RunsTable(props: TableProps) {
  const { rows: shown, isTree, aggregate } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const places = usePlaces(scroller, props);
  const { isSelected, isEverything, toggle, toggleAll } = useSelection(shown, props);
  const onOpen = useStable(props.onOpen);
  const onSelect = useStable(toggle);
  const { active, onKeyDown } = useKeys({ rows: shown, onOpen, toggle, scrollTo: places.rows.scrollToIndex });
  const indexes = new Map(places.rows.getVirtualItems().map(({ index }) => [shown[index].id, index]));
  const slots = useRecycled([...indexes.keys()], places.rows.isScrolling);
  const heading = { order: props.order, onOrder: props.onOrder, onWidth: props.onWidth, onPin: props.onPin };
  return (
    <div
      className="table"
      ref={scroller}
      tabIndex={0}
      role={isTree ? "treegrid" : "grid"}
      aria-label="Runs"
      aria-rowcount={props.total + 1}
      aria-colcount={props.columns.length + 1}
      aria-activedescendant={shown[active] ? `row-${shown[active].id}` : undefined}
      aria-multiselectable="true"
      onScroll={({ currentTarget }) => putAside(currentTarget, currentTarget.scrollLeft > 0)}
      onWheel={({ currentTarget, deltaX, shiftKey }) => (deltaX || shiftKey) && putAside(currentTarget, true)}
      onKeyDown={onKeyDown}
    >
      <div className="rows" role="presentation" style={{ width: places.width, height: places.rows.getTotalSize() + ROW }}>
        <div className="row head" role="row" aria-rowindex={1}>
          <div className="pins" role="presentation" style={{ width: places.pinned }}>
            <div className="cell pinned" role="columnheader" aria-colindex={1} style={{ width: places.name }}>
              <input type="checkbox" aria-label="Select every run that is loaded" checked={isEverything} onChange={toggleAll} />
              <HeadButton title="Run" orderBy="attributes.run_name" {...heading} />
            </div>
            {places.fixed.map((each) => (
              <Head key={each.column.id} {...each} {...heading} />
            ))}
          </div>
          {places.seen.map((each) => (
            <Head key={each.column.id} {...each} {...heading} />
          ))}
        </div>
        {slots.map(({ key, id }) => {
          const index = indexes.get(id)!;
          return (
            <TableRow
              key={key}
              {...{ row: shown[index], index, isTree, aggregate, onOpen, onSelect }}
              top={index * ROW + ROW}
              isActive={index === active}
              isSelected={isSelected(shown[index])}
              name={places.name}
              pinned={places.pinned}
              fixed={places.fixed}
              seen={places.seen}
            />
          );
        })}
      </div>
    </div>
  );
}
