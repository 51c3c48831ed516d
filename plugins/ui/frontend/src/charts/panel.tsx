import { useEffect, useMemo, useRef, useState } from "react";
import type uPlot from "uplot";
import { useChart } from "../api/queries";
import type { Run } from "../api/types";
import { number, runName } from "../format";
import { Button, Dot } from "../parts/basics";
import { useDark } from "../theme";
import { linesOf, markedText, type Line } from "./data";
import type { PlotOptions, XAxis } from "./plot";
import type { ChartSettings } from "./settings";

const HEIGHT = 210;
const TIP_ROWS = 8;

interface Props {
  metric: string;
  runs: Run[];
  settings: ChartSettings;
  zoom: [number, number] | null;
  onZoom: (range: [number, number] | null) => void;
  height?: number;
}

interface Hover {
  near: string | null;
  x: number;
  values: Map<string, number | null>;
}

/** Times come in milliseconds; uPlot draws seconds. */
const scaleOf = (x: XAxis) => (x === "step" ? 1 : 1 / 1000);

/** One metric of several runs. It asks for its buckets once it is near the window, and again for a part that is zoomed. */
export function Panel({ metric, runs, settings, zoom, onZoom, height = HEIGHT }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [isNear, setNear] = useState(false);
  const [hover, setHover] = useState<Hover | null>(null);
  const scale = scaleOf(settings.x);
  useEffect(() => {
    const sized = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    const seen = new IntersectionObserver(([entry]) => entry.isIntersecting && setNear(true), { rootMargin: "300px" });
    sized.observe(host.current!);
    seen.observe(host.current!);
    return () => (sized.disconnect(), seen.disconnect());
  }, []);
  const ids = useMemo(() => runs.map((each) => each.info.run_id), [runs]);
  const buckets = Math.max(50, Math.min(1000, Math.ceil(width / 50) * 50));
  const question = {
    run_ids: ids,
    key: metric,
    x: settings.x,
    width: buckets,
    ...(zoom && { start: Math.floor(zoom[0] / scale), end: Math.ceil(zoom[1] / scale) }),
  };
  const found = useChart(question, isNear && width > 0, runs.some((each) => each.info.status === "RUNNING"));
  const lines = useMemo(
    () => linesOf(found.data ?? [], settings.smooth, settings.log, scale),
    [found.data, settings.smooth, settings.log, scale],
  );
  const isEmpty = found.isSuccess && lines.every((each) => !each.x.length);
  const marked = markedText(found.data ?? []);
  return (
    <figure className="chart" aria-label={`${metric} of ${runs.length} runs`}>
      <figcaption>
        <b title={metric}>{metric}</b>
        <small>
          {[settings.smooth > 0 && `smoothed ${settings.smooth}`, settings.log && "log", marked].filter(Boolean).join(" · ")}
        </small>
        {zoom && (
          <Button look="quiet" icon="zoom" onClick={() => onZoom(null)}>
            Whole
          </Button>
        )}
      </figcaption>
      <div className="canvas" ref={host} style={{ height }} onDoubleClick={() => onZoom(null)}>
        <Canvas {...{ lines, width, height, settings, onZoom }} onHover={setHover} />
        {found.error && <p className="over">{found.error.message}</p>}
        {isEmpty && <p className="over faint">{zoom ? "No points in this part" : "No points yet"}</p>}
        {hover && <Tip hover={hover} runs={runs} x={settings.x} />}
      </div>
    </figure>
  );
}

interface CanvasProps {
  lines: Line[];
  width: number;
  height: number;
  settings: ChartSettings;
  onZoom: (range: [number, number]) => void;
  onHover: (hover: Hover | null) => void;
}

function Canvas({ lines, width, height, settings, onZoom, onHover }: CanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  const dark = useDark();
  useEffect(() => {
    if (!width || !lines.some((each) => each.x.length)) return;
    let chart: uPlot | undefined;
    let gone = false;
    const options: PlotOptions = {
      width,
      height,
      x: settings.x,
      isLog: settings.log,
      sync: `hookline-${settings.x}`,
      onZoom: (start, end) => onZoom([start, end]),
      onHover: (near, x, values) => onHover(x === null ? null : { near, x, values }),
    };
    void import("./plot").then(({ draw }) => {
      if (!gone) chart = draw(host.current!, lines, options);
    });
    return () => {
      gone = true;
      chart?.destroy();
    };
  }, [lines, width, height, settings.x, settings.log, dark]);
  return <div ref={host} />;
}

function Tip({ hover, runs, x }: { hover: Hover; runs: Run[]; x: XAxis }) {
  const rows = runs
    .map((run) => ({ run, value: hover.values.get(run.info.run_id) ?? null }))
    .filter((each) => each.value !== null)
    .sort((one, other) => other.value! - one.value!);
  const shown = rows.length > TIP_ROWS && hover.near ? around(rows, hover.near) : rows.slice(0, TIP_ROWS);
  return (
    <div className="tip" aria-hidden="true">
      <p>{x === "step" ? `step ${number(hover.x)}` : x === "time" ? new Date(hover.x * 1000).toLocaleTimeString("en", { hour12: false }) : `${number(hover.x)} s`}</p>
      {shown.map(({ run, value }) => (
        <div key={run.info.run_id} className={run.info.run_id === hover.near ? "near" : ""}>
          <Dot runId={run.info.run_id} />
          <span>{runName(run)}</span>
          <b>{number(value)}</b>
        </div>
      ))}
      {rows.length > shown.length && <p>{rows.length - shown.length} more</p>}
    </div>
  );
}

function around<T extends { run: Run }>(rows: T[], near: string): T[] {
  const at = rows.findIndex((each) => each.run.info.run_id === near);
  const start = Math.min(Math.max(0, at - TIP_ROWS / 2), Math.max(0, rows.length - TIP_ROWS));
  return rows.slice(start, start + TIP_ROWS);
}
