import { useState } from "react";
import { useModels } from "../api/queries";
import { exactTime, when } from "../format";
import { Empty, Failure, Loading } from "../parts/basics";
import { useTitle } from "../parts/title";
import { href } from "../router";

const TEACH = `run.log_model(model, "model", registered_name="diabetes")`;

export function ModelsPage() {
  const found = useModels();
  useTitle("Models");
  const [text, setText] = useState("");
  const models = (found.data ?? []).filter((each) => each.name.toLowerCase().includes(text.toLowerCase()));
  return (
    <section className="page">
      <header className="title">
        <p className="eyebrow">Registry</p>
        <h1>Models</h1>
      </header>
      {found.error ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : !found.data ? (
        <Loading what="models" />
      ) : !found.data.length ? (
        <Empty title="No registered models" command={TEACH}>
          A registered model gathers the versions that go to production. Register the first one:
        </Empty>
      ) : (
        <>
          <div className="toolbar">
            <input type="search" aria-label="Find a model" placeholder="Find a model" value={text} onChange={(event) => setText(event.target.value)} />
          </div>
          <div className="sheet" tabIndex={0} role="region" aria-label="Models">
            <table className="wide">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Latest version</th>
                  <th scope="col">Aliases</th>
                  <th scope="col">Description</th>
                  <th scope="col">Changed</th>
                </tr>
              </thead>
              <tbody>
                {models.map((each) => {
                  const latest = Math.max(0, ...(each.latest_versions ?? []).map((version) => Number(version.version)));
                  return (
                    <tr key={each.name}>
                      <td>
                        <a href={href(["models", each.name])}>{each.name}</a>
                      </td>
                      <td>{latest > 0 ? `v${latest}` : <span className="faint">none</span>}</td>
                      <td>
                        {(each.aliases ?? []).map((alias) => (
                          <span key={alias.alias} className="chip">
                            @{alias.alias} <small>v{alias.version}</small>
                          </span>
                        ))}
                      </td>
                      <td className="long">
                        <span className="clamp">{each.description}</span>
                      </td>
                      <td title={exactTime(each.last_updated_timestamp)}>{when(each.last_updated_timestamp)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}
