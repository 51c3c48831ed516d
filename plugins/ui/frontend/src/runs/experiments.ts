import { mlflowSend } from "../api/client";
import { client } from "../api/queries";
import type { Experiment } from "../api/types";
import { attempt } from "../parts/toasts";

const refresh = () => client.invalidateQueries({ queryKey: ["experiments"] });

export function renameExperiment(of: Experiment, name: string): Promise<boolean> {
  if (!name || name === of.name) return Promise.resolve(false);
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
