import { useState } from "react";
import { mlflowSend } from "../api/client";
import type { ModelVersion } from "../api/types";
import { exactTime, when } from "../format";
import { Button } from "../parts/basics";
import { EditableText } from "../parts/editable";
import { Icon } from "../parts/icons";
import { attempt } from "../parts/toasts";
import { RunLink } from "../run/family";
import { refresh } from "./actions";

interface VersionsProps {
  name: string;
  versions: ModelVersion[];
  chosen: string[];
  onChoose: (versions: string[]) => void;
}

/** The versions of a model, with what is said of each where it stands. */
export function Versions({ name, versions, chosen, onChoose }: VersionsProps) {
  if (!versions.length) return <p className="faint">None yet.</p>;
  const toggle = (version: string) =>
    onChoose(chosen.includes(version) ? chosen.filter((each) => each !== version) : [...chosen, version]);
  return (
    <div className="sheet" tabIndex={0} role="region" aria-label="Versions">
      <table className="wide">
        <thead>
          <tr>
            <th scope="col">
              <span className="hidden">Select</span>
            </th>
            <th scope="col">Version</th>
            <th scope="col">Aliases</th>
            <th scope="col">Run</th>
            <th scope="col">Made</th>
            <th scope="col">Description</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((each) => (
            <tr key={each.version}>
              <td>
                <input type="checkbox" aria-label={`Select version ${each.version}`} checked={chosen.includes(each.version)} onChange={() => toggle(each.version)} />
              </td>
              <td>v{each.version}</td>
              <td>
                <Aliases name={name} version={each} versions={versions} />
              </td>
              <td>{each.run_id ? <RunLink runId={each.run_id} /> : <span className="faint">none</span>}</td>
              <td title={exactTime(each.creation_timestamp)}>{when(each.creation_timestamp)}</td>
              <td className="long">
                <EditableText
                  as="span"
                  optional
                  value={each.description ?? ""}
                  label={`Describe version ${each.version}`}
                  onSave={(text) => describe(name, each, text)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function describe(name: string, of: ModelVersion, text: string): Promise<boolean> {
  const set = async (description: string) => {
    await mlflowSend("model-versions/update", { name, version: of.version, description }, "PATCH");
    await refresh();
  };
  return attempt(`Described version ${of.version}.`, () => set(text), () => set(of.description ?? ""));
}

function Aliases({ name, version, versions }: { name: string; version: ModelVersion; versions: ModelVersion[] }) {
  const [adding, setAdding] = useState(false);
  const [text, setText] = useState("");
  const put = async (alias: string, to: string) => {
    await mlflowSend("registered-models/alias", { name, alias, version: to });
    await refresh();
  };
  const take = async (alias: string) => {
    await mlflowSend("registered-models/alias", { name, alias }, "DELETE");
    await refresh();
  };
  /** An alias is of one version: given to this one it is taken from another, which an undo gives it back to. */
  const give = (alias: string) => {
    const before = versions.find((each) => each.aliases?.includes(alias));
    const moved = before ? `@${alias} is version ${version.version} now, no longer ${before.version}.` : `@${alias} is version ${version.version}.`;
    return attempt(moved, () => put(alias, version.version), () => (before ? put(alias, before.version) : take(alias)));
  };
  const close = () => (setAdding(false), setText(""));
  return (
    <span className="chips">
      {(version.aliases ?? []).map((alias) => (
        <span key={alias} className="chip">
          @{alias}
          <button
            type="button"
            aria-label={`Remove the alias ${alias}`}
            onClick={() => void attempt(`Removed @${alias}.`, () => take(alias), () => put(alias, version.version))}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      {adding ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim()) void give(text.trim().replace(/^@/, "")).then((done) => done && close());
          }}
        >
          <input autoFocus aria-label="Alias" placeholder="champion" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === "Escape" && close()} onBlur={() => text || close()} />
        </form>
      ) : (
        <Button look="quiet" icon="plus" aria-label={`Add an alias to version ${version.version}`} title="Add an alias" onClick={() => setAdding(true)} />
      )}
    </span>
  );
}
