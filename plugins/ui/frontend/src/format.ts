import type { Run } from "./api/types";

/** A number as short as it can be read exactly enough: five significant digits. */
export function number(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return "";
  const given = typeof value === "string" ? Number(value) : value;
  if (Number.isNaN(given)) return "NaN";
  if (!Number.isFinite(given)) return given > 0 ? "∞" : "−∞";
  if (given === 0) return "0";
  const size = Math.abs(given);
  if (Number.isInteger(given) && size < 1e9) return given.toLocaleString("en").replace("-", "−");
  const text = size >= 1e6 || size < 1e-4 ? given.toExponential(3) : String(Number(given.toPrecision(5)));
  return text.replace("e+", "e").replaceAll("-", "−");
}

export function bytes(size: number | undefined): string {
  if (size === undefined) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  const at = size < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3));
  return `${at === 0 ? size : (size / 1000 ** at).toFixed(1)} ${units[at]}`;
}

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const YEAR = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const WHOLE = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium", hour12: false });

/** When something was, as a person says it. */
export function when(time: number | undefined, now = Date.now()): string {
  if (!time) return "";
  const past = (now - time) / 1000;
  if (past >= -5 && past < 60) return "just now";
  if (past >= 0 && past < 3600) return `${Math.floor(past / 60)} min ago`;
  if (past >= 0 && past < 86_400) return `${Math.floor(past / 3600)} h ago`;
  const date = new Date(time);
  return date.getFullYear() === new Date(now).getFullYear() ? `${DAY.format(date)}, ${TIME.format(date)}` : YEAR.format(date);
}

export function exactTime(time: number | undefined): string {
  return time ? WHOLE.format(new Date(time)) : "";
}

export function runDuration(run: Run): string {
  const { start_time: start, end_time: end, status } = run.info;
  if (!start) return "";
  if (end) return duration(end - start);
  return status === "RUNNING" ? duration(Date.now() - start) : "";
}

export function runName(run: Run): string {
  return run.info.run_name || run.info.run_id.slice(0, 8);
}

/** The quoted form of a key in the filter grammar. */
export function quotedKey(key: string): string {
  return /^[A-Za-z_][\w]*$/.test(key) ? key : key.includes("`") ? `"${key}"` : `\`${key}\``;
}
