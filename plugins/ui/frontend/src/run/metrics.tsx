import { useMemo } from "react";
import type { Run } from "../api/types";
import { Charts } from "../charts/pane";

export function Metrics({ run }: { run: Run }) {
  const runs = useMemo(() => [run], [run.info.run_id, run.info.status]);
  const metrics = useMemo(() => (run.data?.metrics ?? []).map((each) => each.key), [run]);
  return <Charts runs={runs} metrics={metrics} isAlone />;
}
