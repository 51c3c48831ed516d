import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useState, type RefObject } from "react";
import type { Place } from "./cells";
import { figuresBy } from "./figures";
import type { TableProps } from "./table";

export const ROW = 34;
const NAME = 268;
const NARROW_NAME = 184;
const NARROW = 700;
/** With so few rows left below the window the next ones are asked for. */
const AHEAD = 100;

interface Places {
  rows: Virtualizer<HTMLDivElement, Element>;
  /** Columns beside the name, and those of the others that are seen. */
  fixed: Place[];
  seen: Place[];
  /** Widths: of everything, of the name, of what stays where it is. */
  width: number;
  name: number;
  pinned: number;
}

/** Where rows and columns stand, and which of them are seen. */
export function usePlaces(
  scroller: RefObject<HTMLDivElement | null>,
  { rows: shown, columns, pinned, widths, onEnd }: Pick<TableProps, "rows" | "columns" | "pinned" | "widths" | "onEnd">,
): Places {
  const isNarrow = useNarrow();
  const name = isNarrow ? NARROW_NAME : NAME;
  const figures = useMemo(() => figuresBy(shown), [shown]);
  const { fixed, free, beside } = useMemo(() => {
    const sized = columns.map((column) => ({ column, width: widths[column.id] ?? column.width }));
    const isFixed = ({ column }: { column: { id: string } }) => !isNarrow && pinned.includes(column.id);
    const fixed = sized.filter(isFixed).map((each, at) => ({ ...each, index: at + 2 }));
    const beside = name + fixed.reduce((sum, each) => sum + each.width, 0);
    return { fixed, free: sized.filter((each) => !isFixed(each)), beside };
  }, [columns, pinned, widths, isNarrow, name]);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: free.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => free[index].width,
    overscan: 3,
    paddingStart: beside,
  });
  useEffect(() => across.measure(), [free, beside]);
  const items = across.getVirtualItems();
  const seen = useMemo(
    () =>
      items
        .filter((each) => each.index < free.length)
        .map(({ index, start, size }) => {
          const { column } = free[index];
          return { column, index: index + fixed.length + 2, start, width: size, figures: figures(column) };
        }),
    [items, free, fixed, figures],
  );
  const aside = useMemo(() => fixed.map((each) => ({ ...each, figures: figures(each.column) })), [fixed, figures]);
  const lastSeen = rows.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (shown.length && lastSeen >= shown.length - AHEAD) onEnd();
  }, [lastSeen, shown.length, onEnd]);
  return { rows, fixed: aside, seen, width: across.getTotalSize(), name, pinned: beside };
}

function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(innerWidth < NARROW);
  useEffect(() => {
    const resized = () => setNarrow(innerWidth < NARROW);
    addEventListener("resize", resized);
    return () => removeEventListener("resize", resized);
  }, []);
  return isNarrow;
}
