import { useState, type KeyboardEvent } from "react";
import { go, href } from "../router";
import type { Row } from "./rows";

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -1e9, End: 1e9 };

interface Options {
  rows: Row[];
  onOpen: (id: string) => void;
  toggle: (row: Row) => void;
  scrollTo: (index: number) => void;
}

/** The row that keys are about, and what they do: move, open and close, select. */
export function useKeys({ rows, onOpen, toggle, scrollTo }: Options) {
  const [active, setActive] = useState(-1);
  const move = (step: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, active + step));
    setActive(next);
    scrollTo(next);
  };
  const act = (key: string, row: Row): boolean => {
    const opens = row.kind === "group" || row.opens;
    if (key === "Enter") row.kind === "run" ? go(href(["runs", row.id])) : onOpen(row.id);
    else if (key === " ") toggle(row);
    else if (opens && key === (row.open ? "ArrowLeft" : "ArrowRight")) onOpen(row.id);
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = STEPS[event.key];
    if (step) move(step);
    else if (!rows[active] || event.target !== event.currentTarget || !act(event.key, rows[active])) return;
    event.preventDefault();
  };
  return { active, onKeyDown };
}
