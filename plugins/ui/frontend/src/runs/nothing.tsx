import { Empty } from "../parts/basics";

const TEACH = `import hookline

with hookline.start_run() as run:
    run.log_params({"alpha": 0.05})
    run.log_metric("loss", 0.3, step=1)`;

interface Props {
  filter: string;
  deleted: boolean;
  failed: boolean;
  /** Whether none of the experiments that the address names is there. */
  missing: boolean;
}

/** Why there are no runs, and what makes some appear. */
export function Nothing({ filter, deleted, failed, missing }: Props) {
  if (missing) {
    return (
      <Empty title="There is no such experiment" command="hookline experiments list">
        It may have been deleted. A list names those that are there:
      </Empty>
    );
  }
  if (failed) return <Empty title="The filter cannot be read">The mark below it shows where.</Empty>;
  if (filter) {
    return (
      <Empty title="No run matches" command={`hookline runs search '${filter.replaceAll("'", "'\\''")}'`}>
        Names with dots or spaces are quoted with backticks; texts stand in quotes. The same filter works in a terminal:
      </Empty>
    );
  }
  if (deleted) return <Empty title="No deleted runs">What is deleted waits here until somebody restores it, or gc removes it.</Empty>;
  return (
    <Empty title="No runs yet" command={TEACH}>
      Log the first one from Python, and it appears here at once:
    </Empty>
  );
}
