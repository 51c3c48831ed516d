import { useCallback, useDeferredValue, useMemo, useState, type ReactNode } from "react";
import { ApiError } from "../api/client";
import { useCount, useExperiments, useKeys, useRuns } from "../api/queries";
import type { Run, RunKey, SelectRuns } from "../api/types";
import { ChartsPane } from "../charts/pane";
import { exactTime, quotedKey, runName } from "../format";
import { Explore } from "../explore/view";
import { Button, Empty, Failure, Loading, Menu, Segments } from "../parts/basics";
import { EditableText } from "../parts/editable";
import { sayFailed } from "../parts/toasts";
import { mode } from "../report/mode";
import { href, useFields } from "../router";
import { ViewsMenu } from "../views";
import { deleteRuns, renameRun, restoreRuns } from "./actions";
import { asked, catalogue, defaultColumns, type Column } from "./columns";
import { allRuns, csvOf, download } from "./csv";
import { renameExperiment } from "./experiments";
import { Grouping } from "./grouping";
import { ColumnPicker } from "./picker";
import { flatRows, MOST, runsOf, TOP_LEVEL, useEveryRun, useGroups, useTree } from "./rows";
import { SearchBox } from "./search";
import { readState } from "./state";
import { RunsTable } from "./table";

const NONE: RunKey[] = [];
const TEACH = `import hookline

with hookline.start_run() as run:
    run.log_params({"alpha": 0.05})
    run.log_metric("loss", 0.3, step=1)`;

export function RunsPage({ experimentIds }: { experimentIds: string[] }) {
  const [fields, change] = useFields();
  const state = useMemo(() => readState(fields), [fields]);
  const keys = useKeys(experimentIds).data ?? NONE;
  const all = useMemo(() => catalogue(keys), [keys]);
  const chosen = useMemo(() => state.columns ?? defaultColumns(keys), [state.columns, keys]);
  const columns = useMemo(() => chosen.map((id) => all.get(id)).filter((each): each is Column => !!each), [chosen, all]);
  const isNested = state.nested && !state.filter && !state.deleted && !state.group && state.layout !== "explore";
  const search: SelectRuns = useMemo(
    () => ({
      experiment_ids: experimentIds,
      filter: isNested ? TOP_LEVEL : state.filter,
      order_by: [`${state.order.by} ${state.order.descending ? "DESC" : "ASC"}`],
      run_view_type: state.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
      columns: state.group === "dataset" ? undefined : withGroup(asked(columns), state.group),
    }),
    [experimentIds, state, columns, isNested],
  );
  const isWhole = !!state.group || state.layout === "explore";
  const paged = useRuns(search, !isWhole);
  const every = useEveryRun(search, isWhole);
  const found = isWhole ? every : paged;
  const refused = found.error instanceof ApiError && found.error.status === 400 && state.filter ? found.error : null;
  const count = useCount(search, !found.error);
  const loaded = useMemo(
    () => (isWhole ? every.data : paged.data?.pages.flatMap((page) => page.runs ?? [])) ?? [],
    [isWhole, every.data, paged.data],
  );
  const [open, setOpen] = useState<Set<string>>(new Set());
  const tree = useTree(loaded, search, open, isNested);
  const groups = useGroups(loaded, state.group, open, state.order, state.aggregate);
  const rows = isNested ? tree : state.group ? groups : flatRows(loaded);
  const runs = isNested ? tree.flatMap(runsOf) : loaded;
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const [widths, setWidths] = useState<Record<string, number>>({});
  const more = !isWhole && paged.hasNextPage && !paged.isFetching ? paged.fetchNextPage : undefined;
  const onEnd = useCallback(() => void more?.(), [more]);
  const words = useMemo(
    () => keys.map((each) => `${each.kind}s.${quotedKey(each.key)}`).concat(["attributes.status", "attributes.run_name"]),
    [keys],
  );
  const chosenRuns = runs.filter((each) => selected.has(each.info.run_id));
  const charted = useDeferredValue(chosenRuns.length ? chosenRuns : runs.slice(0, 20));
  const total = count.data?.count ?? runs.length;
  const table = (
    <RunsTable
      rows={rows}
      total={state.group || isNested ? Math.max(rows.length, isNested ? total : 0) : total}
      columns={columns}
      pinned={state.pinned}
      onPin={(id) => {
        const pinned = state.pinned.includes(id) ? state.pinned.filter((each) => each !== id) : [...state.pinned, id];
        change({ pinned: pinned.length ? JSON.stringify(pinned) : undefined }, true);
      }}
      onOpen={(id) => setOpen((before) => toggled(before, id))}
      isTree={isNested || !!state.group}
      aggregate={state.aggregate}
      order={state.order}
      onOrder={(order) => change({ order: `${order.by} ${order.descending ? "DESC" : "ASC"}` })}
      selected={selected}
      onSelect={setSelected}
      onEnd={onEnd}
      widths={widths}
      onWidth={(id, width) => setWidths((before) => ({ ...before, [id]: width }))}
    />
  );
  return (
    <section className="page runs">
      <Title experimentIds={experimentIds}>
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
      </Title>
      <div className="toolbar">
        {!mode.isReport && (
          <SearchBox
            value={state.filter}
            error={refused}
            keys={words}
            onSearch={(filter) => change({ filter: filter || undefined })}
          />
        )}
        <div className="tools">
          <Menu label="Columns" icon="columns">
            {() => (
              <ColumnPicker
                all={[...all.values()]}
                chosen={chosen}
                onChange={(ids) => change({ columns: ids ? JSON.stringify(ids) : undefined }, true)}
              />
            )}
          </Menu>
          <Grouping
            keys={keys}
            group={state.group}
            aggregate={state.aggregate}
            onGroup={(group) => change({ group, aggregate: group ? fields.get("aggregate") ?? undefined : undefined })}
            onAggregate={(aggregate) => change({ aggregate: aggregate === "mean" ? undefined : aggregate }, true)}
          />
          {!mode.isReport && keys.some((each) => each.key === "mlflow.parentRunId") && (
            <label className="check" title={state.filter ? "What a filter finds is shown without its parents" : undefined}>
              <input
                type="checkbox"
                checked={state.nested}
                disabled={!!state.filter || state.deleted || !!state.group}
                onChange={() => change({ nested: state.nested ? undefined : "1" })}
              />
              <span>Nested</span>
            </label>
          )}
          {!mode.isReport && <ViewsMenu page="experiments" />}
        </div>
      </div>
      <Summary
        which={
          <Segments
            label="Which runs"
            value={state.deleted ? "deleted" : "active"}
            options={[
              { value: "active", text: "Active" },
              { value: "deleted", text: "Deleted" },
            ]}
            onChange={(value) => (setSelected(new Set()), change({ show: value === "deleted" ? value : undefined }))}
          />
        }
        runs={runs}
        total={found.error ? null : total}
        note={
          isNested
            ? "at the top"
            : state.group && `${groups.filter((each) => each.kind === "group").length} groups${runs.length >= MOST ? ` of the first ${MOST.toLocaleString("en")} runs` : ""}`
        }
        chosen={chosenRuns}
        deleted={state.deleted}
        clear={() => setSelected(new Set())}
        onCsv={() =>
          void (chosenRuns.length ? Promise.resolve(chosenRuns) : allRuns(search))
            .then((every) => download("runs.csv", csvOf(every, columns)))
            .catch(sayFailed)
        }
      />
      {found.isPending && !found.error ? (
        <Loading what="runs" />
      ) : found.error && !refused ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : runs.length === 0 ? (
        <Nothing filter={state.filter} deleted={state.deleted} failed={!!refused} />
      ) : (
        <div className={`halves as-${state.layout}`}>
          {(state.layout === "table" || state.layout === "split") && table}
          {state.layout === "explore" && <Explore runs={chosenRuns.length ? chosenRuns : runs} />}
          {(state.layout === "charts" || state.layout === "split") && <ChartsPane runs={charted} keys={keys} />}
        </div>
      )}
    </section>
  );
}

function toggled(before: Set<string>, id: string): Set<string> {
  const next = new Set(before);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** What is read of runs, with what they are grouped by. */
function withGroup(columns: ReturnType<typeof asked>, group: string): ReturnType<typeof asked> {
  const key = group.slice(group.indexOf(":") + 1);
  if (group.startsWith("param:")) return { ...columns, params: [...new Set([...columns.params, key])] };
  if (group.startsWith("tag:")) return { ...columns, tags: [...new Set([...columns.tags, key])] };
  return columns;
}

function Title({ experimentIds, children }: { experimentIds: string[]; children: ReactNode }) {
  const experiments = useExperiments().data ?? [];
  const shown = experiments.filter((each) => experimentIds.includes(each.experiment_id));
  const only = experimentIds.length === 1 ? shown[0] : undefined;
  return (
    <header className="title">
      <p className="eyebrow">{mode.isReport ? `Report of ${exactTime(mode.made)}` : experimentIds.length > 1 ? `${experimentIds.length} experiments` : "Experiment"}</p>
      <div className="line">
      {only ? (
        <EditableText
          as="h1"
          value={only.name}
          label="Rename the experiment"
          fixed={only.experiment_id === "0"}
          onSave={(name) => renameExperiment(only, name)}
        />
      ) : (
        <h1>{shown.map((each) => each.name).join(", ") || "Runs"}</h1>
      )}
      <span className="grow" />
      {children}
      </div>
    </header>
  );
}

function Nothing({ filter, deleted, failed }: { filter: string; deleted: boolean; failed: boolean }) {
  if (failed) return <Empty title="The filter cannot be read">The mark below it shows where.</Empty>;
  if (filter) {
    return (
      <Empty title="No run matches" command={`hookline runs search '${filter.replaceAll("'", "'\\''")}'`}>
        Names with dots or spaces are quoted with backticks; texts stand in quotes. The same filter works in a terminal:
      </Empty>
    );
  }
  if (deleted) return <Empty title="No deleted runs">What is deleted waits here until somebody restores it, or gc removes it.</Empty>;
  return (
    <Empty title="No runs yet" command={TEACH}>
      Log the first one from Python, and it appears here at once:
    </Empty>
  );
}

interface SummaryProps {
  which: ReactNode;
  runs: Run[];
  /** How many there are; null where the filter cannot be read. */
  total: number | null;
  /** What else there is to say of their number. */
  note?: string;
  chosen: Run[];
  deleted: boolean;
  clear: () => void;
  onCsv: () => void;
}

/** How many runs there are; and what can be done with those that are selected. */
function Summary({ which, runs, total, note, chosen, deleted, clear, onCsv }: SummaryProps) {
  const [renaming, setRenaming] = useState(false);
  const ids = chosen.map((each) => each.info.run_id);
  return (
    <div className="summary">
      <span className="count" role="status">
        {chosen.length
          ? `${chosen.length} selected`
          : total !== null && `${total.toLocaleString("en")} ${total === 1 ? "run" : "runs"}`}
        {!chosen.length && note && <small> · {note}</small>}
        {!chosen.length && !note && total !== null && runs.length < total && <small> · {runs.length} loaded</small>}
      </span>
      {chosen.length > 0 && (
        <>
          <a
            className={`button strong ${chosen.length < 2 ? "disabled" : ""}`}
            aria-disabled={chosen.length < 2}
            href={chosen.length < 2 ? undefined : href(["compare"], { runs: ids.join(",") })}
          >
            <span>Compare</span>
          </a>
          {chosen.length === 1 && !renaming && !mode.isReport && <Button onClick={() => setRenaming(true)}>Rename</Button>}
          {chosen.length === 1 && renaming && (
            <EditableText
              as="span"
              value={runName(chosen[0])}
              label="Rename the run"
              open
              onClose={() => setRenaming(false)}
              onSave={(name) => renameRun(chosen[0], name)}
            />
          )}
          {mode.isReport ? null : deleted ? (
            <Button icon="restore" onClick={() => void restoreRuns(ids).then((done) => done && clear())}>
              Restore
            </Button>
          ) : (
            <Button icon="trash" onClick={() => void deleteRuns(ids).then((done) => done && clear())}>
              Delete
            </Button>
          )}
          <Button look="quiet" onClick={clear}>
            Clear selection
          </Button>
        </>
      )}
      <span className="grow" />
      {!mode.isReport && which}
      <Button look="quiet" icon="download" onClick={onCsv} disabled={!runs.length}>
        Download CSV
      </Button>
    </div>
  );
}
