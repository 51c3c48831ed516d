import { memo, useMemo, useRef, useState } from "react";
import { useBands, useChart, type RunGroup } from "../api/charts";
import type { Run } from "../api/types";
import { runName } from "../format";
import { Button } from "../parts/basics";
import { Canvas, type Hover } from "./canvas";
import { clippingOf, joiningText, linesOf, markedText, meansOf } from "./data";
import { useNearness } from "./nearness";
import type { XAxis } from "./plot";
import type { ChartSettings, Range } from "./settings";
import { Tip } from "./tip";

const HEIGHT = 210;
/** What of a panel's width the axis takes. */
const BESIDE = 68;
const NO_GROUPS: RunGroup[] = [];
const NO_RUNS: Run[] = [];

interface Props {
  metric: string;
  runs: Run[];
  /** Where there are some, each has a line, and not each run. */
  groups?: RunGroup[];
  settings: ChartSettings;
  zoom: Range | null;
  onZoom: (range: Range | null) => void;
  height?: number;
}

/** Times come in milliseconds; uPlot draws seconds. */
const scaleOf = (x: XAxis) => (x === "step" || x === "metric" ? 1 : 1 / 1000);

/** A bucket for each pixel, in steps, so that a window that is dragged does not ask anew for each of its widths. */
const bucketsOf = (width: number) => Math.max(50, Math.min(1000, Math.ceil((width - BESIDE) / 25) * 25));

/** One metric of several runs. It asks for its buckets once it is near the window, and again for a part that is zoomed. */
export const Panel = memo(function Panel({ metric, runs, groups, settings, zoom, onZoom, height = HEIGHT }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const { width, isWanted } = useNearness(host);
  const [hover, setHover] = useState<Hover | null>(null);
  const scale = scaleOf(settings.x);
  const { over, logX } = settings;
  const whole = over === null ? [Math.floor, Math.ceil] : [Number, Number];
  const question = {
    key: metric,
    x: settings.x,
    ...(over !== null && { over }),
    ...(logX && { log: true }),
    width: bucketsOf(width),
    ...(zoom && { start: whole[0](zoom[0] / scale), end: whole[1](zoom[1] / scale) }),
  };
  const isAsked = isWanted && width > 0;
  const series = useChart(question, groups ? NO_RUNS : runs, isAsked);
  const bands = useBands(question, groups ?? NO_GROUPS, isAsked);
  const found = groups ? bands : series;
  const drawn = groups ? bands.bands : series.series;
  const lines = useMemo(() => {
    const drawing = { smooth: settings.smooth, log: settings.log, logX, scale };
    return groups ? meansOf(bands.bands, drawing) : linesOf(series.series, drawing);
  }, [drawn, settings.smooth, settings.log, logX, scale]);
  const clipping = useMemo(
    () => (settings.clip ? clippingOf(lines, zoom, settings.log) : null),
    [lines, zoom?.[0], zoom?.[1], settings.clip, settings.log],
  );
  const left = lines.reduce((sum, each) => sum + each.left, 0);
  const isEmpty = found.isExact && lines.every((each) => !each.x.length);
  const notes = [
    groups && "mean, least and greatest",
    settings.smooth > 0 && `smoothed ${settings.smooth}`,
    settings.log && "log",
    logX && "log x",
    over !== null && joiningText(series.series, over),
    left > 0 && `${left.toLocaleString("en")} at x ≤ 0 left out`,
    clipping && `${clipping.beyond.toLocaleString("en")} out of view`,
    markedText(drawn),
  ];
  const said = notes.filter(Boolean).join(" · ");
  const of = groups ? `${groups.length} groups` : `${runs.length} runs`;
  return (
    <figure className="chart" aria-label={`${metric} of ${of}`} aria-busy={isWanted && !found.isExact && !found.error}>
      <figcaption>
        <b title={metric}>{metric}</b>
        <small title={said}>{said}</small>
        {zoom && (
          <Button look="quiet" icon="zoom" onClick={() => onZoom(null)}>
            Whole
          </Button>
        )}
      </figcaption>
      <div className="canvas" ref={host} style={{ height }} onDoubleClick={() => onZoom(null)}>
        <Canvas {...{ lines, width, height, settings, clipping, zoom, onZoom }} onHover={setHover} />
        {found.error && <p className="over">{found.error.message}</p>}
        {isEmpty && <p className="over faint">{nothingText(zoom, over, left)}</p>}
        {hover && <Tip hover={hover} lines={groups ?? named(runs)} x={settings.x} over={over} areGroups={!!groups} />}
      </div>
    </figure>
  );
});

const named = (runs: Run[]) => runs.map((run) => ({ id: run.info.run_id, title: runName(run) }));

function nothingText(zoom: Range | null, over: string | null, left: number): string {
  if (left > 0) return "No point lies above zero, where a logarithmic axis begins";
  if (zoom) return "No points in this part";
  return over === null ? "No points yet" : `No step has both this metric and ${over}`;
}
