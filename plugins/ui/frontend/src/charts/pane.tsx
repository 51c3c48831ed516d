import { useMemo, useState } from "react";
import type { Run, RunKey } from "../api/types";
import { runName } from "../format";
import { Dot, Empty } from "../parts/basics";
import { href } from "../router";
import { Panel } from "./panel";
import { ChartControls, useChartSettings, useZoom } from "./settings";

const MOST = 60;
const NAMED = 10;

/** A panel for each metric; runs have the colours that they have in the table. */
export function ChartsPane({ runs, keys }: { runs: Run[]; keys: RunKey[] }) {
  const settings = useChartSettings();
  const [zoom, onZoom] = useZoom();
  const [text, setText] = useState("");
  const metrics = useMemo(
    () =>
      keys
        .filter((each) => each.kind === "metric" && each.key.toLowerCase().includes(text.toLowerCase()))
        .map((each) => each.key)
        .sort((one, other) => Number(one.startsWith("system/")) - Number(other.startsWith("system/"))),
    [keys, text],
  );
  return (
    <section className="charts" aria-label="Charts">
      <div className="toolbar">
        <input
          type="search"
          aria-label="Find a metric"
          placeholder="Find a metric"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <ChartControls settings={settings} />
      </div>
      <p className="legend">
        {runs.slice(0, NAMED).map((run) => (
          <a key={run.info.run_id} href={href(["runs", run.info.run_id])}>
            <Dot runId={run.info.run_id} />
            {runName(run)}
          </a>
        ))}
        {runs.length > NAMED && <span className="faint">and {runs.length - NAMED} more</span>}
      </p>
      {metrics.length === 0 ? (
        <Empty title="No metrics" command={'run.log_metric("loss", 0.3, step=1)'}>
          {text ? "No metric has this name." : "A chart appears for each metric that a run logs."}
        </Empty>
      ) : (
        <div className="panels">
          {metrics.slice(0, MOST).map((metric) => (
            <Panel key={metric} {...{ metric, runs, settings, zoom, onZoom }} />
          ))}
        </div>
      )}
      {metrics.length > MOST && <p className="faint">{metrics.length - MOST} more metrics: find them by name.</p>}
    </section>
  );
}
