import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { Icon } from "../parts/icons";
import { go, href } from "../router";
import type { Column } from "./columns";
import type { Aggregate } from "./groups";
import { NameCell, ValueCell } from "./cells";
import { runsOf, type Row } from "./rows";

const ROW = 34;
const PINNED = 268;
const NARROW = 172;

export interface Order {
  by: string;
  descending: boolean;
}

interface Props {
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
  selected: Set<string>;
  onSelect: (ids: Set<string>) => void;
  onEnd: () => void;
  widths: Record<string, number>;
  onWidth: (id: string, width: number) => void;
}

/** The runs: only the rows and columns that are seen are in the page. */
export function RunsTable(props: Props) {
  const { rows: shown, total, selected, onSelect, onEnd, onOpen, widths, isTree, aggregate } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const [narrow, setNarrow] = useState(innerWidth < 700);
  const name = narrow ? NARROW : PINNED;
  const isPinned = (column: Column) => !narrow && props.pinned.includes(column.id);
  const fixed = props.columns.filter(isPinned);
  const columns = props.columns.filter((each) => !isPinned(each));
  const widthOf = (column: Column) => widths[column.id] ?? column.width;
  const pinned = name + fixed.reduce((sum, each) => sum + widthOf(each), 0);
  useEffect(() => {
    const resized = () => setNarrow(innerWidth < 700);
    addEventListener("resize", resized);
    return () => removeEventListener("resize", resized);
  }, []);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => widthOf(columns[index]),
    overscan: 3,
    paddingStart: pinned,
  });
  useEffect(() => across.measure(), [props.columns, props.pinned, widths, pinned]);
  const lastSeen = rows.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (shown.length && lastSeen >= shown.length - 40) onEnd();
  }, [lastSeen, shown.length, onEnd]);

  const toggle = (row: Row) => {
    const ids = runsOf(row).map((each) => each.info.run_id);
    const next = new Set(selected);
    if (ids.every((id) => next.has(id))) ids.forEach((id) => next.delete(id));
    else ids.forEach((id) => next.add(id));
    onSelect(next);
  };
  const isSelected = (row: Row) => runsOf(row).every((each) => selected.has(each.info.run_id));
  const pressed = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    const here = shown[active];
    if (step) {
      event.preventDefault();
      const next = Math.min(shown.length - 1, Math.max(0, active + step));
      setActive(next);
      rows.scrollToIndex(next);
    } else if (here && event.target === scroller.current) {
      const opens = here.kind === "group" || here.opens;
      if (opens && event.key === (here.open ? "ArrowLeft" : "ArrowRight")) {
        event.preventDefault();
        onOpen(here.id);
      }
      if (event.key === "Enter") here.kind === "run" ? go(href(["runs", here.id])) : onOpen(here.id);
      if (event.key === " ") {
        event.preventDefault();
        toggle(here);
      }
    }
  };
  const seen = across.getVirtualItems();
  const everyone = shown.length > 0 && shown.every(isSelected);
  const every = () => shown.flatMap(runsOf).map((each) => each.info.run_id);
  return (
    <div
      className="table"
      ref={scroller}
      tabIndex={0}
      role={isTree ? "treegrid" : "grid"}
      aria-label="Runs"
      aria-rowcount={total + 1}
      aria-colcount={props.columns.length + 1}
      aria-activedescendant={active >= 0 && shown[active] ? `row-${shown[active].id}` : undefined}
      aria-multiselectable="true"
      onKeyDown={pressed}
    >
      <div className="rows" role="presentation" style={{ width: across.getTotalSize(), height: rows.getTotalSize() + ROW }}>
        <div className="row head" role="row" aria-rowindex={1}>
          <div className="pins" role="presentation" style={{ width: pinned }}>
            <div className="cell pinned" role="columnheader" aria-colindex={1} style={{ width: name }}>
              <input
                type="checkbox"
                aria-label="Select every run that is loaded"
                checked={everyone}
                onChange={() => onSelect(new Set(everyone ? [] : every()))}
              />
              <HeadButton title="Run" orderBy="attributes.run_name" {...props} />
            </div>
            {fixed.map((column, at) => (
              <Head key={column.id} column={column} size={widthOf(column)} index={at + 2} isPinned {...props} />
            ))}
          </div>
          {seen.map((item) => (
            <Head
              key={columns[item.index].id}
              column={columns[item.index]}
              size={item.size}
              start={item.start}
              index={item.index + fixed.length + 2}
              {...props}
            />
          ))}
        </div>
        {rows.getVirtualItems().map((item) => {
          const row = shown[item.index];
          return (
            <div
              key={row.id}
              id={`row-${row.id}`}
              className={`row ${row.kind} ${isSelected(row) ? "selected" : ""} ${item.index === active ? "active" : ""}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={isSelected(row)}
              aria-level={isTree ? (row.kind === "run" ? row.depth + 1 : 1) : undefined}
              aria-expanded={isTree && (row.kind === "group" || row.opens) ? row.open : undefined}
              style={{ transform: `translateY(${item.start + ROW}px)` }}
            >
              <div className="pins" role="presentation" style={{ width: pinned }}>
                <NameCell row={row} width={name} selected={isSelected(row)} onSelect={() => toggle(row)} onOpen={() => onOpen(row.id)} />
                {fixed.map((column, at) => (
                  <ValueCell key={column.id} {...{ row, column, aggregate }} index={at + 2} width={widthOf(column)} />
                ))}
              </div>
              {seen.map((cell) => (
                <ValueCell
                  key={columns[cell.index].id}
                  {...{ row, aggregate }}
                  column={columns[cell.index]}
                  index={cell.index + fixed.length + 2}
                  start={cell.start}
                  width={cell.size}
                />
              ))}
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

interface HeadProps extends Pick<Props, "order" | "onOrder" | "onWidth" | "onPin"> {
  column: Column;
  index: number;
  size: number;
  /** Where it stands; missing for a column that is pinned. */
  start?: number;
  isPinned?: boolean;
}

function Head({ column, index, size, start, isPinned = false, order, onOrder, onWidth, onPin }: HeadProps) {
  const here = column.orderBy !== undefined && order.by === column.orderBy;
  const drag = (event: React.PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    const from = event.clientX - size;
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (moved) => onWidth(column.id, Math.max(60, moved.clientX - from));
    handle.onpointerup = () => (handle.onpointermove = null);
  };
  const what = isPinned ? `Unpin ${column.title}` : `Pin ${column.title}`;
  return (
    <div
      className={`cell ${isPinned ? "fixed" : ""} ${column.numeric ? "numeric" : ""} ${column.group}`}
      role="columnheader"
      aria-label={column.title}
      aria-colindex={index}
      aria-sort={here ? (order.descending ? "descending" : "ascending") : "none"}
      style={{ transform: start === undefined ? undefined : `translateX(${start}px)`, width: size }}
    >
      <HeadButton title={column.title} orderBy={column.orderBy} order={order} onOrder={onOrder} />
      <button type="button" className="pin" aria-label={what} title={what} onClick={() => onPin(column.id)}>
        <Icon name={isPinned ? "close" : "pin"} />
      </button>
      <i className="resize" onPointerDown={drag} aria-hidden="true" />
    </div>
  );
}
