import { useQuery } from "@tanstack/react-query";
import { LIVE, useRun } from "../api/queries";
import { ownSend } from "../api/client";
import type { Run, RunsFound } from "../api/types";
import { runName } from "../format";
import { Dot, Status } from "../parts/basics";
import { mode } from "../report/mode";
import { href } from "../router";

/** How many children are named here; a table has them all. */
const NAMED = 12;

/** The way to a run, by its name once that is known. */
export function RunLink({ runId }: { runId: string }) {
  const found = useRun(runId).data;
  return (
    <a href={href(["runs", runId])} title={runId}>
      {found ? runName(found) : runId.slice(0, 8)}
    </a>
  );
}

/** The runs that this one started, the newest first. */
export function Children({ run }: { run: Run }) {
  const { run_id: id, experiment_id: experiment = "0" } = run.info;
  const filter = `tags.\`mlflow.parentRunId\` = "${id}"`;
  const asked = { experiment_ids: [experiment], filter };
  const found = useQuery({
    queryKey: ["runs", "of", id, experiment],
    queryFn: async ({ signal }) => {
      const columns = { metrics: [], params: [], tags: [] };
      // Awaited together: where both are given up, nobody would wait for the second one's error.
      const [some, all] = await Promise.all([
        ownSend<RunsFound>("runs/search", { ...asked, columns, max_results: NAMED }, "POST", signal),
        ownSend<{ count: number }>("runs/count", asked, "POST", signal),
      ]);
      return { runs: some.runs ?? [], count: all.count };
    },
    refetchInterval: LIVE * 2,
    enabled: !mode.isReport,
  }).data;
  if (!found?.count) return null;
  return (
    <section className="card">
      <header>
        <h2>
          Nested runs <small>{found.count.toLocaleString("en")}</small>
        </h2>
        <span className="grow" />
        <a className="button quiet" href={href(["experiments", experiment], { filter })}>
          In a table
        </a>
      </header>
      <ul className="children">
        {found.runs.map((each) => (
          <li key={each.info.run_id}>
            <Dot id={each.info.run_id} />
            <a href={href(["runs", each.info.run_id])} title={runName(each)}>
              {runName(each)}
            </a>
            <Status of={each.info} />
          </li>
        ))}
      </ul>
      {found.count > found.runs.length && <p className="faint">and {(found.count - found.runs.length).toLocaleString("en")} more</p>}
    </section>
  );
}
