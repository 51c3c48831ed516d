import type { EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import { go, href } from "../router";

interface Props {
  option: object;
  label: string;
  /** What it needs at least to be read, in pixels; where there is less room it is scrolled. */
  least?: { width?: number; height?: number };
}

/** A chart of ECharts, which is loaded when the first one is shown. */
export function Plot({ option, label, least }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const sized = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    sized.observe(host.current!);
    return () => sized.disconnect();
  }, []);
  useEffect(() => {
    if (!width) return;
    let chart: EChartsType | undefined;
    let gone = false;
    void import("./draw").then(({ draw }) => {
      if (!gone) chart = draw(host.current!, option, (id) => go(href(["runs", id])));
    });
    return () => {
      gone = true;
      chart?.dispose();
    };
  }, [option, width, least?.height]);
  const scrolled = least?.width ? { tabIndex: 0, role: "region", "aria-label": "Chart" } : {};
  return (
    <div className="wide-plot" {...scrolled}>
      <div className="plot" ref={host} role="img" aria-label={label} style={{ minWidth: least?.width, minHeight: least?.height }} />
    </div>
  );
}
