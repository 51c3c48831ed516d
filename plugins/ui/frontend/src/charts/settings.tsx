import { useCallback, useMemo } from "react";
import { Segments } from "../parts/basics";
import { useFields } from "../router";
import { OverMenu } from "./over";
import type { XAxis } from "./plot";

/** From one x to another. */
export type Range = [number, number];

/** How charts are drawn. It is in the address, like everything that is seen. */
export interface ChartSettings {
  x: XAxis;
  /** The metric on the x axis, where there is one. */
  over: string | null;
  log: boolean;
  logX: boolean;
  /** Whether y leaves out the few values that are far from all others. */
  clip: boolean;
  smooth: number;
  /** Whether a table in groups has a line for each group, or for each run. */
  lines: "groups" | "runs";
}

export function useChartSettings(): ChartSettings {
  const [fields] = useFields();
  const over = fields.get("over") || null;
  const x = over === null ? fields.get("x") : "metric";
  const smooth = Number(fields.get("smooth") ?? 0);
  const settings: ChartSettings = {
    x: x === "time" || x === "relative" || x === "metric" ? x : "step",
    over,
    log: fields.get("log") === "1",
    logX: fields.get("logx") === "1" && x !== "time",
    clip: fields.get("clip") === "1",
    smooth: smooth > 0 && smooth < 1 ? smooth : 0,
    lines: fields.get("lines") === "runs" ? "runs" : "groups",
  };
  return useMemo(() => settings, Object.values(settings));
}

interface Props {
  settings: ChartSettings;
  /** Whether there are groups to draw. */
  isGrouped: boolean;
  /** Those that x may be. */
  metrics: string[];
}

/** The controls above charts. */
export function ChartControls({ settings, isGrouped, metrics }: Props) {
  const [, change] = useFields();
  return (
    <div className="controls">
      {isGrouped && settings.over === null && (
        <Segments
          label="A line for each"
          value={settings.lines}
          options={[
            { value: "groups", text: "Groups" },
            { value: "runs", text: "Runs" },
          ]}
          onChange={(lines) => change({ lines: lines === "groups" ? undefined : lines }, true)}
        />
      )}
      <Segments
        label="The x axis"
        value={settings.x}
        options={[
          { value: "step", text: "Step" },
          { value: "relative", text: "Relative" },
          { value: "time", text: "Time" },
        ]}
        onChange={(x) => change({ x: x === "step" ? undefined : x, over: undefined, zoom: undefined }, true)}
      />
      <OverMenu over={settings.over} metrics={metrics} onChange={(over) => change({ over, x: undefined, zoom: undefined }, true)} />
      {settings.x !== "time" && (
        <label className="check">
          <input type="checkbox" checked={settings.logX} onChange={() => change({ logx: settings.logX ? undefined : "1" }, true)} />
          <span>Log x</span>
        </label>
      )}
      <label className="check">
        <input type="checkbox" checked={settings.log} onChange={() => change({ log: settings.log ? undefined : "1" }, true)} />
        <span>Log y</span>
      </label>
      <label className="check" title="Cut the y axis to where 96 % of the values are; the chart's head counts what is out of view">
        <input type="checkbox" checked={settings.clip} onChange={() => change({ clip: settings.clip ? undefined : "1" }, true)} />
        <span>Clip outliers</span>
      </label>
      <label className="slider">
        <span>Smoothing</span>
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={settings.smooth}
          aria-valuetext={settings.smooth ? `exponential moving average, ${settings.smooth}` : "none"}
          onChange={(event) => change({ smooth: event.target.value === "0" ? undefined : event.target.value }, true)}
        />
        <output>{settings.smooth ? settings.smooth.toFixed(2) : "off"}</output>
      </label>
    </div>
  );
}

/** The part of the x axis that every chart shows, and a way to choose it. */
export function useZoom(): [Range | null, (range: Range | null) => void] {
  const [fields, change] = useFields();
  const said = fields.get("zoom") ?? "";
  const zoom = useMemo(() => rangeOf(said), [said]);
  const onZoom = useCallback((range: Range | null) => change({ zoom: range ? range.join(",") : undefined }), [change]);
  return [zoom, onZoom];
}

function rangeOf(said: string): Range | null {
  const [start, end, ...more] = said.split(",").map(Number);
  return !more.length && Number.isFinite(start) && Number.isFinite(end) && start < end ? [start, end] : null;
}
