import { useMemo } from "react";
import type { Run } from "../api/types";
import { Empty, Menu, Segments } from "../parts/basics";
import { PanelElement, usePanels } from "../parts/panel";
import { useFields } from "../router";
import { useDark } from "../theme";
import { dimensionsOf, firstAxes, type Dimension } from "./fields";
import { Plot } from "./plot";
import { optionOf, type Axes, type Kind } from "./options";

const KINDS: { value: Kind; text: string }[] = [
  { value: "parallel", text: "Parallel" },
  { value: "scatter", text: "Scatter" },
  { value: "contour", text: "Contour" },
  { value: "box", text: "Box" },
  { value: "bar", text: "Bar" },
];
const MOST_AXES = 12;

/** Charts with a mark for each run, where those of metrics have one for each step. What is chosen is in the address. */
export function Explore({ runs }: { runs: Run[] }) {
  const [fields, change] = useFields();
  const all = useMemo(() => dimensionsOf(runs), [runs]);
  const panels = usePanels("chart");
  const panel = panels.find((each) => each.name === fields.get("plot"));
  const kind = KINDS.find((each) => each.value === fields.get("plot"))?.value ?? "parallel";
  const kinds = [...KINDS, ...panels.map((each) => ({ value: each.name, text: each.title }))];
  const axes = useMemo(() => axesOf(fields, all), [fields, all]);
  const dark = useDark();
  const drawn = useMemo(() => optionOf(kind, runs, axes, all), [kind, runs, axes, all, dark]);
  if (!all.some((each) => each.kind === "metric")) {
    return (
      <Empty title="Nothing to compare yet" command={'run.log_metric("loss", 0.3)'}>
        These charts place each run by its metrics and parameters.
      </Empty>
    );
  }
  const numeric = all.filter((each) => each.numeric);
  const chooser = (
    <Segments
      label="Kind of chart"
      value={panel?.name ?? kind}
      options={kinds}
      onChange={(plot) => change({ plot: plot === "parallel" ? undefined : plot })}
    />
  );
  if (panel) {
    return (
      <section className="explore" aria-label="Charts over the runs">
        <div className="toolbar">{chooser}</div>
        <PanelElement panel={panel} data={{ runs }} />
      </section>
    );
  }
  const choose = (name: string) => (id: string) => change({ [name]: id }, true);
  return (
    <section className="explore" aria-label="Charts over the runs">
      <div className="toolbar">
        {chooser}
        <div className="controls">
          {kind === "parallel" && <AxesMenu all={all} chosen={axes.axes} onChange={(ids) => change({ axes: JSON.stringify(ids) }, true)} />}
          <Choice label={kind === "parallel" || kind === "contour" ? "Colour" : "Metric"} value={axes.y} of={numeric} onChange={choose("py")} />
          {(kind === "scatter" || kind === "contour") && <Choice label="Across" value={axes.x} of={numeric} onChange={choose("px")} />}
          {kind === "contour" && <Choice label="Up" value={axes.z} of={numeric} onChange={choose("pz")} />}
          {kind === "box" && <Choice label="By" value={axes.group} of={all.filter((each) => each.kind === "param")} onChange={choose("by")} />}
          {kind === "scatter" && <Check label="Log x" value={axes.logX} onChange={(on) => change({ plogx: on ? "1" : undefined }, true)} />}
          {(kind === "scatter" || kind === "box" || kind === "bar") && (
            <Check label={kind === "bar" ? "Log" : "Log y"} value={axes.logY} onChange={(on) => change({ plogy: on ? "1" : undefined }, true)} />
          )}
        </div>
      </div>
      {drawn.left === runs.length && kind !== "parallel" && <p className="problem">No run has a number on each of these axes: choose others.</p>}
      <Plot option={drawn.option} least={leastOf(kind, axes, runs.length - drawn.left)} label={`${KINDS.find((each) => each.value === kind)!.text} chart of ${runs.length} runs`} />
      <p className="faint">
        {runs.length.toLocaleString("en")} runs
        {drawn.left > 0 && ` · ${drawn.left.toLocaleString("en")} ${leftText(kind)}`}
        {kind === "contour" && " · a surface through the runs, weighted by the inverse square of the distance"}
      </p>
    </section>
  );
}

/** Axes beside each other need room for their names, and bars below each other for theirs. */
function leastOf(kind: Kind, axes: Axes, drawn: number): { width?: number; height?: number } | undefined {
  if (kind === "parallel") return { width: 130 + Math.max(0, axes.axes.length - 1) * 76 };
  return kind === "bar" ? { height: 72 + drawn * 15 } : undefined;
}

function leftText(kind: Kind): string {
  if (kind === "parallel") return "lack a value on some axis, which their lines pass over";
  return kind === "bar" ? "left out: no number there, or not among the 60 greatest" : "without a number there left out";
}

function axesOf(fields: URLSearchParams, all: Dimension[]): Axes {
  const first = firstAxes(all);
  const known = (name: string, otherwise: string) => {
    const id = fields.get(name);
    return id && all.some((each) => each.id === id) ? id : otherwise;
  };
  const y = known("py", first.y);
  return {
    y,
    x: known("px", first.x),
    z: known("pz", first.z),
    group: known("by", first.group),
    axes: chosenAxes(fields.get("axes"), all) ?? first.axes,
    logX: fields.get("plogx") === "1",
    logY: fields.get("plogy") === "1",
  };
}

function chosenAxes(text: string | null, all: Dimension[]): string[] | null {
  try {
    const found: unknown = JSON.parse(text ?? "null");
    return Array.isArray(found) ? found.filter((id) => all.some((each) => each.id === id)).slice(0, MOST_AXES) : null;
  } catch {
    return null; // an address that somebody wrote by hand
  }
}

function Choice({ label, value, of, onChange }: { label: string; value: string; of: Dimension[]; onChange: (id: string) => void }) {
  return (
    <label className="check">
      <span>{label}</span>
      <select className="choice" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
        {of.map((each) => (
          <option key={each.id} value={each.id}>
            {each.title}
          </option>
        ))}
      </select>
    </label>
  );
}

function Check({ label, value, onChange }: { label: string; value: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={value} onChange={() => onChange(!value)} />
      <span>{label}</span>
    </label>
  );
}

function AxesMenu({ all, chosen, onChange }: { all: Dimension[]; chosen: string[]; onChange: (ids: string[]) => void }) {
  const toggle = (id: string) => onChange(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(-MOST_AXES));
  return (
    <Menu label={`Axes (${chosen.length})`} icon="columns">
      {() => (
        <div className="picker">
          <div className="choices" tabIndex={0} role="group" aria-label="Axes">
            {all.slice(0, 200).map((each) => (
              <label key={each.id}>
                <input type="checkbox" checked={chosen.includes(each.id)} onChange={() => toggle(each.id)} />
                <span>{each.title}</span>
              </label>
            ))}
          </div>
        </div>
      )}
    </Menu>
  );
}
