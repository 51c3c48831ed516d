import { useState } from "react";
import { useExperiments, useRun } from "../api/queries";
import type { Run } from "../api/types";
import { runName } from "../format";
import { Button, Command, Dot, Empty, Failure, Loading, Menu, Segments, Status } from "../parts/basics";
import { EditableText } from "../parts/editable";
import { Logs } from "../logs/tab";
import { PanelElement, usePanels } from "../parts/panel";
import { useTitle } from "../parts/title";
import { mode } from "../report/mode";
import { go, href, useFields } from "../router";
import { deleteRuns, renameRun, restoreRuns } from "../runs/actions";
import { ApiError } from "../api/client";
import { Artifacts } from "./artifacts";
import { Metrics } from "./metrics";
import { Overview } from "./overview";

const TABS = [
  { name: "overview", title: "Overview" },
  { name: "metrics", title: "Metrics" },
  { name: "artifacts", title: "Artifacts" },
  { name: "logs", title: "Logs" },
];

export function RunPage({ runId }: { runId: string }) {
  const found = useRun(runId);
  useTitle(found.data ? runName(found.data) : "Run");
  const [fields] = useFields();
  const panels = usePanels("run");
  const tabs = mode.isReport ? TABS.slice(0, 2) : [...TABS, ...panels];
  const tab = tabs.find((each) => each.name === fields.get("tab"))?.name ?? "overview";
  if (found.error instanceof ApiError && found.error.status === 404) {
    return (
      <Empty title="There is no such run" command="hookline runs search" isPage>
        It may have been deleted for good. A search lists those that are there:
      </Empty>
    );
  }
  if (found.error && !found.data) return <Failure isPage error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the run" />;
  const run = found.data;
  return (
    <section className="page run">
      <Header run={run} />
      <nav className="tabs" aria-label="Parts of the run">
        {tabs.map(({ name, title }) => (
          <a
            key={name}
            href={href(["runs", runId], { tab: name === "overview" ? undefined : name })}
            aria-current={name === tab ? "page" : undefined}
          >
            {title}
            {name === "metrics" && <small>{run.data?.metrics?.length ?? 0}</small>}
          </a>
        ))}
      </nav>
      {tab === "overview" && <Overview run={run} />}
      {tab === "metrics" && <Metrics run={run} />}
      {tab === "artifacts" && <Artifacts run={run} />}
      {tab === "logs" && <Logs run={run} />}
      {panels.map((each) => each.name === tab && <PanelElement key={each.name} panel={each} data={{ run }} />)}
    </section>
  );
}

function Header({ run }: { run: Run }) {
  const id = run.info.run_id;
  const experiment = useExperiments().data?.find((each) => each.experiment_id === run.info.experiment_id);
  const isDeleted = run.info.lifecycle_stage === "deleted";
  const [language, setLanguage] = useState<"python" | "shell">("python");
  return (
    <header className="title">
      <p className="eyebrow">
        <a href={href(["experiments", run.info.experiment_id ?? "0"])}>{experiment?.name ?? "Experiment"}</a>
      </p>
      <div className="line">
        <span className="named">
          <Dot id={id} />
          <EditableText as="h1" value={runName(run)} label="Rename the run" onSave={(name) => renameRun(run, name)} />
        </span>
        {isDeleted ? <span className="status deleted">Deleted</span> : <Status of={run.info} withReason />}
        <span className="grow" />
        <Menu label="Read it from" end>
          {() => (
            <div className="snippet">
              <Segments
                label="Language"
                value={language}
                options={[
                  { value: "python", text: "Python" },
                  { value: "shell", text: "Terminal" },
                ]}
                onChange={setLanguage}
              />
              <Command
                text={language === "python" ? `import hookline\n\nrun = hookline.get_run("${id}")` : `hookline runs show ${id}`}
              />
            </div>
          )}
        </Menu>
        {mode.isReport ? null : isDeleted ? (
          <Button icon="restore" onClick={() => void restoreRuns([id])}>
            Restore
          </Button>
        ) : (
          <Button
            icon="trash"
            onClick={() =>
              void deleteRuns([id]).then((done) => done && go(href(["experiments", run.info.experiment_id ?? "0"])))
            }
          >
            Delete
          </Button>
        )}
      </div>
    </header>
  );
}
