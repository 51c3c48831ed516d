import { useMemo, useState } from "react";
import { useExperiments, useKeys } from "../api/queries";
import type { RunKey } from "../api/types";
import { ChartsPane } from "../charts/pane";
import { Explore } from "../explore/view";
import { Failure, Loading, Segments } from "../parts/basics";
import { sayFailed } from "../parts/toasts";
import { useFields } from "../router";
import { useCharted } from "./charted";
import { catalogue, defaultColumns, type Column } from "./columns";
import { allRuns, csvOf, download } from "./csv";
import { useFound } from "./found";
import { Nothing } from "./nothing";
import { useSizing, widthsText } from "./sizing";
import { readState, type Change, type RunsState } from "./state";
import { Summary } from "./summary";
import { RunsTable } from "./table";
import { Title } from "./title";
import { Tools } from "./tools";

const NONE: RunKey[] = [];
const NOBODY: Set<string> = new Set();

/** The runs of one or several experiments: a table, charts, or both. */
export function RunsPage({ experimentIds }: { experimentIds: string[] }) {
  const [fields, change] = useFields();
  const state = useMemo(() => readState(fields), [fields]);
  const keys = useKeys(experimentIds).data ?? NONE;
  const experiments = useExperiments().data;
  const missing = !!experiments && !experiments.some((each) => experimentIds.includes(each.experiment_id));
  const all = useMemo(() => catalogue(keys), [keys]);
  const chosen = useMemo(() => state.columns ?? defaultColumns(keys), [state.columns, keys]);
  const columns = useMemo(() => chosen.map((id) => all.get(id)).filter((each): each is Column => !!each), [chosen, all]);
  const [open, setOpen] = useState(NOBODY);
  const [selected, setSelected] = useState(NOBODY);
  const sizing = useSizing(columns, fields.get("widths"), change);
  const found = useFound(experimentIds, state, columns, open);
  const { runs } = found;
  const chosenRuns = useMemo(() => (selected.size ? runs.filter((each) => selected.has(each.info.run_id)) : []), [runs, selected]);
  const charted = useCharted(runs, chosenRuns, state.group);
  const clear = () => setSelected(NOBODY);
  const onColumns = (ids: string[] | null) => {
    const shown = ids?.flatMap((id) => all.get(id) ?? []) ?? [];
    change({ columns: ids ? JSON.stringify(ids) : undefined, widths: widthsText(sizing.widths, shown) }, true);
  };
  const saveCsv = async () => download("runs.csv", csvOf(chosenRuns.length ? chosenRuns : await allRuns(found.search), columns));
  return (
    <section className="page runs">
      <Title experimentIds={experimentIds}>
        <Layouts state={state} change={change} />
      </Title>
      <Tools {...{ state, change, keys, chosen, onColumns }} catalogue={all} refused={found.refused} />
      <Summary
        {...{ runs, clear }}
        total={found.total}
        note={found.note}
        chosen={chosenRuns}
        deleted={state.deleted}
        onDeleted={(deleted) => (clear(), change({ show: deleted ? "deleted" : undefined }))}
        onCsv={() => void saveCsv().catch(sayFailed)}
      />
      {found.isPending && !found.error ? (
        <Loading what="runs" />
      ) : found.error && !found.refused ? (
        <Failure error={found.error} retry={found.retry} />
      ) : runs.length === 0 ? (
        <Nothing filter={state.filter} deleted={state.deleted} failed={!!found.refused} missing={missing} />
      ) : (
        <div className={`halves as-${state.layout}`}>
          {(state.layout === "table" || state.layout === "split") && (
            <RunsTable
              rows={found.rows}
              total={found.isTree ? Math.max(found.rows.length, state.group ? 0 : (found.total ?? 0)) : (found.total ?? runs.length)}
              columns={columns}
              pinned={state.pinned}
              onPin={(id) => {
                const pinned = [...toggled(new Set(state.pinned), id)];
                change({ pinned: pinned.length ? JSON.stringify(pinned) : undefined }, true);
              }}
              onOpen={(id) => setOpen((before) => toggled(before, id))}
              isTree={found.isTree}
              aggregate={state.aggregate}
              order={state.order}
              onOrder={(order) => change({ order: `${order.by} ${order.descending ? "DESC" : "ASC"}` })}
              selected={selected}
              onSelect={setSelected}
              onEnd={found.loadMore}
              {...sizing}
            />
          )}
          {state.layout === "explore" && <Explore runs={chosenRuns.length ? chosenRuns : runs} />}
          {(state.layout === "charts" || state.layout === "split") && <ChartsPane {...charted} keys={keys} isAlone={state.layout === "charts"} />}
        </div>
      )}
    </section>
  );
}

function Layouts({ state, change }: { state: RunsState; change: Change }) {
  return (
    <Segments
      label="Layout"
      value={state.layout}
      options={[
        { value: "table", text: "Table", icon: "table" },
        { value: "split", text: "Both", icon: "split" },
        { value: "charts", text: "Charts", icon: "chart" },
        { value: "explore", text: "Explore", icon: "compare" },
      ]}
      onChange={(layout) => change({ layout: layout === "table" ? undefined : layout })}
    />
  );
}

function toggled(before: Set<string>, id: string): Set<string> {
  const next = new Set(before);
  if (!next.delete(id)) next.add(id);
  return next;
}
