import type { Run } from "../api/types";
import { colourOf } from "../colours";
import { number, runName } from "../format";
import { look, plain } from "./look";
import { boxesOf, gridOf, numberOf, textOf, type Dimension } from "./fields";

export type Kind = "parallel" | "scatter" | "contour" | "box" | "bar";

export interface Axes {
  x: string;
  y: string;
  z: string;
  group: string;
  axes: string[];
  logX: boolean;
  logY: boolean;
}

const title = (id: string) => id.slice(id.indexOf(":") + 1);

/** Tooltips are text: what somebody logged is never markup. */
function base(tip: (data: { runId?: string; lines: string[] }) => string[]): object {
  const { text, raised, strong } = look();
  return {
    textStyle: { fontFamily: "system-ui, sans-serif", fontSize: 12, color: text },
    tooltip: {
      trigger: "item",
      renderMode: "richText",
      confine: true,
      backgroundColor: raised,
      borderColor: strong,
      textStyle: { color: text, fontSize: 12 },
      formatter: (given: { data: { runId?: string; lines: string[] } }) => plain(tip(given.data)),
    },
  };
}

function axis(id: string, isLog: boolean, across: boolean): object {
  const { text, line, strong } = look();
  return {
    type: isLog ? "log" : "value",
    scale: true,
    name: title(id),
    nameLocation: "middle",
    nameGap: across ? 30 : 54,
    nameTextStyle: { color: text },
    axisLine: { lineStyle: { color: strong } },
    axisLabel: { color: text, formatter: (value: number) => number(value), hideOverlap: true },
    splitLine: { lineStyle: { color: line } },
  };
}

const PLACE = { left: 74, right: 24, top: 20, bottom: 52 };

interface Drawn {
  option: object;
  /** How many runs lack a number that the chart needs. */
  left: number;
}

const lines = (run: Run, ids: string[]) => [
  runName(run),
  ...ids.map((id) => `${title(id)}: ${textOf(run, id) ?? "–"}`),
];

function scatter(runs: Run[], { x, y, logX, logY }: Axes): Drawn {
  const fits = (value: number | null, isLog: boolean) => value !== null && (!isLog || value > 0);
  const shown = runs.filter((run) => fits(numberOf(run, x), logX) && fits(numberOf(run, y), logY));
  const data = shown.map((run) => ({
    value: [numberOf(run, x), numberOf(run, y)],
    runId: run.info.run_id,
    lines: lines(run, [x, y]),
    itemStyle: { color: colourOf(run.info.run_id), opacity: 0.85 },
  }));
  const series = [{ type: "scatter", symbolSize: shown.length > 300 ? 6 : 10, data }];
  return {
    option: { ...base((each) => each.lines), grid: PLACE, xAxis: axis(x, logX, true), yAxis: axis(y, logY, false), series },
    left: runs.length - shown.length,
  };
}

function contour(runs: Run[], { x, y, z }: Axes): Drawn {
  const points = runs
    .map((run) => [numberOf(run, x), numberOf(run, z), numberOf(run, y)])
    .filter((each): each is [number, number, number] => each.every((value) => value !== null));
  if (!points.length) return { option: {}, left: runs.length };
  const { text, ramp, strong } = look();
  const grid = gridOf(points);
  const values = grid.cells.map((each) => each[2]);
  const category = (id: string, places: number[], across: boolean) => ({
    ...axis(id, false, across),
    type: "category",
    data: places.map((each) => number(Number(each.toPrecision(3)))),
    splitLine: { show: false },
    axisTick: { show: false },
  });
  const data = grid.cells.map((value) => ({
    value,
    lines: [`${title(y)} ≈ ${number(value[2])}`, `${title(x)}: ${number(grid.x[value[0]])}`, `${title(z)}: ${number(grid.y[value[1]])}`],
  }));
  return {
    option: {
      ...base((each) => each.lines),
      grid: { ...PLACE, right: 128 },
      xAxis: category(x, grid.x, true),
      yAxis: category(z, grid.y, false),
      visualMap: {
        min: Math.min(...values),
        max: Math.max(...values),
        type: "piecewise",
        splitNumber: 8,
        right: 4,
        top: "middle",
        itemWidth: 12,
        itemHeight: 14,
        textStyle: { color: text, fontSize: 11 },
        formatter: (low: number, high: number) => `${number(Number(low.toPrecision(3)))} – ${number(Number(high.toPrecision(3)))}`,
        inRange: { color: ramp },
        borderColor: strong,
      },
      series: [{ type: "heatmap", data }],
    },
    left: runs.length - points.length,
  };
}

function box(runs: Run[], { y, group, logY }: Axes): Drawn {
  const usable = logY ? runs.filter((run) => (numberOf(run, y) ?? 0) > 0) : runs;
  const boxes = boxesOf(usable, y, group);
  const { text, strong } = look();
  const data = boxes.map(({ name, five, runs: count }) => ({
    value: five,
    lines: [
      `${name} (${count} ${count === 1 ? "run" : "runs"})`,
      ...["min", "lower quartile", "median", "upper quartile", "max"].map((each, at) => `${each}: ${number(five[at])}`),
    ],
  }));
  const drawn = boxes.reduce((sum, each) => sum + each.runs, 0);
  return {
    option: {
      ...base((each) => each.lines),
      grid: PLACE,
      xAxis: { ...axis(group, false, true), type: "category", data: boxes.map((each) => each.name), axisLabel: { color: text, hideOverlap: true } },
      yAxis: axis(y, logY, false),
      series: [{ type: "boxplot", data, boxWidth: [8, 56], itemStyle: { color: look().dark ? "#16312d" : "#e3f2ef", borderColor: look().dark ? "#4fc9ba" : "#0f6f66" }, emphasis: { itemStyle: { borderColor: strong } } }],
    },
    left: runs.length - drawn,
  };
}

const BARS = 60;

function bar(runs: Run[], { y, logY }: Axes): Drawn {
  const usable = runs.filter((run) => numberOf(run, y) !== null && (!logY || numberOf(run, y)! > 0));
  const shown = [...usable].sort((one, other) => numberOf(other, y)! - numberOf(one, y)!).slice(0, BARS);
  const { text, strong } = look();
  const data = shown.map((run) => ({
    value: numberOf(run, y),
    runId: run.info.run_id,
    lines: lines(run, [y]),
    itemStyle: { color: colourOf(run.info.run_id), borderRadius: 2 },
  }));
  return {
    option: {
      ...base((each) => each.lines),
      grid: { ...PLACE, left: 150 },
      yAxis: {
        type: "category",
        inverse: true,
        data: shown.map(runName),
        axisLabel: { color: text, width: 126, overflow: "truncate" },
        axisLine: { lineStyle: { color: strong } },
        axisTick: { show: false },
      },
      xAxis: { ...axis(y, logY, true), scale: false },
      series: [{ type: "bar", barMaxWidth: 18, data }],
    },
    left: runs.length - shown.length,
  };
}

const shortened = (name: string, most: number) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

function parallel(runs: Run[], { axes, y }: Axes, all: Dimension[]): Drawn {
  const { text, strong, surface, ramp } = look();
  const axisLabel = { color: text, backgroundColor: surface, padding: [1, 3], borderRadius: 3 }; // readable above the lines
  const shown = axes.map((id) => all.find((each) => each.id === id)).filter((each): each is Dimension => !!each);
  const last = shown.findIndex((each) => each.id === y);
  const colours = runs.map((run) => numberOf(run, y)).filter((each): each is number => each !== null);
  const parallelAxis = shown.map((each, dim) => ({
    dim,
    z: 3,
    name: shortened(each.title, 18),
    scale: true,
    ...(each.numeric
      ? { type: "value", axisLabel: { ...axisLabel, formatter: (value: number) => number(value) } }
      : {
          type: "category",
          axisLabel: { ...axisLabel, formatter: (name: string) => shortened(name, 13) },
          data: [...new Set(runs.map((run) => textOf(run, each.id)).filter((text) => text !== undefined))].sort(),
        }),
  }));
  const data = runs.map((run) => ({
    value: shown.map((each) => (each.numeric ? (numberOf(run, each.id) ?? "-") : (textOf(run, each.id) ?? "-"))),
    runId: run.info.run_id,
    lines: lines(run, shown.map((each) => each.id)),
  }));
  const isGap = (run: Run) => shown.some((each) => (each.numeric ? numberOf(run, each.id) === null : textOf(run, each.id) === undefined));
  return {
    option: {
      ...base((each) => each.lines),
      parallel: {
        left: 60,
        right: 70,
        top: 50,
        bottom: 24,
        parallelAxisDefault: {
          nameTextStyle: { color: text, fontSize: 12 },
          nameGap: 22,
          axisLine: { lineStyle: { color: strong, width: 1.5 } },
          axisTick: { show: false },
          splitLine: { show: false },
        },
      },
      parallelAxis,
      ...(last >= 0 &&
        colours.length && {
          visualMap: { show: false, dimension: last, min: Math.min(...colours), max: Math.max(...colours), inRange: { color: ramp.slice(1) } },
        }),
      series: [{ type: "parallel", lineStyle: { width: runs.length > 200 ? 1 : 1.8, opacity: runs.length > 200 ? 0.35 : 0.8 }, emphasis: { lineStyle: { width: 3, opacity: 1 } }, data }],
    },
    left: runs.filter(isGap).length,
  };
}

/** What ECharts draws of some runs. */
export function optionOf(kind: Kind, runs: Run[], axes: Axes, all: Dimension[]): Drawn {
  if (kind === "scatter") return scatter(runs, axes);
  if (kind === "contour") return contour(runs, axes);
  if (kind === "box") return box(runs, axes);
  if (kind === "bar") return bar(runs, axes);
  return parallel(runs, axes, all);
}
