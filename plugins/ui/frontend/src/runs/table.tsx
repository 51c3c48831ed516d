import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Run } from "../api/types";
import { Dot } from "../parts/basics";
import { Icon } from "../parts/icons";
import { runName, tagOf } from "../format";
import { go, href } from "../router";
import type { Column } from "./columns";

const ROW = 34;
const PINNED = 268;
const NARROW = 172;

export interface Order {
  by: string;
  descending: boolean;
}

interface Props {
  runs: Run[];
  total: number;
  columns: Column[];
  order: Order;
  onOrder: (order: Order) => void;
  selected: Set<string>;
  onSelect: (ids: Set<string>) => void;
  onEnd: () => void;
  widths: Record<string, number>;
  onWidth: (id: string, width: number) => void;
}

/** The runs: only the rows and columns that are seen are in the page. */
export function RunsTable(props: Props) {
  const { runs, total, columns, selected, onSelect, onEnd, widths } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const [narrow, setNarrow] = useState(innerWidth < 700);
  const pinned = narrow ? NARROW : PINNED;
  useEffect(() => {
    const resized = () => setNarrow(innerWidth < 700);
    addEventListener("resize", resized);
    return () => removeEventListener("resize", resized);
  }, []);
  const rows = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => widths[columns[index].id] ?? columns[index].width,
    overscan: 3,
    paddingStart: pinned,
  });
  useEffect(() => across.measure(), [columns, widths, pinned]);
  const lastSeen = rows.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (runs.length && lastSeen >= runs.length - 40) onEnd();
  }, [lastSeen, runs.length, onEnd]);

  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const pressed = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      const next = Math.min(runs.length - 1, Math.max(0, active + step));
      setActive(next);
      rows.scrollToIndex(next);
    } else if (active >= 0 && event.target === scroller.current && runs[active]) {
      if (event.key === "Enter") go(href(["runs", runs[active].info.run_id]));
      if (event.key === " ") {
        event.preventDefault();
        toggle(runs[active].info.run_id);
      }
    }
  };
  const seen = across.getVirtualItems();
  const everyone = runs.length > 0 && runs.every((each) => selected.has(each.info.run_id));
  return (
    <div
      className="table"
      ref={scroller}
      tabIndex={0}
      role="grid"
      aria-label="Runs"
      aria-rowcount={total + 1}
      aria-colcount={columns.length + 1}
      aria-activedescendant={active >= 0 && runs[active] ? `row-${runs[active].info.run_id}` : undefined}
      aria-multiselectable="true"
      onKeyDown={pressed}
    >
      <div className="rows" role="presentation" style={{ width: across.getTotalSize(), height: rows.getTotalSize() + ROW }}>
        <div className="row head" role="row" aria-rowindex={1}>
          <div className="cell pinned" role="columnheader" aria-colindex={1} style={{ width: pinned }}>
            <input
              type="checkbox"
              aria-label="Select every run that is loaded"
              checked={everyone}
              onChange={() => onSelect(everyone ? new Set() : new Set(runs.map((each) => each.info.run_id)))}
            />
            <HeadButton title="Run" orderBy="attributes.run_name" {...props} />
          </div>
          {seen.map((item) => (
            <Head key={columns[item.index].id} column={columns[item.index]} item={item} {...props} />
          ))}
        </div>
        {rows.getVirtualItems().map((row) => {
          const run = runs[row.index];
          const id = run.info.run_id;
          return (
            <div
              key={id}
              id={`row-${id}`}
              className={`row ${selected.has(id) ? "selected" : ""} ${row.index === active ? "active" : ""}`}
              role="row"
              aria-rowindex={row.index + 2}
              aria-selected={selected.has(id)}
              style={{ transform: `translateY(${row.start + ROW}px)` }}
            >
              <div className="cell pinned" role="gridcell" aria-colindex={1} style={{ width: pinned }}>
                <input
                  type="checkbox"
                  aria-label={`Select ${runName(run)}`}
                  checked={selected.has(id)}
                  onChange={() => toggle(id)}
                />
                <Dot runId={id} />
                {tagOf(run, "mlflow.parentRunId") && <span className="nested" title="A nested run" />}
                <a href={href(["runs", id])} title={runName(run)}>
                  {runName(run)}
                </a>
              </div>
              {seen.map((item) => {
                const column = columns[item.index];
                return (
                  <div
                    key={column.id}
                    className={`cell ${column.numeric ? "numeric" : ""}`}
                    role="gridcell"
                    aria-colindex={item.index + 2}
                    style={{ transform: `translateX(${item.start}px)`, width: item.size }}
                  >
                    <span className="value" title={column.text(run)}>
                      {column.cell(run)}
                    </span>
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function HeadButton({ title, orderBy, order, onOrder }: { title: string; orderBy?: string } & Pick<Props, "order" | "onOrder">) {
  const here = orderBy !== undefined && order.by === orderBy;
  if (!orderBy) return <span className="title">{title}</span>;
  return (
    <button
      type="button"
      className={`title ${here ? "here" : ""}`}
      title={`${title}: sort`}
      onClick={() => onOrder({ by: orderBy, descending: here ? !order.descending : true })}
    >
      <span>{title}</span>
      {here && <Icon name={order.descending ? "down" : "up"} />}
    </button>
  );
}

function Head({
  column,
  item,
  order,
  onOrder,
  onWidth,
}: { column: Column; item: { index: number; start: number; size: number } } & Pick<Props, "order" | "onOrder" | "onWidth">) {
  const here = column.orderBy !== undefined && order.by === column.orderBy;
  const drag = (event: React.PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    const from = event.clientX - item.size;
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (moved) => onWidth(column.id, Math.max(60, moved.clientX - from));
    handle.onpointerup = () => (handle.onpointermove = null);
  };
  return (
    <div
      className={`cell ${column.numeric ? "numeric" : ""} ${column.group}`}
      role="columnheader"
      aria-colindex={item.index + 2}
      aria-sort={here ? (order.descending ? "descending" : "ascending") : "none"}
      style={{ transform: `translateX(${item.start}px)`, width: item.size }}
    >
      <HeadButton title={column.title} orderBy={column.orderBy} order={order} onOrder={onOrder} />
      <i className="resize" onPointerDown={drag} aria-hidden="true" />
    </div>
  );
}
