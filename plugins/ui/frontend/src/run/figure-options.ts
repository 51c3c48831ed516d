import { seriesColour } from "../colours";
import { look, plain } from "../explore/look";
import { number } from "../format";
import { quartiles } from "../explore/fields";
import type { Figure, Trace, Value } from "./figure";

const BINS = 30;
const DATE = /^\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?$/;

type AxisType = "value" | "time" | "category";

/** How a figure of plotly is drawn by ECharts. */
export function figureOption(figure: Figure): object {
  const { text, strong, raised } = look();
  const { traces } = figure;
  const first = traces[0];
  const isLying = traces.some((each) => each.kind === "bar" && each.isLying);
  const across = first.kind === "heatmap" ? categories(first.x) : acrossOf(traces, isLying);
  const up = first.kind === "heatmap" ? categories(first.y) : { type: "value" as AxisType };
  const axes = [axis(figure.xTitle, isLying ? up : across, true), axis(figure.yTitle, isLying ? across : up, false)];
  return {
    textStyle: { fontFamily: "system-ui, sans-serif", fontSize: 12, color: text },
    tooltip: {
      trigger: "item",
      renderMode: "richText",
      confine: true,
      backgroundColor: raised,
      borderColor: strong,
      textStyle: { color: text, fontSize: 12 },
      formatter: (given: { seriesName?: string; value: unknown }) => plain([given.seriesName ?? "", valueText(given.value)]),
    },
    legend: { show: traces.length > 1, type: "scroll", top: 8, textStyle: { color: text }, formatter: (name: string) => plain([name]) },
    grid: { left: 78, right: first.kind === "heatmap" ? 90 : 24, top: traces.length > 1 ? 44 : 20, bottom: 54 },
    xAxis: axes[0],
    yAxis: axes[1],
    ...(first.kind === "heatmap" && { visualMap: scale(first.z) }),
    series: first.kind === "heatmap" ? [heat(first)] : traces.filter((each) => each.kind !== "heatmap").map((each, at) => series(each, at, across)),
  };
}

interface Across {
  type: AxisType;
  data?: string[];
}

const categories = (values: Value[]): Across => ({ type: "category", data: values.map((each) => plain([String(each)])) });

function acrossOf(traces: Trace[], isLying: boolean): Across {
  if (traces.some((each) => each.kind === "box")) return categories(traces.map((each) => each.name));
  const places = traces.flatMap((each) => ("x" in each ? (isLying ? each.y : each.x) : []));
  if (places.every((each) => typeof each !== "string")) return { type: "value" };
  if (places.every((each) => typeof each === "string" && DATE.test(each))) return { type: "time" };
  return categories([...new Set(places)]);
}

function series(trace: Trace, at: number, across: Across): object {
  const common = { name: trace.name, itemStyle: { color: seriesColour(at) } };
  switch (trace.kind) {
    case "xy":
      return {
        ...common,
        type: trace.line ? "line" : "scatter",
        symbol: "circle",
        symbolSize: trace.line ? 6 : 8,
        showSymbol: trace.points,
        lineStyle: { width: 2 },
        data: pairs(trace.x, trace.y),
      };
    case "bar":
      return { ...common, type: "bar", barMaxWidth: 60, data: pairs(trace.x, trace.y) };
    case "histogram":
      return { ...common, type: "bar", barWidth: "96%", data: binned(trace.values) };
    case "box":
      return { ...common, type: "boxplot", data: across.data!.map((name) => (name === plain([trace.name]) ? quartiles(trace.values) : [])) };
    case "heatmap":
      return heat(trace);
  }
}

const pairs = (x: Value[], y: Value[]) => x.slice(0, y.length).map((each, at) => [each, y[at]]);

/** How many values lie in each of some parts of equal length, by the middle of the part. */
export function binned(values: number[]): [number, number][] {
  if (!values.length) return [];
  const [least, greatest] = values.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [Infinity, -Infinity]);
  const size = (greatest - least) / BINS || 1;
  const counts = new Array<number>(BINS).fill(0);
  for (const each of values) counts[Math.min(BINS - 1, Math.floor((each - least) / size))]++;
  return counts.map((count, at) => [least + (at + 0.5) * size, count]);
}

function heat(trace: Extract<Trace, { kind: "heatmap" }>): object {
  return { name: trace.name, type: "heatmap", data: trace.z.flatMap((row, up) => row.map((each, across) => [across, up, each ?? "-"])) };
}

function scale(z: Value[][]): object {
  const { text, ramp } = look();
  const known = z.flat().filter((each): each is number => typeof each === "number");
  const [min, max] = known.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [Infinity, -Infinity]);
  return { min, max, calculable: true, orient: "vertical", right: 8, top: "middle", inRange: { color: ramp }, textStyle: { color: text }, formatter: (value: number) => number(value) };
}

function axis(name: string, of: Across, isAcross: boolean): object {
  const { text, line, strong } = look();
  return {
    ...of,
    name: plain([name]),
    scale: true,
    nameLocation: "middle",
    nameGap: isAcross ? 30 : 56,
    nameTextStyle: { color: text },
    axisLine: { lineStyle: { color: strong } },
    axisLabel: { color: text, hideOverlap: true, ...(of.type === "value" && { formatter: (value: number) => number(value) }) },
    splitLine: { show: of.type !== "category", lineStyle: { color: line } },
  };
}

function valueText(value: unknown): string {
  const parts = Array.isArray(value) ? value : [value];
  return parts.map((each) => (typeof each === "number" ? number(each) : String(each))).join(", ");
}
