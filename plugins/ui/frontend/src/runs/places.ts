import { useEffect, useMemo, useState } from "react";
import type { Place } from "./cells";
import type { Column } from "./columns";
import type { Widths } from "./sizing";

const NAME = 268;
const NARROW_NAME = 184;
const NARROW = 700;

interface Places {
  /** Columns beside the name, and the others. */
  fixed: Place[];
  free: Required<Place>[];
  /** Widths: of everything, of the name, of what stays where it is. */
  width: number;
  name: number;
  pinned: number;
}

/** Where columns stand. */
export function usePlaces(columns: Column[], pins: string[], widths: Widths): Places {
  const isNarrow = useNarrow();
  return useMemo(() => {
    const name = isNarrow ? NARROW_NAME : NAME;
    const sized = columns.map((column) => ({ column, width: widths[column.id] ?? column.width }));
    const isFixed = ({ column }: { column: Column }) => !isNarrow && pins.includes(column.id);
    const fixed = sized.filter(isFixed).map((each, at) => ({ ...each, index: at + 2 }));
    const pinned = fixed.reduce((sum, each) => sum + each.width, name);
    let width = pinned;
    const free = sized
      .filter((each) => !isFixed(each))
      .map((each, at) => {
        const start = width;
        width += each.width;
        return { ...each, index: at + fixed.length + 2, start };
      });
    return { fixed, free, width, name, pinned };
  }, [columns, pins, widths, isNarrow]);
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
