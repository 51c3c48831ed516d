import { ApiError, mlflowSend } from "../api/client";
import { client } from "../api/queries";
import { attempt } from "../parts/toasts";

const again = (keys: string[]) => Promise.all(keys.map((key) => client.invalidateQueries({ queryKey: [key] })));

export async function refresh(): Promise<void> {
  await again(["models", "model", "versions", "registered"]);
}

/** After a model has another name; nobody asks for one of the name that it had. */
export async function refreshNames(): Promise<void> {
  await again(["models", "registered"]);
}

/** Makes a version of a registered model from a model that a run logged, and the registered model where there is none. */
export function register(name: string, model: { id: string; runId: string }): Promise<boolean> {
  let isNew = true;
  let version = "";
  const make = async () => {
    isNew = await created(name);
    const body = { name, source: `models:/${model.id}`, run_id: model.runId, model_id: model.id };
    version = (await mlflowSend<{ model_version: { version: string } }>("model-versions/create", body)).model_version.version;
    await refresh();
  };
  const unmake = async () => {
    await mlflowSend("model-versions/delete", { name, version }, "DELETE");
    if (isNew) await mlflowSend("registered-models/delete", { name }, "DELETE");
    await refresh();
  };
  return attempt(`Registered it as “${name}”.`, make, unmake);
}

/** Whether a registered model was made, since there was none. */
async function created(name: string): Promise<boolean> {
  try {
    await mlflowSend("registered-models/create", { name });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "RESOURCE_ALREADY_EXISTS") return false;
    throw error;
  }
}
