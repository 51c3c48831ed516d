import { number } from "../format";
import { metricOf } from "../values";
import type { Column } from "./columns";
import type { Row } from "./rows";

/** How the numbers of a column are written, so that they can be compared at a glance. */
export type Figures = (value: number | string | null | undefined) => string;

/** So many digits of its small numbers are shown, and no more than these of its greatest one. */
const DIGITS = 4;
const MOST_DIGITS = 9;
/** Beyond these, powers of ten take less room. */
const [SMALL, LARGE] = [1e-4, 1e7];
/** Below this no digits are grouped, also once they are rounded. */
const UNGROUPED = 999;
/** Which share of the numbers, the least ones, may be shown with fewer digits. */
const OUTER = 0.05;
/** So many rows tell how a column is written. */
const LOOKED_AT = 1000;

const known = new Map<number, Figures>();

/** All of them with as many digits behind the point, so that the points stand below each other. */
function fixed(decimals: number): Figures {
  const found = known.get(decimals);
  if (found) return found;
  const whole = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const smallest = 10 ** -decimals;
  const figures: Figures = (value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return number(value);
    const size = Math.abs(value);
    if (size >= LARGE || (size > 0 && size < smallest)) return scientific(value);
    if (size < UNGROUPED) return (value === 0 ? 0 : value).toFixed(decimals).replace("-", "−"); // many times as quick
    return whole.format(value === 0 ? 0 : value).replace("-", "−");
  };
  known.set(decimals, figures);
  return figures;
}

/** All of them with a power of ten and as many digits before it. */
const scientific: Figures = (value) =>
  typeof value === "number" && Number.isFinite(value) && value !== 0
    ? value.toExponential(DIGITS - 1).replace("e+", "e").replaceAll("-", "−")
    : number(value);

/** How numbers are written that stand below each other. */
export function figuresOf(values: (number | string | undefined)[]): Figures {
  const finite = values.filter((each): each is number => typeof each === "number" && Number.isFinite(each));
  const sizes = finite.map(Math.abs).filter((each) => each > 0);
  if (!sizes.length || finite.every((each) => Number.isInteger(each) && Math.abs(each) < 1e9)) return number;
  sizes.sort((one, other) => one - other);
  const [least, greatest] = [sizes[Math.floor(sizes.length * OUTER)], sizes[sizes.length - 1]];
  if (least < SMALL || greatest >= LARGE) return scientific;
  const power = (size: number) => Math.floor(Math.log10(size));
  const decimals = Math.min(DIGITS - 1 - power(least), MOST_DIGITS - 1 - Math.max(0, power(greatest)));
  return fixed(Math.max(0, decimals));
}

/** How each column of metrics is written, by the rows that are there; found when it is first asked for. */
export function figuresBy(rows: Row[]): (column: Column) => Figures {
  const found = new Map<string, Figures>();
  return (column) => {
    if (column.group !== "metric") return number;
    const before = found.get(column.id);
    if (before) return before;
    const runs = rows.slice(0, LOOKED_AT).flatMap((row) => (row.kind === "run" ? [row.run] : row.group.runs)).slice(0, LOOKED_AT);
    const figures = figuresOf(runs.map((run) => metricOf(run, column.title)));
    found.set(column.id, figures);
    return figures;
  };
}
