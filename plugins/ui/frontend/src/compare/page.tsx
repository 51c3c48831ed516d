import { useMemo } from "react";
import { useRunsById } from "../api/queries";
import type { Run } from "../api/types";
import { Charts } from "../charts/pane";
import { exactTime, number, runDuration, runName } from "../format";
import { Explore } from "../explore/view";
import { Dot, Empty, Failure, Loading, Segments, STATUS } from "../parts/basics";
import { useTitle } from "../parts/title";
import { href, useFields } from "../router";
import { environmentOf, isDirty, isOwnTag, metricOf, paramOf, tagOf } from "../values";

const MOST = 50;

interface Row {
  key: string;
  values: (string | undefined)[];
  shown: string[];
  numeric: boolean;
}

/** Runs side by side; what is equal is folded away, what differs is lit. */
export function ComparePage() {
  const [fields, change] = useFields();
  const named = useMemo(() => (fields.get("runs") ?? "").split(",").filter(Boolean), [fields]);
  const ids = useMemo(() => named.slice(0, MOST), [named]);
  useTitle("Compare");
  const found = useRunsById(ids);
  const all = fields.get("rows") === "all";
  if (ids.length < 2) {
    return (
      <Empty title="Choose runs to compare" isPage>
        Select two or more rows of a table of runs, then choose Compare. The address names them, so it can be sent.
      </Empty>
    );
  }
  if (found.error) return <Failure isPage error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the runs" />;
  const runs = found.data;
  return (
    <section className="page compare">
      <header className="title">
        <p className="eyebrow">Compare</p>
        <div className="line">
          <h1>{runs.length} runs</h1>
          {named.length > MOST && <span className="faint">the first of the {named.length.toLocaleString("en")} that the address names</span>}
          <span className="grow" />
          <Segments
            label="Rows"
            value={all ? "all" : "different"}
            options={[
              { value: "different", text: "Differences" },
              { value: "all", text: "Everything" },
            ]}
            onChange={(value) => change({ rows: value === "all" ? "all" : undefined }, true)}
          />
        </div>
      </header>
      <Sheet runs={runs} all={all} />
      <Explore runs={runs} />
      <Curves runs={runs} />
    </section>
  );
}

function Sheet({ runs, all }: { runs: Run[]; all: boolean }) {
  const sections = useMemo(() => sectionsOf(runs), [runs]);
  return (
    <div className="sheet side" tabIndex={0} role="region" aria-label="Values of the runs">
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span className="hidden">Key</span>
            </th>
            {runs.map((run) => (
              <th key={run.info.run_id} scope="col">
                <Dot id={run.info.run_id} />
                <a href={href(["runs", run.info.run_id])} title={runName(run)}>
                  {runName(run)}
                </a>
              </th>
            ))}
          </tr>
        </thead>
        {sections.map(({ title, rows }) => {
          const different = rows.filter(differs);
          const shown = all ? rows : different;
          const equal = rows.length - different.length;
          if (!rows.length) return null;
          return (
            <tbody key={title}>
              <tr className="section">
                <th scope="rowgroup" colSpan={runs.length + 1}>
                  {title}
                  {!all && equal > 0 && <small>{equal} equal</small>}
                </th>
              </tr>
              {shown.map((row) => (
                <tr key={row.key} className={all && differs(row) ? "lit" : ""}>
                  <th scope="row" title={row.key}>
                    {row.key}
                  </th>
                  {row.shown.map((each, at) => (
                    <td key={at} title={row.values[at]} className={`${row.numeric ? "numeric" : ""} ${best(row, at)}`}>
                      {each || <span className="faint">–</span>}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}

const differs = (row: Row) => row.values.some((each) => each !== row.values[0]);

/** The ends of a row of numbers: which one is better only its reader knows. */
function best(row: Row, at: number): string {
  if (!row.numeric || !differs(row)) return "";
  const numbers = row.values.map(Number).filter(Number.isFinite);
  const value = Number(row.values[at]);
  if (numbers.length < 2 || !Number.isFinite(value)) return "";
  return value === Math.max(...numbers) ? "highest" : value === Math.min(...numbers) ? "lowest" : "";
}

function sectionsOf(runs: Run[]): { title: string; rows: Row[] }[] {
  const row = (key: string, read: (run: Run) => string | undefined, numeric = false): Row => {
    const values = runs.map(read);
    return { key, values, shown: values.map((each) => (numeric ? number(each) : (each ?? ""))), numeric };
  };
  const keys = (pick: (run: Run) => { key: string }[] | undefined) =>
    [...new Set(runs.flatMap((run) => pick(run)?.map((each) => each.key) ?? []))].sort();
  const metric = (run: Run, key: string) => {
    const value = metricOf(run, key);
    return value === undefined ? undefined : String(value);
  };
  return [
    {
      title: "Run",
      rows: [
        row("Status", (run) => STATUS[run.info.status ?? ""] ?? run.info.status),
        row("Started", (run) => exactTime(run.info.start_time)),
        row("Duration", runDuration),
        row("User", (run) => tagOf(run, "mlflow.user")),
        row("Source", (run) => tagOf(run, "mlflow.source.name")),
        row("Commit", commitOf),
        row("Environment", environmentOf),
      ],
    },
    {
      title: "Metrics",
      rows: keys((run) => run.data?.metrics).map((key) => row(key, (run) => metric(run, key), true)),
    },
    {
      title: "Parameters",
      rows: keys((run) => run.data?.params).map((key) => row(key, (run) => paramOf(run, key))),
    },
    {
      title: "Tags",
      rows: keys((run) => run.data?.tags)
        .filter(isOwnTag)
        .map((key) => row(key, (run) => tagOf(run, key))),
    },
  ];
}

function commitOf(run: Run): string | undefined {
  const commit = tagOf(run, "mlflow.source.git.commit")?.slice(0, 12);
  return commit && isDirty(run) ? `${commit} with changes` : commit;
}

function Curves({ runs }: { runs: Run[] }) {
  const metrics = useMemo(() => [...new Set(runs.flatMap((run) => run.data?.metrics?.map((each) => each.key) ?? []))], [runs]);
  return metrics.length ? <Charts runs={runs} metrics={metrics} title="Charts" /> : null;
}
