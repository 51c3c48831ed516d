import { useEffect, useRef } from "react";
import type uPlot from "uplot";
import { useDark } from "../theme";
import type { Clipping, Line } from "./data";
import { following } from "./following";
import type { PlotOptions, Value } from "./plot";
import type { ChartSettings, Range } from "./settings";

/** What the pointer is over: the line that is nearest, and the value of each line there, by their ids. */
export interface Hover {
  near: string | null;
  x: number;
  values: Map<string, Value>;
}

interface Props {
  lines: Line[];
  width: number;
  height: number;
  settings: ChartSettings;
  clipping: Clipping | null;
  zoom: Range | null;
  onZoom: (range: Range) => void;
  onHover: (hover: Hover | null) => void;
}

/** Lines that are drawn once; a zoom moves what is drawn, until the lines of that part arrive. */
export function Canvas({ lines, width, height, settings, clipping, zoom, onZoom, onHover }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const seen = useRef({ zoom, clipping });
  seen.current = { zoom, clipping };
  const dark = useDark();
  useEffect(() => {
    if (!width || !lines.some((each) => each.x.length)) return;
    let gone = false;
    const options: PlotOptions = {
      width,
      height,
      x: settings.x,
      isLog: settings.log,
      isLogX: settings.logX,
      sync: `hookline-${settings.x}`,
      zoom: () => seen.current.zoom,
      clipping: () => seen.current.clipping,
      onZoom: (start, end) => onZoom([start, end]),
      onHover: (near, x, values) => onHover(x === null ? null : { near, x, values }),
    };
    void import("./plot").then(({ draw }) => {
      if (!gone) chart.current = draw(host.current!, lines, options);
    });
    return () => {
      gone = true;
      chart.current?.destroy();
      chart.current = null;
    };
  }, [lines, width, height, settings.x, settings.log, settings.logX, settings.clip, dark]);
  /** Moves what is drawn to a part; `onlyIfNew` leaves a picture that shows it already. */
  const show = (part: Range | null, onlyIfNew: boolean) => {
    const drawn = chart.current;
    if (!drawn) return;
    const xs = drawn.data[0];
    const [min, max] = part ?? [xs[0], xs[xs.length - 1]];
    if (onlyIfNew && drawn.scales.x.min === min && drawn.scales.x.max === max) return;
    seen.current.zoom = part;
    drawn.setScale("x", { min, max });
  };
  useEffect(() => show(zoom, !settings.clip), [zoom]);
  useEffect(() => following((part) => isInWindow(host.current) && show(part, true)), []);
  return <div ref={host} />;
}

function isInWindow(element: HTMLElement | null): boolean {
  const { top, bottom } = element!.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
