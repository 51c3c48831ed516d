import { useState, type ReactNode } from "react";
import type { Run } from "../api/types";
import { exactTime, number, runDuration, when } from "../format";
import { Tags } from "../parts/tags";
import { setTag } from "../runs/actions";
import { Children, RunLink } from "./family";
import { Models } from "./models";
import { Note } from "./note";
import { environmentOf, isDirty, isOwnTag, tagOf } from "../values";

export function Overview({ run }: { run: Run }) {
  const params = run.data?.params ?? [];
  const metrics = run.data?.metrics ?? [];
  return (
    <div className="overview">
      <div className="main">
        <Note
          text={tagOf(run, "mlflow.note.content") ?? ""}
          onSave={(text) => setTag(run, "mlflow.note.content", text || undefined)}
        />
        <div className="pair">
          <Values title="Metrics" none='run.log_metric("loss", 0.3)' rows={metrics.map((each) => [each.key, number(each.value), String(each.value)])} numeric />
          <Values title="Parameters" none='run.log_params({"alpha": 0.05})' rows={params.map((each) => [each.key, each.value ?? "", each.value ?? ""])} />
        </div>
      </div>
      <aside aria-label="About the run">
        <Details run={run} />
        <Children run={run} />
        <RunTags run={run} />
        <Inputs run={run} />
        <Models run={run} />
      </aside>
    </div>
  );
}

function Values({ title, rows, none, numeric = false }: { title: string; rows: string[][]; none: string; numeric?: boolean }) {
  const [text, setText] = useState("");
  const shown = rows.filter(([key]) => key.toLowerCase().includes(text.toLowerCase()));
  return (
    <section className="card values">
      <header>
        <h2>
          {title} <small>{rows.length}</small>
        </h2>
        {rows.length > 12 && (
          <input type="search" aria-label={`Find among ${title}`} placeholder="Find" value={text} onChange={(event) => setText(event.target.value)} />
        )}
      </header>
      {rows.length === 0 ? (
        <p className="faint">
          None. <code>{none}</code>
        </p>
      ) : (
        <dl>
          {shown.map(([key, value, whole]) => (
            <div key={key}>
              <dt title={key}>{key}</dt>
              <dd title={whole} className={numeric ? "numeric" : ""}>
                {value}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function Details({ run }: { run: Run }) {
  const parent = tagOf(run, "mlflow.parentRunId");
  const source = tagOf(run, "mlflow.source.name");
  const commit = tagOf(run, "mlflow.source.git.commit");
  const rows: [string, ReactNode][] = [
    ["Started", <span title={exactTime(run.info.start_time)}>{when(run.info.start_time)}</span>],
    ["Duration", runDuration(run)],
    ["User", tagOf(run, "mlflow.user") ?? run.info.user_id],
    ["Source", source && <span title={source}>{sourceName(source)}</span>],
    ["Commit", commit && <Commit of={commit} dirty={isDirty(run)} />],
    ["Branch", tagOf(run, "mlflow.source.git.branch")],
    ["Environment", environmentOf(run)],
    ["Parent", parent && <RunLink runId={parent} />],
    ["Run id", <code className="id">{run.info.run_id}</code>],
  ];
  return (
    <section className="card">
      <h2>Details</h2>
      <dl className="details">
        {rows
          .filter(([, value]) => value)
          .map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

/** A file by its name; a project by its whole URI. */
function sourceName(source: string): string {
  return source.includes("://") ? source : (source.split(/[\\/]/).pop() ?? source);
}

function Commit({ of, dirty }: { of: string; dirty: boolean }) {
  return (
    <>
      <code title={of}>{of.slice(0, 12)}</code>
      {dirty && <small title="The program that ran was not what this commit holds"> with changes</small>}
    </>
  );
}

function RunTags({ run }: { run: Run }) {
  const tags = (run.data?.tags ?? []).filter((each) => isOwnTag(each.key));
  return <Tags tags={tags} hint="A tag groups runs: team, data set, verdict." onSet={(key, value) => setTag(run, key, value)} />;
}

function Inputs({ run }: { run: Run }) {
  const inputs = run.inputs?.dataset_inputs ?? [];
  if (!inputs.length) return null;
  return (
    <section className="card">
      <h2>Data</h2>
      <ul className="tags">
        {inputs.map((each) => (
          <li key={`${each.dataset?.name} ${each.dataset?.digest}`}>
            <span className="key">{each.dataset?.name}</span>
            <code>{each.dataset?.digest}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
