import { useState } from "react";
import type { Run } from "../api/types";
import { runName } from "../format";
import { Button, Segments } from "../parts/basics";
import { EditableText } from "../parts/editable";
import { mode } from "../report/mode";
import { href } from "../router";
import { deleteRuns, renameRun, restoreRuns } from "./actions";

interface Props {
  runs: Run[];
  /** How many there are; null where the filter cannot be read. */
  total: number | null;
  /** What else there is to say of their number. */
  note?: string;
  chosen: Run[];
  deleted: boolean;
  onDeleted: (deleted: boolean) => void;
  clear: () => void;
  onCsv: () => void;
}

/** How many runs there are; and what can be done with those that are selected. */
export function Summary({ runs, total, note, chosen, deleted, onDeleted, clear, onCsv }: Props) {
  return (
    <div className="summary">
      <Count runs={runs} total={total} note={note} chosen={chosen} />
      {chosen.length > 0 && <Actions chosen={chosen} deleted={deleted} clear={clear} />}
      <span className="grow" />
      {!mode.isReport && (
        <Segments
          label="Which runs"
          value={deleted ? "deleted" : "active"}
          options={[
            { value: "active", text: "Active" },
            { value: "deleted", text: "Deleted" },
          ]}
          onChange={(value) => onDeleted(value === "deleted")}
        />
      )}
      <Button look="quiet" icon="download" aria-label="Download CSV" title="Download CSV" onClick={onCsv} disabled={!runs.length}>
        <span className="wide-only">Download CSV</span>
      </Button>
    </div>
  );
}

function Count({ runs, total, note, chosen }: Pick<Props, "runs" | "total" | "note" | "chosen">) {
  const loaded = total !== null && runs.length < total && `${runs.length} loaded`;
  const more = note || loaded;
  return (
    <span className="count" role="status">
      {chosen.length ? (
        `${chosen.length} selected`
      ) : (
        <>
          {total !== null && `${total.toLocaleString("en")} ${total === 1 ? "run" : "runs"}`}
          {more && <small> · {more}</small>}
        </>
      )}
    </span>
  );
}

function Actions({ chosen, deleted, clear }: Pick<Props, "chosen" | "deleted" | "clear">) {
  const ids = chosen.map((each) => each.info.run_id);
  const several = ids.length > 1;
  const clearAfter = (done: boolean) => done && clear();
  return (
    <>
      <a
        className={`button strong ${several ? "" : "disabled"}`}
        aria-disabled={!several}
        href={several ? href(["compare"], { runs: ids.join(",") }) : undefined}
      >
        <span>Compare</span>
      </a>
      {!several && !mode.isReport && <Rename key={ids[0]} run={chosen[0]} />}
      {mode.isReport ? null : deleted ? (
        <Button icon="restore" onClick={() => void restoreRuns(ids).then(clearAfter)}>
          Restore
        </Button>
      ) : (
        <Button icon="trash" onClick={() => void deleteRuns(ids).then(clearAfter)}>
          Delete
        </Button>
      )}
      <Button look="quiet" onClick={clear}>
        Clear selection
      </Button>
    </>
  );
}

function Rename({ run }: { run: Run }) {
  const [open, setOpen] = useState(false);
  if (!open) return <Button onClick={() => setOpen(true)}>Rename</Button>;
  return (
    <EditableText
      as="span"
      value={runName(run)}
      label="Rename the run"
      open
      onClose={() => setOpen(false)}
      onSave={(name) => renameRun(run, name)}
    />
  );
}
