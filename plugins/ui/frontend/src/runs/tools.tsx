import { useMemo } from "react";
import type { RunKey } from "../api/types";
import { quotedKey } from "../format";
import { Menu } from "../parts/basics";
import { mode } from "../report/mode";
import { ViewsMenu } from "../views";
import type { Column } from "./columns";
import { Grouping } from "./grouping";
import { ColumnPicker } from "./picker";
import { SearchBox } from "./search";
import type { Change, RunsState } from "./state";

interface Props {
  state: RunsState;
  change: Change;
  keys: RunKey[];
  catalogue: Map<string, Column>;
  chosen: string[];
  /** Says which columns there are; null for those that are there at first. */
  onColumns: (ids: string[] | null) => void;
  refused: Error | null;
}

/** What is above the table: which runs, which columns, and how they are gathered. */
export function Tools({ state, change, keys, catalogue, chosen, onColumns, refused }: Props) {
  const words = useMemo(
    () => keys.map((each) => `${each.kind}s.${quotedKey(each.key)}`).concat(["attributes.status", "attributes.run_name"]),
    [keys],
  );
  return (
    <div className="toolbar">
      {!mode.isReport && (
        <SearchBox value={state.filter} error={refused} keys={words} onSearch={(filter) => change({ filter: filter || undefined })} />
      )}
      <div className="tools">
        <Menu label="Columns" icon="columns">
          {() => (
            <ColumnPicker all={[...catalogue.values()]} chosen={chosen} onChange={onColumns} />
          )}
        </Menu>
        <Grouping
          keys={keys}
          group={state.group}
          aggregate={state.aggregate}
          onGroup={(group) => change({ group, aggregate: group && state.aggregate !== "mean" ? state.aggregate : undefined })}
          onAggregate={(aggregate) => change({ aggregate: aggregate === "mean" ? undefined : aggregate }, true)}
        />
        {!mode.isReport && keys.some((each) => each.key === "mlflow.parentRunId") && <Nested state={state} change={change} />}
        {!mode.isReport && <ViewsMenu page="experiments" />}
      </div>
    </div>
  );
}

function Nested({ state, change }: Pick<Props, "state" | "change">) {
  return (
    <label className="check" title={state.filter ? "What a filter finds is shown without its parents" : undefined}>
      <input
        type="checkbox"
        checked={state.nested}
        disabled={!!state.filter || state.deleted || !!state.group}
        onChange={() => change({ nested: state.nested ? undefined : "1" })}
      />
      <span>Nested</span>
    </label>
  );
}
