import { useRunsById } from "../api/queries";
import type { ModelVersion, Run } from "../api/types";
import { exactTime, number } from "../format";
import { isOwnTag } from "../values";
import { useDescription, type Description, type Field } from "./description";

interface Row {
  key: string;
  one: string;
  other: string;
}

/** What two versions of a model differ in: their runs' metrics and parameters, their signatures, their tags. */
export function Diff({ versions }: { versions: [ModelVersion, ModelVersion] }) {
  const [one, other] = versions;
  const runs = useRunsById([one.run_id, other.run_id].filter((each): each is string => !!each));
  const first = useDescription(one.model_id || undefined);
  const second = useDescription(other.model_id || undefined);
  const runOf = (version: ModelVersion) => runs.data?.find((each) => each.info.run_id === version.run_id);
  const [before, after] = [runOf(one), runOf(other)];
  const sections = [
    { title: "Version", rows: rowsOf(aboutOf(one, first.data), aboutOf(other, second.data)) },
    { title: "Metrics", rows: rowsOf(metricsOf(before), metricsOf(after)) },
    { title: "Parameters", rows: rowsOf(pairsOf(before?.data?.params), pairsOf(after?.data?.params)) },
    { title: "Signature", rows: rowsOf(signatureOf(first.data), signatureOf(second.data)) },
    { title: "Tags", rows: rowsOf(tagsOf(one), tagsOf(other)) },
  ];
  return (
    <section className="card" aria-label="What differs">
      <header>
        <h2>
          What differs <small>v{one.version} and v{other.version}</small>
        </h2>
      </header>
      <div className="sheet side" tabIndex={0} role="region" aria-label={`Versions ${one.version} and ${other.version}`}>
        <table className="wide">
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden">Key</span>
              </th>
              <th scope="col">v{one.version}</th>
              <th scope="col">v{other.version}</th>
            </tr>
          </thead>
          {sections.map(({ title, rows }) => {
            const different = rows.filter((each) => each.one !== each.other);
            if (!rows.length) return null;
            return (
              <tbody key={title}>
                <tr className="section">
                  <th scope="rowgroup" colSpan={3}>
                    {title}
                    {rows.length > different.length && <small>{rows.length - different.length} equal</small>}
                  </th>
                </tr>
                {different.map((row) => (
                  <tr key={row.key}>
                    <th scope="row" title={row.key}>
                      {row.key}
                    </th>
                    <td title={row.one}>{row.one || <span className="faint">–</span>}</td>
                    <td title={row.other}>{row.other || <span className="faint">–</span>}</td>
                  </tr>
                ))}
              </tbody>
            );
          })}
        </table>
      </div>
    </section>
  );
}

type Values = Map<string, string>;

function rowsOf(one: Values, other: Values): Row[] {
  return [...new Set([...one.keys(), ...other.keys()])].map((key) => ({ key, one: one.get(key) ?? "", other: other.get(key) ?? "" }));
}

const pairsOf = (given: { key: string; value?: string }[] | undefined): Values =>
  new Map((given ?? []).map((each) => [each.key, each.value ?? ""] as const).sort(([one], [other]) => one.localeCompare(other)));

const tagsOf = (version: ModelVersion): Values => pairsOf(version.tags?.filter((each) => isOwnTag(each.key)));

const metricsOf = (run: Run | undefined): Values =>
  pairsOf(run?.data?.metrics?.map((each) => ({ key: each.key, value: number(each.value) })));

function aboutOf(version: ModelVersion, described: Description | undefined): Values {
  return new Map([
    ["Made", exactTime(version.creation_timestamp)],
    ["Description", version.description ?? ""],
    ["Aliases", (version.aliases ?? []).join(", ")],
    ["Flavors", (described?.flavors ?? []).map((each) => `${each.name} ${each.version}`.trim()).join(", ")],
    ["Python", described?.python ?? ""],
  ]);
}

function signatureOf(described: Description | undefined): Values {
  const part = (title: string, fields: Field[] | null | undefined) =>
    (fields ?? []).map((each) => [`${title} ${each.name}`, each.type] as const);
  return new Map([...part("input", described?.inputs), ...part("output", described?.outputs), ...part("parameter", described?.params)]);
}
