import type { Run } from "./api/types";

interface Values {
  metrics: Map<string, number | string | undefined>;
  params: Map<string, string | undefined>;
  tags: Map<string, string | undefined>;
}

const read = new WeakMap<Run, Values>();

/** A run's values by their keys. A table looks up thousands of them for each picture, so they are gathered once. */
function valuesOf(run: Run): Values {
  const known = read.get(run);
  if (known) return known;
  const found = { metrics: mapped(run.data?.metrics), params: mapped(run.data?.params), tags: mapped(run.data?.tags) };
  read.set(run, found);
  return found;
}

function mapped<V>(pairs: { key: string; value?: V }[] | undefined): Map<string, V | undefined> {
  return new Map(pairs?.map((each) => [each.key, each.value]));
}

/** The latest value of a metric; NaN and infinities are texts. */
export const metricOf = (run: Run, key: string): number | string | undefined => valuesOf(run).metrics.get(key);

export const paramOf = (run: Run, key: string): string | undefined => valuesOf(run).params.get(key);

export const tagOf = (run: Run, key: string): string | undefined => valuesOf(run).tags.get(key);

/** Tags that are shown by what they say, beside those of MLflow's names. */
const SAID = new Set([
  "hookline.git.dirty",
  "hookline.environment",
  "hookline.status_reason",
  "hookline.manifest",
  "hookline.manifest.pinned",
]);

/** Whether a tag was given by a person, or else is shown elsewhere. */
export const isOwnTag = (key: string): boolean => !key.startsWith("mlflow.") && !SAID.has(key);

/** Whether the code of a run was the commit that it names, and nothing besides. */
export const isDirty = (run: Run): boolean => tagOf(run, "hookline.git.dirty") === "true";

/** What a project ran in: the kind of environment, and a digest of what is installed there. */
export function environmentOf(run: Run): string | undefined {
  const parts = [tagOf(run, "mlflow.project.env"), tagOf(run, "hookline.environment")?.slice(0, 12)];
  return parts.filter(Boolean).join(" ") || undefined;
}
