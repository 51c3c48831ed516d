import type { ReactNode } from "react";
import { useExperiments } from "../api/queries";
import { exactTime } from "../format";
import { Button } from "../parts/basics";
import { EditableText } from "../parts/editable";
import { useTitle } from "../parts/title";
import { mode } from "../report/mode";
import { deleteExperiment, renameExperiment } from "./experiments";

/** The names of the experiments that are shown; that of a single one is changed where it stands. */
export function Title({ experimentIds, children }: { experimentIds: string[]; children: ReactNode }) {
  const experiments = useExperiments().data ?? [];
  const shown = experiments.filter((each) => experimentIds.includes(each.experiment_id));
  const names = shown.map((each) => each.name).join(", ") || "Runs";
  useTitle(names);
  const only = experimentIds.length === 1 ? shown[0] : undefined;
  const kind = experimentIds.length > 1 ? `${experimentIds.length} experiments` : "Experiment";
  return (
    <header className="title">
      <p className="eyebrow">{mode.isReport ? `Report of ${exactTime(mode.made)}` : kind}</p>
      <div className="line">
        {only ? (
          <EditableText
            as="h1"
            value={only.name}
            label="Rename the experiment"
            fixed={only.experiment_id === "0"}
            onSave={(name) => renameExperiment(only, name)}
          />
        ) : (
          <h1>{names}</h1>
        )}
        {only && only.experiment_id !== "0" && !mode.isReport && (
          <Button look="quiet" className="seldom" icon="trash" aria-label="Delete the experiment" title="Delete the experiment" onClick={() => void deleteExperiment(only)} />
        )}
        <span className="grow" />
        {children}
      </div>
    </header>
  );
}
