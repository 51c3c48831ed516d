import { useMemo } from "react";
import { runsOf, type Row } from "./rows";

export interface Selection {
  selected: Set<string>;
  onSelect: (ids: Set<string>) => void;
}

const idsOf = (row: Row) => runsOf(row).map((each) => each.info.run_id);

/** Which rows are selected: a group is where all its runs are. */
export function useSelection(rows: Row[], { selected, onSelect }: Selection) {
  const isSelected = (row: Row) => selected.size > 0 && runsOf(row).every((each) => selected.has(each.info.run_id));
  const isEverything = useMemo(() => rows.length > 0 && rows.every(isSelected), [rows, selected]);
  const toggle = (row: Row) => {
    const next = new Set(selected);
    const ids = idsOf(row);
    const isWhole = ids.every((id) => next.has(id));
    for (const id of ids) isWhole ? next.delete(id) : next.add(id);
    onSelect(next);
  };
  const toggleAll = () => onSelect(new Set(isEverything ? [] : rows.flatMap(idsOf)));
  return { isSelected, isEverything, toggle, toggleAll };
}
