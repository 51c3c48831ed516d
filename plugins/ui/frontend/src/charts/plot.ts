import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { isDark, colourOf, withAlpha } from "../colours";
import { duration } from "../format";
import { logTicks, tickText } from "./ticks";
import type { Clipping, Line } from "./data";

/** What a line shows at one x: its value, and what the bucket there covers. */
export interface Value {
  value: number | null;
  low: number | null;
  high: number | null;
}

export type XAxis = "step" | "time" | "relative" | "metric";

export interface PlotOptions {
  width: number;
  height: number;
  x: XAxis;
  isLog: boolean;
  isLogX: boolean;
  sync: string;
  /** The part of x that is shown now; null: all of it. */
  zoom: () => [number, number] | null;
  /** The part of y that is shown now; null: all of it. */
  clipping: () => Clipping | null;
  onZoom: (start: number, end: number) => void;
  onHover: (id: string | null, x: number | null, values: Map<string, Value>) => void;
}

/** A chart of lines. uPlot draws on a canvas; everything around it is ours. */
export function draw(host: HTMLElement, lines: Line[], options: PlotOptions): uPlot {
  const { data, series, bands, owners } = arranged(lines);
  const grid = isDark() ? "#2a302e" : "#ecebe8";
  const text = isDark() ? "#9aa39f" : "#66625d";
  const axis: uPlot.Axis = {
    stroke: text,
    font: "11px system-ui, sans-serif",
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  const chart = new uPlot(
    {
      width: options.width,
      height: options.height,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: options.x === "time", distr: options.isLogX ? 3 : 1, range: (_u, min, max) => xRange(min, max, options) },
        y: { distr: options.isLog ? 3 : 1, range: (_u, min, max) => yRange(min, max, options) },
      },
      cursor: {
        sync: { key: options.sync, setSeries: false },
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { size: 6 },
        focus: { prox: 24 },
      },
      focus: { alpha: 0.35 },
      axes: [
        { ...axis, ...placed(options.isLogX), size: 26, values: options.x === "time" ? undefined : (_u, ticks) => ticks.map((each) => xText(each, options.x)) },
        { ...axis, ...placed(options.isLog), size: 56, values: (_u, ticks) => ticks.map(tickText) },
      ],
      series: [{}, ...series],
      bands,
      hooks: {
        draw: [(u) => drawMarks(u, lines)],
        setSelect: [
          (u) => {
            if (u.select.width < 6) return;
            options.onZoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [(u) => hovered(u, owners, options)],
      },
    },
    data,
    host,
  );
  return chart;
}

/** Where the ticks of an axis are: on a logarithmic one at places of our own, all of which have a text. */
function placed(isLog: boolean): Partial<uPlot.Axis> {
  return isLog ? { splits: (_u, _axis, min, max) => logTicks(min, max), filter: (_u, ticks) => ticks } : {};
}

/** One place alone has room on both sides, without which a logarithmic axis has no length. */
function xRange(min: number, max: number, { zoom, isLogX }: PlotOptions): uPlot.Range.MinMax {
  const shown = zoom();
  if (shown) return isLogX && shown[0] <= 0 ? [Math.min(min, shown[1] / 10), shown[1]] : shown;
  return isLogX && min === max ? [min / 10, max * 10] : [min, max];
}

function yRange(min: number, max: number, { clipping, isLog }: PlotOptions): uPlot.Range.MinMax {
  const clipped = clipping();
  if (clipped) return [clipped.low, clipped.high];
  return isLog ? uPlot.rangeLog(min, max, 10, true) : uPlot.rangeNum(min, max, 0.1, true);
}

export function xText(value: number, x: XAxis): string {
  if (x === "relative") return duration(value * 1000);
  if (x === "time") return new Date(value * 1000).toLocaleString("en", { hour12: false });
  return tickText(value);
}

interface Arranged {
  data: uPlot.AlignedData;
  series: uPlot.Series[];
  bands: uPlot.Band[];
  /** The lines by the series that show them. */
  owners: (Line | null)[];
}

/** Lines of different x as columns over one x: for each its band, its raw line and its smoothed one. */
function arranged(lines: Line[]): Arranged {
  const tables: uPlot.AlignedData[] = [];
  const series: uPlot.Series[] = [];
  const bands: uPlot.Band[] = [];
  const owners: (Line | null)[] = [null];
  const retained: number[][] = [];
  for (const line of lines) {
    if (!line.x.length) continue;
    const colour = colourOf(line.id);
    const columns: (number | null)[][] = [];
    const add = (values: (number | null)[], options: uPlot.Series, owner: Line | null = null) => {
      columns.push(values);
      series.push({ spanGaps: false, ...options });
      owners.push(owner);
    };
    if (line.hasBand) {
      const first = series.length + 1;
      const edge = line.isGroup
        ? { stroke: withAlpha(colour, 0.3), width: 1, points: { show: false } }
        : { stroke: "transparent", width: 0, points: { show: false } };
      add(line.high, edge);
      add(line.low, edge);
      bands.push({ series: [first, first + 1], fill: withAlpha(colour, lines.length > 2 ? 0.1 : 0.18) });
    }
    const alone = line.last.filter((each) => each !== null).length === 1;
    const points = { show: alone, size: 6, fill: colour };
    if (line.smooth) add(line.last, { stroke: withAlpha(colour, 0.25), width: 1, points: { show: false } });
    add(line.smooth ?? line.last, { stroke: colour, width: 1.5, points }, line);
    tables.push([line.x, ...columns] as unknown as uPlot.AlignedData);
    retained.push([0, ...columns.map(() => 1)]);
  }
  if (!tables.length) return { data: [[]], series: [], bands: [], owners };
  const data = tables.length > 1 ? uPlot.join(tables, retained) : tables[0];
  return { data, series, bands, owners };
}

function drawMarks(u: uPlot, lines: Line[]): void {
  const { ctx } = u;
  const size = 4 * devicePixelRatio;
  const { top, height, left, width } = u.bbox;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (const line of lines) {
    ctx.strokeStyle = ctx.fillStyle = colourOf(line.id);
    for (const mark of line.marks) {
      const x = u.valToPos(mark.x, "x", true);
      if (x < left || x > left + width) continue;
      const y = mark.kind === "+inf" ? top + size : top + height - size;
      ctx.beginPath();
      if (mark.kind === "nan") {
        ctx.moveTo(x - size, y - size);
        ctx.lineTo(x + size, y + size);
        ctx.moveTo(x + size, y - size);
        ctx.lineTo(x - size, y + size);
        ctx.stroke();
      } else {
        const tip = mark.kind === "+inf" ? -size : size;
        ctx.moveTo(x, y + tip);
        ctx.lineTo(x - size, y - tip);
        ctx.lineTo(x + size, y - tip);
        ctx.fill();
      }
    }
  }
  ctx.restore();
}

function hovered(u: uPlot, owners: (Line | null)[], options: PlotOptions): void {
  const { idx } = u.cursor;
  if (idx === null || idx === undefined || u.cursor.left! < 0) {
    options.onHover(null, null, new Map());
    return;
  }
  const values = new Map<string, Value>();
  const isPointed = u.over.matches(":hover"); // the others only follow
  let nearest: string | null = null;
  let distance = Infinity;
  const x = u.data[0][idx];
  owners.forEach((line, at) => {
    if (!line) return;
    const value = valueAt(u.data[at] as (number | null | undefined)[], idx);
    const bucket = lastAtOrBefore(line.x, x);
    values.set(line.id, { value, low: line.low[bucket] ?? null, high: line.high[bucket] ?? null });
    if (value !== null && isPointed) {
      const away = Math.abs(u.valToPos(value, "y") - u.cursor.top!);
      if (away < distance) [nearest, distance] = [line.id, away];
    }
  });
  options.onHover(nearest, x, values);
}

/** The last index whose x is not beyond a place; -1 where there is none. */
function lastAtOrBefore(xs: number[], place: number): number {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The value of a line at, or before, an index of the joined columns. */
function valueAt(column: (number | null | undefined)[], at: number): number | null {
  for (let index = at; index >= 0 && index > at - 50; index--) {
    if (column[index] !== undefined) return column[index] ?? null;
  }
  return null;
}
