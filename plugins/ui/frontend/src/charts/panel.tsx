import { useMemo, useRef, useState } from "react";
import { useChart } from "../api/queries";
import type { Run } from "../api/types";
import { Button } from "../parts/basics";
import { Canvas, type Hover } from "./canvas";
import { linesOf, markedText } from "./data";
import { useNearness } from "./nearness";
import type { XAxis } from "./plot";
import type { ChartSettings, Range } from "./settings";
import { Tip } from "./tip";

const HEIGHT = 210;
/** What of a panel's width the axis takes. */
const BESIDE = 68;

interface Props {
  metric: string;
  runs: Run[];
  settings: ChartSettings;
  zoom: Range | null;
  onZoom: (range: Range | null) => void;
  height?: number;
}

/** Times come in milliseconds; uPlot draws seconds. */
const scaleOf = (x: XAxis) => (x === "step" ? 1 : 1 / 1000);

/** A bucket for each pixel, in steps, so that a window that is dragged does not ask anew for each of its widths. */
const bucketsOf = (width: number) => Math.max(50, Math.min(1000, Math.ceil((width - BESIDE) / 25) * 25));

/** One metric of several runs. It asks for its buckets once it is near the window, and again for a part that is zoomed. */
export function Panel({ metric, runs, settings, zoom, onZoom, height = HEIGHT }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const { width, isWanted } = useNearness(host);
  const [hover, setHover] = useState<Hover | null>(null);
  const scale = scaleOf(settings.x);
  const question = {
    key: metric,
    x: settings.x,
    width: bucketsOf(width),
    ...(zoom && { start: Math.floor(zoom[0] / scale), end: Math.ceil(zoom[1] / scale) }),
  };
  const found = useChart(question, runs, isWanted && width > 0);
  const lines = useMemo(
    () => linesOf(found.series, settings.smooth, settings.log, scale),
    [found.series, settings.smooth, settings.log, scale],
  );
  const isEmpty = found.isExact && lines.every((each) => !each.x.length);
  const notes = [settings.smooth > 0 && `smoothed ${settings.smooth}`, settings.log && "log", markedText(found.series)];
  return (
    <figure className="chart" aria-label={`${metric} of ${runs.length} runs`} aria-busy={isWanted && !found.isExact && !found.error}>
      <figcaption>
        <b title={metric}>{metric}</b>
        <small>{notes.filter(Boolean).join(" · ")}</small>
        {zoom && (
          <Button look="quiet" icon="zoom" onClick={() => onZoom(null)}>
            Whole
          </Button>
        )}
      </figcaption>
      <div className="canvas" ref={host} style={{ height }} onDoubleClick={() => onZoom(null)}>
        <Canvas {...{ lines, width, height, settings, zoom, onZoom }} onHover={setHover} />
        {found.error && <p className="over">{found.error.message}</p>}
        {isEmpty && <p className="over faint">{zoom ? "No points in this part" : "No points yet"}</p>}
        {hover && <Tip hover={hover} runs={runs} x={settings.x} />}
      </div>
    </figure>
  );
}
