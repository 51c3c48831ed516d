import { useMemo, useState } from "react";
import type { Run } from "../api/types";
import { Panel } from "../charts/panel";
import { ChartControls, useChartSettings, useZoom } from "../charts/settings";
import { Empty } from "../parts/basics";

export function Metrics({ run }: { run: Run }) {
  const settings = useChartSettings();
  const [zoom, onZoom] = useZoom();
  const [text, setText] = useState("");
  const runs = useMemo(() => [run], [run.info.run_id, run.info.status]);
  const metrics = (run.data?.metrics ?? []).map((each) => each.key);
  if (!metrics.length) {
    return (
      <Empty title="No metrics" command={'run.log_metric("loss", 0.3, step=1)'}>
        A chart appears for each metric that the run logs.
      </Empty>
    );
  }
  const shown = metrics.filter((each) => each.toLowerCase().includes(text.toLowerCase()));
  return (
    <section className="charts" aria-label="Charts">
      <div className="toolbar">
        <input type="search" aria-label="Find a metric" placeholder="Find a metric" value={text} onChange={(event) => setText(event.target.value)} />
        <ChartControls settings={settings} />
      </div>
      <div className="panels">
        {shown.map((metric) => (
          <Panel key={metric} {...{ metric, runs, settings, zoom, onZoom }} />
        ))}
      </div>
    </section>
  );
}
