import { useState } from "react";
import { artifactUrl } from "../api/client";
import { useArtifacts } from "../api/queries";
import type { FileInfo, Run } from "../api/types";
import { bytes } from "../format";
import { Empty, Failure, Loading } from "../parts/basics";
import { Icon } from "../parts/icons";
import { useFields } from "../router";
import { Preview } from "./preview";

export function Artifacts({ run }: { run: Run }) {
  const id = run.info.run_id;
  const found = useArtifacts(id, "");
  const [fields] = useFields();
  const path = fields.get("file");
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="artifacts" />;
  if (!found.data.length) {
    return (
      <Empty title="No artifacts" command={'run.log_artifact("plot.png")'}>
        Files that a run keeps are shown here: plots, tables, models.
      </Empty>
    );
  }
  return (
    <div className="artifacts">
      <nav aria-label="Files">
        <Folder runId={id} files={found.data} chosen={path} />
      </nav>
      <section className="card preview" aria-label="Preview">
        {path ? (
          <>
            <header>
              <h2 title={path}>{path}</h2>
              <a className="button quiet" href={artifactUrl(id, path)} download={path.split("/").pop()}>
                <Icon name="download" />
                <span>Download</span>
              </a>
            </header>
            <Preview key={path} runId={id} path={path} />
          </>
        ) : (
          <p className="faint center">Choose a file to see it.</p>
        )}
      </section>
    </div>
  );
}

function Folder({ runId, files, chosen }: { runId: string; files: FileInfo[]; chosen: string | null }) {
  const sorted = [...files].sort(
    (one, other) => Number(other.is_dir ?? false) - Number(one.is_dir ?? false) || one.path.localeCompare(other.path),
  );
  return (
    <ul className="tree">
      {sorted.map((each) =>
        each.is_dir ? (
          <Branch key={each.path} runId={runId} path={each.path} chosen={chosen} />
        ) : (
          <Leaf key={each.path} file={each} chosen={chosen} />
        ),
      )}
    </ul>
  );
}

function Branch({ runId, path, chosen }: { runId: string; path: string; chosen: string | null }) {
  const [open, setOpen] = useState(chosen?.startsWith(`${path}/`) ?? false);
  const found = useArtifacts(runId, path, open);
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} />
        <Icon name="folder" />
        <span>{path.split("/").pop()}</span>
      </button>
      {open && found.data && <Folder runId={runId} files={found.data} chosen={chosen} />}
    </li>
  );
}

function Leaf({ file, chosen }: { file: FileInfo; chosen: string | null }) {
  const [, change] = useFields();
  return (
    <li>
      <button
        type="button"
        className="leaf"
        aria-current={file.path === chosen ? "true" : undefined}
        onClick={() => change({ file: file.path })}
      >
        <Icon name="file" />
        <span>{file.path.split("/").pop()}</span>
        <small>{bytes(file.file_size)}</small>
      </button>
    </li>
  );
}
