import { client } from "../api/queries";
import { mlflowSend } from "../api/client";
import type { Run } from "../api/types";
import { runName } from "../format";
import { attempt } from "../parts/toasts";
import { tagOf } from "../values";

async function refresh(): Promise<void> {
  await Promise.all(
    ["runs", "count", "run", "runs-by-id", "keys"].map((key) => client.invalidateQueries({ queryKey: [key] })),
  );
}

async function each(ids: string[], path: string): Promise<void> {
  for (const run_id of ids) await mlflowSend(path, { run_id });
  await refresh();
}

const counted = (ids: string[]) => (ids.length === 1 ? "1 run" : `${ids.length} runs`);

export function deleteRuns(ids: string[]): Promise<boolean> {
  return attempt(`Deleted ${counted(ids)}.`, () => each(ids, "runs/delete"), () => each(ids, "runs/restore"));
}

export function restoreRuns(ids: string[]): Promise<boolean> {
  return attempt(`Restored ${counted(ids)}.`, () => each(ids, "runs/restore"), () => each(ids, "runs/delete"));
}

export function renameRun(run: Run, name: string): Promise<boolean> {
  const before = runName(run);
  const set = async (run_name: string) => {
    await mlflowSend("runs/update", { run_id: run.info.run_id, run_name });
    await refresh();
  };
  return attempt(`Renamed to “${name}”.`, () => set(name), () => set(before));
}

export async function setTag(run: Run, key: string, value: string | undefined): Promise<boolean> {
  const run_id = run.info.run_id;
  const before = tagOf(run, key);
  if (before === value) return true;
  const set = async (to: string | undefined) => {
    if (to === undefined) await mlflowSend("runs/delete-tag", { run_id, key });
    else await mlflowSend("runs/set-tag", { run_id, key, value: to });
    await refresh();
  };
  const what = key === "mlflow.note.content" ? "Saved the note." : value === undefined ? `Removed the tag “${key}”.` : `Saved the tag “${key}”.`;
  return attempt(what, () => set(value), () => set(before));
}
