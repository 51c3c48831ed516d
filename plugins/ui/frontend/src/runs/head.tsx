import { memo, useImperativeHandle, useState, type KeyboardEvent, type MouseEvent, type PointerEvent, type Ref } from "react";
import { Icon } from "../parts/icons";
import type { Place } from "./cells";
import type { Range } from "./seen";
import type { Sizing } from "./sizing";
import type { Order } from "./state";
import { widthOfText } from "./widths";

const WIDEST_FIT = 640;
/** What a cell has beside its text. */
const BESIDE = 28;
/** By how much a key widens a column. */
const STEP = 24;

interface Ordering {
  order: Order;
  onOrder: (order: Order) => void;
}

/** A column's title; where the server can order by it, a button that does. */
export function HeadButton({ title, orderBy, order, onOrder }: { title: string; orderBy?: string } & Ordering) {
  const here = orderBy !== undefined && order.by === orderBy;
  if (!orderBy) return <span className="title">{title}</span>;
  return (
    <button
      type="button"
      className={`title ${here ? "here" : ""}`}
      title={`${title}: sort (Shift and an arrow key: its width)`}
      onClick={() => onOrder({ by: orderBy, descending: here ? !order.descending : true })}
    >
      <span>{title}</span>
      {here && <Icon name={order.descending ? "down" : "up"} />}
    </button>
  );
}

interface Changing extends Ordering, Pick<Sizing, "onWidth" | "onSized"> {
  onPin: (id: string) => void;
}

interface HeadsProps extends Changing {
  places: Place[];
  /** Is told which columns are seen. */
  ref: Ref<(seen: Range) => void>;
}

/** The heads of the columns that are seen: other ones are shown without a look at the table. */
export function Heads({ places, ref, ...changing }: HeadsProps) {
  const [seen, setSeen] = useState<Range>({ from: 0, until: 0 });
  useImperativeHandle(ref, () => setSeen, []);
  return places.slice(seen.from, seen.until).map((each) => <Head key={each.column.id} {...each} {...changing} />);
}

type Props = Place & Changing;

/** The head of a column: its title, a pin, and an edge. A drag of that sets the width, as Shift and an arrow key do; a double click fits it. */
export const Head = memo(function Head({ column, index, width, start, order, onOrder, onWidth, onSized, onPin }: Props) {
  const here = column.orderBy !== undefined && order.by === column.orderBy;
  const isPinned = start === undefined;
  const drag = (event: PointerEvent<HTMLElement>) => {
    const handle = event.currentTarget;
    const from = event.clientX - width;
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (moved) => onWidth(column.id, moved.clientX - from);
    handle.onlostpointercapture = () => {
      handle.onpointermove = null;
      onSized();
    };
  };
  const widen = (event: KeyboardEvent) => {
    const by = event.shiftKey ? { ArrowLeft: -STEP, ArrowRight: STEP }[event.key] : undefined;
    if (by === undefined) return;
    event.preventDefault();
    onWidth(column.id, width + by);
  };
  const fit = (event: MouseEvent<HTMLElement>) => {
    const cells = event.currentTarget.closest(".table")!.querySelectorAll(`[aria-colindex="${index}"]`);
    const widest = Math.max(...[...cells].map((each) => widthOfText(each.textContent ?? "")));
    onWidth(column.id, Math.min(WIDEST_FIT, Math.ceil(widest) + BESIDE));
    onSized();
  };
  const what = isPinned ? `Unpin ${column.title}` : `Pin ${column.title}`;
  return (
    <div
      className={`cell ${isPinned ? "fixed" : ""} ${column.numeric ? "numeric" : ""} ${column.group}`}
      role="columnheader"
      aria-label={column.title}
      aria-colindex={index}
      aria-sort={here ? (order.descending ? "descending" : "ascending") : "none"}
      style={{ left: start, width }}
      onKeyDown={widen}
      onKeyUp={onSized}
      onBlur={onSized}
    >
      <HeadButton title={column.title} orderBy={column.orderBy} order={order} onOrder={onOrder} />
      <button type="button" className="pin" aria-label={what} title={what} onClick={() => onPin(column.id)}>
        <Icon name={isPinned ? "close" : "pin"} />
      </button>
      <i className="resize" title="Drag, or double click to fit" onPointerDown={drag} onDoubleClick={fit} aria-hidden="true" />
    </div>
  );
});
