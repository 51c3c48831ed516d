/** What is read of a figure of plotly: its common traces, as data. Nothing of it is run. */
export interface Figure {
  title: string;
  xTitle: string;
  yTitle: string;
  traces: Trace[];
  /** Kinds of traces that are not drawn here. */
  skipped: string[];
  /** Whether some trace has more points than are drawn. */
  isCut: boolean;
}

export type Value = string | number | null;

export type Trace = { name: string } & (
  | { kind: "xy"; x: Value[]; y: Value[]; line: boolean; points: boolean }
  | { kind: "bar"; x: Value[]; y: Value[]; isLying: boolean }
  | { kind: "histogram"; values: number[] }
  | { kind: "box"; values: number[] }
  | { kind: "heatmap"; x: Value[]; y: Value[]; z: Value[][] }
);

const MOST_TRACES = 40;
const MOST_POINTS = 20_000;
const MOST_ROWS = 300;

type Plain = Record<string, unknown>;

const isPlain = (value: unknown): value is Plain => typeof value === "object" && value !== null && !Array.isArray(value);

/** A figure, where a JSON value is one as plotly writes them; else null. */
export function figureOf(value: unknown): Figure | null {
  if (!isPlain(value) || !Array.isArray(value.data) || !isPlain(value.layout) || !value.data.length) return null;
  const data = value.data.filter(isPlain);
  if (data.length !== value.data.length || !data.every((each) => each.type === undefined || typeof each.type === "string")) return null;
  const skipped = new Set<string>();
  const found: Trace[] = [];
  for (const each of data.slice(0, MOST_TRACES)) {
    const trace = traceOf(each, found.length);
    if (trace) found.push(trace);
    else skipped.add(typeof each.type === "string" ? each.type.slice(0, 40) : "scatter");
  }
  const { layout } = value;
  return {
    title: titleOf(layout),
    xTitle: titleOf(layout.xaxis),
    yTitle: titleOf(layout.yaxis),
    traces: found,
    skipped: [...skipped],
    isCut: data.length > MOST_TRACES || data.some((each) => [each.x, each.y].some((axis) => lengthOf(axis) > MOST_POINTS)),
  };
}

function titleOf(of: unknown): string {
  const title = isPlain(of) ? of.title : undefined;
  const text = isPlain(title) ? title.text : title;
  return typeof text === "string" ? text.replace(/<[^>]*>/g, " ").trim().slice(0, 200) : "";
}

function traceOf(of: Plain, number: number): Trace | null {
  const name = typeof of.name === "string" && of.name ? of.name.slice(0, 100) : `trace ${number}`;
  const [x, y] = [valuesOf(of.x), valuesOf(of.y)];
  switch (of.type ?? "scatter") {
    case "scatter":
    case "scattergl": {
      if (!y) return null;
      const mode = typeof of.mode === "string" ? of.mode : y.length < 20 ? "lines+markers" : "lines";
      const [line, points] = [mode.includes("lines"), mode.includes("markers")];
      return line || points ? { kind: "xy", name, x: x ?? y.map((_, at) => at), y, line, points } : null;
    }
    case "bar": {
      if (!x && !y) return null;
      const isLying = of.orientation === "h";
      const places = (values: Value[]) => values.map((_, at) => at);
      return { kind: "bar", name, x: x ?? places(y!), y: y ?? places(x!), isLying };
    }
    case "histogram":
      return x ? { kind: "histogram", name, values: numbers(x) } : null;
    case "box":
      return y ? { kind: "box", name, values: numbers(y) } : null;
    case "heatmap":
      return heatmapOf(of, name, x, y);
    default:
      return null;
  }
}

function heatmapOf(of: Plain, name: string, x: Value[] | null, y: Value[] | null): Trace | null {
  const z = tableOf(of.z);
  if (!z || z.length > MOST_ROWS || z.some((row) => row.length > MOST_ROWS)) return null;
  const width = Math.max(0, ...z.map((row) => row.length));
  return { kind: "heatmap", name, x: x ?? [...Array(width).keys()], y: y ?? [...Array(z.length).keys()], z };
}

const numbers = (values: Value[]) => values.filter((each): each is number => typeof each === "number");

function tableOf(of: unknown): Value[][] | null {
  if (isPlain(of)) {
    const flat = decoded(of);
    const width = Number(String(of.shape ?? "").split(",")[1]);
    if (!flat || !(width > 0)) return null;
    return Array.from({ length: Math.floor(flat.length / width) }, (_, row) => flat.slice(row * width, (row + 1) * width));
  }
  if (!Array.isArray(of)) return null;
  const rows = of.map(valuesOf);
  return rows.every((each) => each !== null) ? rows : null;
}

function lengthOf(of: unknown): number {
  if (Array.isArray(of)) return of.length;
  return isPlain(of) ? (decoded(of)?.length ?? 0) : 0;
}

function valuesOf(of: unknown): Value[] | null {
  const found: unknown[] | null = isPlain(of) ? decoded(of) : Array.isArray(of) ? of : null;
  return found?.slice(0, MOST_POINTS).map(valueOf) ?? null;
}

function valueOf(of: unknown): Value {
  if (typeof of === "number") return Number.isFinite(of) ? of : null;
  return typeof of === "string" ? of.slice(0, 200) : typeof of === "boolean" ? String(of) : null;
}

const ARRAYS = {
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

/** The numbers of an array as plotly 6 writes it: its type, and its bytes as base64. */
function decoded(of: Plain): number[] | null {
  const make = typeof of.dtype === "string" && Object.hasOwn(ARRAYS, of.dtype) ? ARRAYS[of.dtype as keyof typeof ARRAYS] : null;
  if (!make || typeof of.bdata !== "string") return null;
  try {
    const bytes = Uint8Array.from(atob(of.bdata), (char) => char.charCodeAt(0));
    return Array.from(new make(bytes.buffer, 0, Math.floor(bytes.length / make.BYTES_PER_ELEMENT)));
  } catch {
    return null; // no base64
  }
}

/** The figure in a page that plotly wrote: the data that its script would be given, read as JSON. */
export function figureOfPage(html: string): Figure | null {
  const call = html.lastIndexOf("Plotly.newPlot(");
  if (call < 0) return null;
  const data = jsonAt(html, html.indexOf("[", call));
  const layout = data && jsonAt(html, html.indexOf("{", data.end));
  return data && layout ? figureOf({ data: data.value, layout: layout.value }) : null;
}

/** The JSON value that begins with a bracket at a place of a text, and where it ends. */
function jsonAt(text: string, start: number): { value: unknown; end: number } | null {
  if (start < 0) return null;
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === "\\") at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "[" || char === "{") depth++;
    else if ((char === "]" || char === "}") && --depth === 0) {
      try {
        return { value: JSON.parse(text.slice(start, at + 1)), end: at + 1 };
      } catch {
        return null;
      }
    }
  }
  return null;
}
