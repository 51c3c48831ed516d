import type { ModelVersion } from "../api/types";
import { bytes } from "../format";
import { useDescription, type Field } from "./description";

/** What a version takes and returns, and what can load it. */
export function Signature({ version }: { version: ModelVersion }) {
  const found = useDescription(version.model_id || undefined);
  if (!version.model_id) return null;
  return (
    <section className="card" aria-label="Signature">
      <h2>
        Signature <small>v{version.version}</small>
      </h2>
      {found.error && <p className="faint">Its file MLmodel cannot be read: {found.error.message}</p>}
      {found.data && (
        <div className="signature">
          <p className="chips">
            {found.data.flavors.map((each) => (
              <span key={each.name} className="chip">
                {each.name} {each.version && <small>{each.version}</small>}
              </span>
            ))}
            {found.data.size !== undefined && <small>{bytes(found.data.size)}</small>}
          </p>
          {!found.data.inputs && !found.data.outputs && <p className="faint">It was logged without a signature.</p>}
          <Fields title="Inputs" fields={found.data.inputs} />
          <Fields title="Outputs" fields={found.data.outputs} />
          <Fields title="Parameters" fields={found.data.params} />
        </div>
      )}
    </section>
  );
}

function Fields({ title, fields }: { title: string; fields: Field[] | null }) {
  if (!fields?.length) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {fields.map((each) => (
          <li key={each.name}>
            <code>{each.name}</code>
            <span className="faint">{each.type}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
