import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { mlflowGet } from "../api/client";
import { useModels } from "../api/queries";
import type { ModelVersion, Run, VersionsFound } from "../api/types";
import { register } from "../models/actions";
import { Button, Command } from "../parts/basics";
import { mode } from "../report/mode";
import { href } from "../router";

/** The models that a run logged: how each is loaded, and the versions that it is registered as. */
export function Models({ run }: { run: Run }) {
  const outputs = run.outputs?.model_outputs ?? [];
  const runId = run.info.run_id;
  const registered = useQuery({
    queryKey: ["registered", runId],
    queryFn: async ({ signal }) => {
      const asked = { filter: `run_id = '${runId}'`, max_results: 1000 };
      return (await mlflowGet<VersionsFound>("model-versions/search", asked, signal)).model_versions ?? [];
    },
    enabled: outputs.length > 0 && !mode.isReport,
  });
  if (!outputs.length) return null;
  return (
    <section className="card logged" aria-label="Models of the run">
      <h2>
        Models <small>{outputs.length}</small>
      </h2>
      {outputs.map(({ model_id: id = "" }) => (
        <div key={id}>
          <Command text={`hookline.load_model(\n    "models:/${id}")`} />
          {!mode.isReport && <Registered id={id} runId={runId} versions={(registered.data ?? []).filter((each) => each.model_id === id)} />}
        </div>
      ))}
    </section>
  );
}

function Registered({ id, runId, versions }: { id: string; runId: string; versions: ModelVersion[] }) {
  const [adding, setAdding] = useState(false);
  if (adding) return <Register id={id} runId={runId} onClose={() => setAdding(false)} />;
  return (
    <p className="chips">
      {versions.map((each) => (
        <a key={`${each.name} ${each.version}`} className="chip" href={href(["models", each.name ?? ""], { versions: each.version })}>
          {each.name} <small>v{each.version}</small>
        </a>
      ))}
      <Button look="quiet" icon="box" onClick={() => setAdding(true)}>
        Register
      </Button>
    </p>
  );
}

function Register({ id, runId, onClose }: { id: string; runId: string; onClose: () => void }) {
  const models = useModels().data ?? [];
  const [name, setName] = useState("");
  return (
    <form
      className="new-tag"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) void register(name.trim(), { id, runId }).then((done) => done && onClose());
      }}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <input autoFocus aria-label="Name of the registered model" placeholder="A new name, or one that is there" list="registered-models" value={name} onChange={(event) => setName(event.target.value)} />
      <datalist id="registered-models">
        {models.map((each) => (
          <option key={each.name} value={each.name} />
        ))}
      </datalist>
      <Button type="submit" look="strong" disabled={!name.trim()}>
        Register
      </Button>
    </form>
  );
}
