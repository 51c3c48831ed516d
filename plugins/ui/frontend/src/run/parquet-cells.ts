const LONGEST = 300;
const BYTES = 16;
/** How many digits of a number that is no integer are shown: as many as single precision has. */
export const DIGITS = 7;
const MIDNIGHT = "T00:00:00.000Z";

/** What a cell of a Parquet file shows. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString().replace(MIDNIGHT, "");
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(DIGITS)));
  if (typeof value !== "object") return shortened(String(value));
  return shortened(JSON.stringify(value, (_key, each: unknown) => plain(each)) ?? "");
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value instanceof Uint8Array ? hex(value) : value;
}

function hex(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, BYTES)].map((each) => each.toString(16).padStart(2, "0")).join("");
  return `0x${shown}${bytes.length > BYTES ? `… (${bytes.length} bytes)` : ""}`;
}

const shortened = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
