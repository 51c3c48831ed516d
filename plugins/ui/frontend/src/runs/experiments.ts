import { mlflowSend } from "../api/client";
import { client } from "../api/queries";
import type { Experiment } from "../api/types";
import { attempt } from "../parts/toasts";
import { go, href } from "../router";

const refresh = () => client.invalidateQueries({ queryKey: ["experiments"] });

export function renameExperiment(of: Experiment, name: string): Promise<boolean> {
  const set = async (new_name: string) => {
    await mlflowSend("experiments/update", { experiment_id: of.experiment_id, new_name });
    await refresh();
  };
  return attempt(`Renamed to “${name}”.`, () => set(name), () => set(of.name));
}

export async function createExperiment(name: string): Promise<string | undefined> {
  let id: string | undefined;
  await attempt(`Created “${name}”.`, async () => {
    id = (await mlflowSend<{ experiment_id: string }>("experiments/create", { name })).experiment_id;
    await refresh();
  });
  return id;
}

/** Deletes an experiment with its runs; an undo brings all of them back, and leads there. */
export function deleteExperiment({ experiment_id, name }: Experiment): Promise<boolean> {
  const act = async (path: string, page: string) => {
    await mlflowSend(`experiments/${path}`, { experiment_id });
    go(page);
    await refresh();
  };
  const own = href(["experiments", experiment_id]);
  return attempt(`Deleted the experiment “${name}”.`, () => act("delete", "#/"), () => act("restore", own));
}
