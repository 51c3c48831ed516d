import { ApiError, mlflowSend } from "../api/client";
import { useModel, useVersions } from "../api/queries";
import type { Tag } from "../api/types";
import { Button, Command, Empty, Failure, Loading } from "../parts/basics";
import { EditableText } from "../parts/editable";
import { Tags } from "../parts/tags";
import { useTitle } from "../parts/title";
import { attempt } from "../parts/toasts";
import { go, href, useFields } from "../router";
import { Note } from "../run/note";
import { isOwnTag } from "../values";
import { refresh, refreshNames } from "./actions";
import { Diff } from "./diff";
import { Signature } from "./signature";
import { Versions } from "./versions";

export function ModelPage({ name }: { name: string }) {
  const found = useModel(name);
  const versions = useVersions(name);
  const [fields, change] = useFields();
  const chosen = (fields.get("versions") ?? "").split(",").filter(Boolean);
  useTitle(name);
  if (found.error instanceof ApiError && found.error.status === 404) {
    return <Empty title="There is no such model" command="hookline models list" isPage />;
  }
  if (found.error) return <Failure isPage error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the model" />;
  const model = found.data;
  const describe = async (description: string) => {
    const set = async (text: string) => {
      await mlflowSend("registered-models/update", { name, description: text }, "PATCH");
      await refresh();
    };
    return attempt("Saved the description.", () => set(description), () => set(model.description ?? ""));
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
  const used = `models:/${name}/${shown?.version ?? 1}`;
  const compared = (versions.data ?? []).filter((each) => chosen.includes(each.version) && each.run_id);
  return (
    <section className="page">
      <header className="title">
        <p className="eyebrow">
          <a href={href(["models"])}>Models</a>
        </p>
        <EditableText as="h1" value={name} label="Rename the model" onSave={(to) => rename(name, to)} />
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
            <Versions name={name} versions={versions.data ?? []} chosen={chosen} onChoose={(ids) => change({ versions: ids.join(",") || undefined }, true)} />
          </section>
          {two.length === 2 && <Diff versions={[two[0], two[1]]} />}
        </div>
        <aside aria-label="Use the model">
          <section className="card">
            <h2>Use it</h2>
            <Command text={`import hookline\n\nmodel = hookline.load_model(\n    "${used}")`} />
            <Command text={`hookline models serve ${used}`} />
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

/** A model's name is its address: who renames it goes along, and comes back with an undo. */
function rename(name: string, to: string): Promise<boolean> {
  const set = async (from: string, new_name: string) => {
    await mlflowSend("registered-models/rename", { name: from, new_name });
    go(href(["models", new_name]), true);
    await refreshNames();
  };
  return attempt(`Renamed to “${to}”.`, () => set(name, to), () => set(to, name));
}
