import type { RunKey } from "../api/types";
import { Segments } from "../parts/basics";
import type { Aggregate } from "./groups";

interface Props {
  keys: RunKey[];
  group: string;
  aggregate: Aggregate;
  onGroup: (by: string | undefined) => void;
  onAggregate: (aggregate: Aggregate) => void;
}

const MOST = 500;

/** What the rows of a table are gathered by, and which number of a group is shown. */
export function Grouping({ keys, group, aggregate, onGroup, onAggregate }: Props) {
  const options = (kind: "param" | "tag") =>
    keys
      .filter((each) => each.kind === kind && each.key !== "mlflow.note.content" && each.key !== "mlflow.runName")
      .slice(0, MOST)
      .map((each) => ({ value: `${kind}:${each.key}`, text: each.key }));
  const sections = [
    { title: "Parameters", found: options("param") },
    { title: "Tags", found: options("tag") },
  ];
  const known = group === "" || group === "dataset" || sections.some(({ found }) => found.some((each) => each.value === group));
  return (
    <>
      <select className="choice" aria-label="Group by" value={group} onChange={(event) => onGroup(event.target.value || undefined)}>
        <option value="">No groups</option>
        <option value="dataset">Dataset</option>
        {!known && <option value={group}>{group.slice(group.indexOf(":") + 1)}</option>}
        {sections.map(({ title, found }) =>
          found.length ? (
            <optgroup key={title} label={title}>
              {found.map((each) => (
                <option key={each.value} value={each.value}>
                  {each.text}
                </option>
              ))}
            </optgroup>
          ) : null,
        )}
      </select>
      {group && (
        <Segments
          label="Metrics of a group"
          value={aggregate}
          options={[
            { value: "mean", text: "Mean" },
            { value: "min", text: "Min" },
            { value: "max", text: "Max" },
          ]}
          onChange={onAggregate}
        />
      )}
    </>
  );
}
