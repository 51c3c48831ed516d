import { useDeferredValue, useLayoutEffect, useMemo, type ReactNode } from "react";
import type { RunGroup } from "../api/charts";
import type { Run, RunKey } from "../api/types";
import { runName } from "../format";
import { Dot, Empty } from "../parts/basics";
import { href, useFields } from "../router";
import { follow } from "./following";
import { Panel } from "./panel";
import { ChartControls, useChartSettings, useZoom } from "./settings";

const MOST = 60;
const NAMED = 10;
/** So few charts are taller, where they have the page for themselves. */
const FEW = 3;
const TALL = 320;

interface Props {
  runs: Run[];
  /** Where runs are gathered, those that a line may stand for. */
  groups?: RunGroup[];
  metrics: string[];
  /** Of the section, where it stands below others. */
  title?: string;
  /** Whether nothing else is on the page. */
  isAlone?: boolean;
  children?: ReactNode;
}

/** A panel for each metric; runs have the colours that they have in the table. */
export function Charts({ runs, groups, metrics, title, isAlone = false, children }: Props) {
  const settings = useChartSettings();
  const [zoom, onZoom] = useZoom();
  const shown = useDeferredValue(zoom);
  useLayoutEffect(() => follow(zoom), [zoom]);
  const [fields, change] = useFields();
  const text = fields.get("panels") ?? "";
  const named = metrics.filter((each) => each.toLowerCase().includes(text.toLowerCase()));
  const drawn = settings.lines === "groups" && settings.over === null ? groups : undefined;
  if (!metrics.length) {
    return (
      <Empty title="No metrics" command={'run.log_metric("loss", 0.3, step=1)'}>
        A chart appears for each metric that a run logs.
      </Empty>
    );
  }
  return (
    <section className="charts" aria-label="Charts" aria-busy={shown !== zoom}>
      <div className="toolbar">
        {title && <h2>{title}</h2>}
        <input
          type="search"
          aria-label="Find a metric"
          placeholder="Find a metric"
          value={text}
          onChange={(event) => change({ panels: event.target.value || undefined }, true)}
        />
        <ChartControls settings={settings} isGrouped={!!groups} metrics={metrics} />
      </div>
      {children}
      {named.length === 0 ? (
        <Empty title="No metrics">No metric has this name.</Empty>
      ) : (
        <div className="panels">
          {named.slice(0, MOST).map((metric) => (
            <Panel
              key={metric}
              {...{ metric, runs, settings, onZoom }}
              zoom={shown}
              groups={drawn}
              height={isAlone && metrics.length <= FEW ? TALL : undefined}
            />
          ))}
        </div>
      )}
      {named.length > MOST && <p className="faint">{named.length - MOST} more metrics: find them by name.</p>}
    </section>
  );
}

interface PaneProps {
  runs: Run[];
  groups?: RunGroup[];
  /** How many groups there are that are not drawn. */
  left: number;
  keys: RunKey[];
  /** Whether there is no table beside them. */
  isAlone: boolean;
}

/** The charts of an experiment, beside its table. */
export function ChartsPane({ runs, groups, left, keys, isAlone }: PaneProps) {
  const metrics = useMemo(() => ownFirst(keys.filter((each) => each.kind === "metric").map((each) => each.key)), [keys]);
  const { lines, over } = useChartSettings();
  return (
    <Charts runs={runs} groups={groups} metrics={metrics} isAlone={isAlone}>
      {groups && over !== null && <p className="faint">Over a metric each of the first {runs.length} runs has a line: a mean of groups is drawn over steps and times.</p>}
      {groups && lines === "groups" && over === null ? <GroupLegend groups={groups} left={left} /> : <RunLegend runs={runs} />}
    </Charts>
  );
}

function RunLegend({ runs }: { runs: Run[] }) {
  return (
    <p className="legend">
      {runs.slice(0, NAMED).map((run) => (
        <a key={run.info.run_id} href={href(["runs", run.info.run_id])}>
          <Dot id={run.info.run_id} />
          {runName(run)}
        </a>
      ))}
      {runs.length > NAMED && <span className="faint">and {runs.length - NAMED} more</span>}
    </p>
  );
}

/** What the lines and bands of groups are, and of how many runs. */
function GroupLegend({ groups, left }: { groups: RunGroup[]; left: number }) {
  return (
    <p className="legend">
      {groups.map((group) => (
        <span key={group.id} title={group.title}>
          <Dot id={group.id} />
          <b>{group.title}</b>
          <small>{group.runs.length.toLocaleString("en")}</small>
        </span>
      ))}
      {left > 0 && <span className="faint">and {left.toLocaleString("en")} more groups</span>}
    </p>
  );
}

/** What a training logged, before what was measured of its machine. */
function ownFirst(keys: string[]): string[] {
  const isOfMachine = (key: string) => Number(key.startsWith("system/"));
  return keys.sort((one, other) => isOfMachine(one) - isOfMachine(other));
}
