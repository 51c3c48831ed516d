import { useLayoutEffect, useMemo, useRef } from "react";
import { useStable } from "../parts/stable";
import { Body } from "./body";
import type { Column } from "./columns";
import { figuresBy } from "./figures";
import type { Aggregate } from "./groups";
import { Head, HeadButton, Heads } from "./head";
import { useKeys } from "./keyboard";
import { usePlaces } from "./places";
import type { Row } from "./rows";
import { ROW, type Range } from "./seen";
import { useSelection, type Selection } from "./selection";
import type { Sizing } from "./sizing";
import type { Order } from "./state";

interface Props extends Selection, Sizing {
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
}

/** The runs: only the rows and columns that are seen are in the page. */
export function RunsTable(props: Props) {
  const { rows, isTree, aggregate } = props;
  const table = useRef<HTMLDivElement>(null);
  const body = useRef<Body>(null);
  const place = useRef<HTMLDivElement>(null);
  const places = usePlaces(props.columns, props.pinned, props.widths);
  const heads = useRef<(seen: Range) => void>(null);
  const figures = useMemo(() => figuresBy(rows), [rows]);
  const { isSelected, isEverything, toggle, toggleAll } = useSelection(rows, props);
  const { onOpen } = props;
  const { active, onKeyDown } = useKeys({ rows, onOpen, toggle, scrollTo: (index) => body.current?.scrollTo(index) });
  const does = { onOpen: useStable(onOpen), onSelect: useStable(toggle), onEnd: useStable(props.onEnd) };
  useLayoutEffect(() => {
    const made = (body.current = new Body(table.current!, place.current!, { ...does, onColumns: (seen) => heads.current?.(seen) }));
    return () => made.end();
  }, []);
  useLayoutEffect(() => body.current!.show({ ...places, rows, isTree, aggregate, figures, active, isSelected }));
  const heading = { order: props.order, onOrder: props.onOrder, onWidth: props.onWidth, onSized: props.onSized, onPin: props.onPin };
  return (
    <div
      className="table"
      ref={table}
      tabIndex={0}
      role={isTree ? "treegrid" : "grid"}
      aria-label="Runs"
      aria-rowcount={props.total + 1}
      aria-colcount={props.columns.length + 1}
      aria-activedescendant={rows[active] ? `row-${rows[active].id}` : undefined}
      aria-multiselectable="true"
      onWheel={({ currentTarget, deltaX, shiftKey }) => (deltaX || shiftKey) && currentTarget.classList.add("aside")}
      onKeyDown={onKeyDown}
    >
      <div className="rows" role="presentation" style={{ width: places.width, height: (rows.length + 1) * ROW }}>
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
          <Heads ref={heads} places={places.free} {...heading} />
        </div>
        <div className="body" role="presentation" ref={place} />
      </div>
    </div>
  );
}
