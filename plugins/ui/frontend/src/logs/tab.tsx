import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { artifactUrl } from "../api/client";
import { listArtifacts } from "../api/queries";
import type { FileInfo, Run } from "../api/types";
import { bytes } from "../format";
import { Empty, Failure, Loading, Segments } from "../parts/basics";
import { Icon } from "../parts/icons";
import { useFields } from "../router";
import { FOLLOWING, Log } from "./log";

/** Where the logs of a run lie among its artifacts. */
const FOLDER = "logs";
const FIRST = ["stdout.log", "stderr.log"];

/** What a run's command wrote. */
export function Logs({ run }: { run: Run }) {
  const id = run.info.run_id;
  const goesOn = run.info.status === "RUNNING";
  const found = useQuery({
    queryKey: ["logs", id, goesOn],
    queryFn: ({ signal }) => listArtifacts(id, FOLDER, signal),
    refetchInterval: goesOn ? FOLLOWING : false,
    placeholderData: (previous) => previous,
  });
  const [fields, change] = useFields();
  /** What is looked at stays, whatever is written into others or becomes of the run. */
  const looked = useRef("");
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the logs" />;
  const files = inOrder(found.data.filter((each) => !each.is_dir));
  if (!files.length) return <NoLogs run={run} />;
  const named = (name: string | null) => files.find((each) => nameOf(each) === name);
  const chosen = named(fields.get("log")) ?? named(looked.current) ?? firstOf(files, run.info.status === "FAILED");
  if (chosen.file_size) looked.current = nameOf(chosen);
  return (
    <section className="logs" aria-label="Logs">
      <div className="toolbar">
        {files.length > 1 ? (
          <Segments
            label="Log"
            value={nameOf(chosen)}
            options={files.map((each) => ({ value: nameOf(each), text: nameOf(each) }))}
            onChange={(log) => change({ log, find: undefined }, true)}
          />
        ) : (
          <b>{nameOf(chosen)}</b>
        )}
        <small className="faint">{bytes(chosen.file_size)}</small>
        <span className="grow" />
        <a className="button quiet" href={artifactUrl(id, chosen.path)} download={nameOf(chosen)}>
          <Icon name="download" />
          <span>Download</span>
        </a>
      </div>
      <Log key={chosen.path} runId={id} path={chosen.path} goesOn={goesOn} />
    </section>
  );
}

function NoLogs({ run }: { run: Run }) {
  const isOfProject = run.data?.tags?.some((each) => each.key === "mlflow.project.backend");
  if (isOfProject && run.info.status === "RUNNING") {
    return <Empty title="Nothing was written yet">What the command of this run writes appears here some seconds later.</Empty>;
  }
  return (
    <Empty title="No logs" command="hookline run .">
      What a command writes is kept with its run, and can be followed here, where Hookline starts it. A script that you start
      yourself keeps a log as a file of the run: <code>run.log_artifact("train.log", "logs")</code>
    </Empty>
  );
}

const nameOf = (file: FileInfo) => file.path.split("/").pop()!;

function inOrder(files: FileInfo[]): FileInfo[] {
  const place = (file: FileInfo) => (FIRST.includes(nameOf(file)) ? FIRST.indexOf(nameOf(file)) : FIRST.length);
  return [...files].sort((one, other) => place(one) - place(other) || nameOf(one).localeCompare(nameOf(other)));
}

/** The log to show first: one that something was written into, and where a run failed, where commands say why. */
function firstOf(files: FileInfo[], hasFailed: boolean): FileInfo {
  const written = files.filter((each) => each.file_size);
  const errors = written.find((each) => nameOf(each) === "stderr.log");
  return (hasFailed && errors) || written[0] || files[0];
}
