import { useState, type ReactNode } from "react";
import type { Run } from "../api/types";
import { exactTime, number, runDuration, when } from "../format";
import { Button, Command } from "../parts/basics";
import { mode } from "../report/mode";
import { href } from "../router";
import { setTag } from "../runs/actions";
import { Note } from "./note";
import { tagOf } from "../values";

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
        <Tags run={run} />
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
  const commit = tagOf(run, "mlflow.source.git.commit");
  const rows: [string, ReactNode][] = [
    ["Started", <span title={exactTime(run.info.start_time)}>{when(run.info.start_time)}</span>],
    ["Duration", runDuration(run)],
    ["User", tagOf(run, "mlflow.user") ?? run.info.user_id],
    ["Source", tagOf(run, "mlflow.source.name")],
    ["Commit", commit && <code title={commit}>{commit.slice(0, 12)}</code>],
    ["Branch", tagOf(run, "mlflow.source.git.branch")],
    ["Parent", parent && <a href={href(["runs", parent])}>{parent.slice(0, 12)}</a>],
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

function Tags({ run }: { run: Run }) {
  const tags = (run.data?.tags ?? []).filter((each) => !each.key.startsWith("mlflow."));
  const [adding, setAdding] = useState(false);
  return (
    <section className="card">
      <header>
        <h2>Tags</h2>
        {!adding && !mode.isReport && (
          <Button look="quiet" icon="plus" aria-label="Add a tag" title="Add a tag" onClick={() => setAdding(true)} />
        )}
      </header>
      {tags.length === 0 && !adding && <p className="faint">A tag groups runs: team, data set, verdict.</p>}
      <ul className="tags">
        {tags.map((each) => (
          <TagRow key={each.key} run={run} name={each.key} value={each.value ?? ""} />
        ))}
      </ul>
      {adding && <NewTag run={run} onDone={() => setAdding(false)} />}
    </section>
  );
}

function TagRow({ run, name, value }: { run: Run; name: string; value: string }) {
  const [text, setText] = useState<string | null>(null);
  if (mode.isReport) {
    return (
      <li>
        <span className="key">{name}</span>
        <span className="text">{value || "–"}</span>
      </li>
    );
  }
  if (text === null) {
    return (
      <li>
        <span className="key">{name}</span>
        <button type="button" className="text" title="Change" onClick={() => setText(value)}>
          {value || "–"}
        </button>
        <Button look="quiet" icon="close" aria-label={`Remove ${name}`} onClick={() => void setTag(run, name, undefined)} />
      </li>
    );
  }
  return (
    <li>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void setTag(run, name, text).then(() => setText(null));
        }}
      >
        <span className="key">{name}</span>
        <input autoFocus aria-label={`Value of ${name}`} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === "Escape" && setText(null)} />
        <Button type="submit" look="strong" icon="check" aria-label="Save" />
      </form>
    </li>
  );
}

function NewTag({ run, onDone }: { run: Run; onDone: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  return (
    <form
      className="new-tag"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim()) void setTag(run, key.trim(), value).then(onDone);
      }}
      onKeyDown={(event) => event.key === "Escape" && onDone()}
    >
      <input autoFocus aria-label="Key of the tag" placeholder="key" value={key} onChange={(event) => setKey(event.target.value)} />
      <input aria-label="Value of the tag" placeholder="value" value={value} onChange={(event) => setValue(event.target.value)} />
      <Button type="submit" look="strong" icon="check" aria-label="Save the tag" />
    </form>
  );
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

function Models({ run }: { run: Run }) {
  const outputs = run.outputs?.model_outputs ?? [];
  if (!outputs.length) return null;
  return (
    <section className="card">
      <h2>
        Models <small>{outputs.length}</small>
      </h2>
      {outputs.map((each) => (
        <Command key={each.model_id} text={`hookline.load_model(\n    "models:/${each.model_id}")`} />
      ))}
    </section>
  );
}
