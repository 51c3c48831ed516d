import { useState } from "react";
import { ApiError, mlflowSend } from "../api/client";
import { client, useModel, useVersions } from "../api/queries";
import type { ModelVersion, Tag } from "../api/types";
import { exactTime, when } from "../format";
import { Button, Command, Empty, Failure, Loading } from "../parts/basics";
import { Icon } from "../parts/icons";
import { Tags } from "../parts/tags";
import { attempt } from "../parts/toasts";
import { go, href } from "../router";
import { RunLink } from "../run/family";
import { Note } from "../run/note";
import { isOwnTag } from "../values";
import { Diff } from "./diff";
import { Signature } from "./signature";

async function refresh(): Promise<void> {
  await Promise.all(["models", "model", "versions"].map((key) => client.invalidateQueries({ queryKey: [key] })));
}

export function ModelPage({ name }: { name: string }) {
  const found = useModel(name);
  const versions = useVersions(name);
  const [chosen, setChosen] = useState<string[]>([]);
  if (found.error instanceof ApiError && found.error.status === 404) {
    return <Empty title="There is no such model" command="hookline models list" />;
  }
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the model" />;
  const model = found.data;
  const describe = async (description: string) => {
    const set = async (text: string) => {
      await mlflowSend("registered-models/update", { name, description: text }, "PATCH");
      await refresh();
    };
    await attempt("Saved the description.", () => set(description), () => set(model.description ?? ""));
  };
  const tag = (kind: string, of: { version?: string }, tags: Tag[] = []) => (key: string, value: string | undefined) => {
    const set = async (to: string | undefined) => {
      if (to === undefined) await mlflowSend(`${kind}/delete-tag`, { name, ...of, key }, "DELETE");
      else await mlflowSend(`${kind}/set-tag`, { name, ...of, key, value: to });
      await refresh();
    };
    const before = tags.find((each) => each.key === key)?.value;
    return attempt(value === undefined ? `Removed the tag “${key}”.` : `Saved the tag “${key}”.`, () => set(value), () => set(before));
  };
  const two = (versions.data ?? []).filter((each) => chosen.includes(each.version)).reverse();
  const shown = two.length === 1 ? two[0] : versions.data?.[0];
  const compared = (versions.data ?? []).filter((each) => chosen.includes(each.version) && each.run_id);
  return (
    <section className="page">
      <header className="title">
        <p className="eyebrow">
          <a href={href(["models"])}>Models</a>
        </p>
        <h1>{name}</h1>
      </header>
      <div className="overview">
        <div className="main">
          <Note title="Description" hint="What the model is for, and what it must not be used for." text={model.description ?? ""} onSave={describe} />
          <section className="card">
            <header>
              <h2>
                Versions <small>{versions.data?.length ?? ""}</small>
              </h2>
              <span className="grow" />
              {compared.length > 1 && (
                <Button onClick={() => go(href(["compare"], { runs: compared.map((each) => each.run_id).join(",") }))} icon="compare">
                  Compare their runs
                </Button>
              )}
            </header>
            <Versions name={name} versions={versions.data ?? []} chosen={chosen} onChoose={setChosen} />
          </section>
          {two.length === 2 && <Diff versions={[two[0], two[1]]} />}
        </div>
        <aside aria-label="Use the model">
          <section className="card">
            <h2>Use it</h2>
            <Command text={`import hookline\n\nmodel = hookline.load_model(\n    "models:/${name}/${versions.data?.[0]?.version ?? 1}")`} />
            <Command text={`hookline models serve models:/${name}/${versions.data?.[0]?.version ?? 1}`} />
          </section>
          {shown && <Signature version={shown} />}
          <Tags tags={model.tags ?? []} of="the model" hint="A tag says what holds for every version: task, owner." onSet={tag("registered-models", {}, model.tags)} />
          {shown && (
            <Tags
              key={shown.version}
              tags={(shown.tags ?? []).filter((each) => isOwnTag(each.key))}
              of={`v${shown.version}`}
              hint="A tag says what holds for this version: reviewed by, passed."
              onSet={tag("model-versions", { version: shown.version }, shown.tags)}
            />
          )}
        </aside>
      </div>
    </section>
  );
}

interface VersionsProps {
  name: string;
  versions: ModelVersion[];
  chosen: string[];
  onChoose: (versions: string[]) => void;
}

function Versions({ name, versions, chosen, onChoose }: VersionsProps) {
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
                <Aliases name={name} version={each} />
              </td>
              <td>{each.run_id ? <RunLink runId={each.run_id} /> : <span className="faint">none</span>}</td>
              <td title={exactTime(each.creation_timestamp)}>{when(each.creation_timestamp)}</td>
              <td className="long">{each.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Aliases({ name, version }: { name: string; version: ModelVersion }) {
  const [adding, setAdding] = useState(false);
  const [text, setText] = useState("");
  const put = async (alias: string) => {
    await mlflowSend("registered-models/alias", { name, alias, version: version.version });
    await refresh();
  };
  const take = async (alias: string) => {
    await mlflowSend("registered-models/alias", { name, alias }, "DELETE");
    await refresh();
  };
  return (
    <span className="chips">
      {(version.aliases ?? []).map((alias) => (
        <span key={alias} className="chip">
          @{alias}
          <button type="button" aria-label={`Remove the alias ${alias}`} onClick={() => void attempt(`Removed @${alias}.`, () => take(alias), () => put(alias))}>
            <Icon name="close" />
          </button>
        </span>
      ))}
      {adding ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim()) void attempt(`@${text.trim()} is version ${version.version}.`, () => put(text.trim())).then(() => (setAdding(false), setText("")));
          }}
        >
          <input autoFocus aria-label="Alias" placeholder="champion" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === "Escape" && setAdding(false)} onBlur={() => text || setAdding(false)} />
        </form>
      ) : (
        <Button look="quiet" icon="plus" aria-label={`Add an alias to version ${version.version}`} title="Add an alias" onClick={() => setAdding(true)} />
      )}
    </span>
  );
}
