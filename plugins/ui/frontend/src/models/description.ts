import { useQuery } from "@tanstack/react-query";
import { readText } from "../api/client";

/** A column, a tensor or a parameter of a model's signature, as text. */
export interface Field {
  name: string;
  type: string;
}

/** What the file `MLmodel` says of a model. */
export interface Description {
  flavors: { name: string; version: string }[];
  inputs: Field[] | null;
  outputs: Field[] | null;
  params: Field[] | null;
  size: number | undefined;
  python: string;
}

const LIMIT = 1_000_000;

type Values = Record<string, unknown>;

const valuesOf = (given: unknown): Values => (given !== null && typeof given === "object" ? (given as Values) : {});

/** The fields of a part of a signature, which is JSON in a text. */
function fieldsOf(given: unknown): Field[] | null {
  if (typeof given !== "string") return null;
  try {
    const found: unknown = JSON.parse(given);
    if (!Array.isArray(found)) return null;
    return found.map((each, at) => {
      const field = valuesOf(each);
      const tensor = field["tensor-spec"] ? valuesOf(field["tensor-spec"]) : null;
      const type = tensor ? `${String(tensor.dtype)} ${JSON.stringify(tensor.shape)}` : typeof field.type === "string" ? field.type : JSON.stringify(field.type);
      const optional = field.required === false || field.optional === true ? ", optional" : "";
      const preset = "default" in field ? `, ${JSON.stringify(field.default)} by default` : "";
      return { name: String(field.name ?? at), type: `${type}${optional}${preset}` };
    });
  } catch {
    return null; // written by hand, or by a version that writes it otherwise
  }
}

export async function describe(text: string): Promise<Description> {
  const { parse } = await import("yaml");
  const model = valuesOf(parse(text, { maxAliasCount: 100, logLevel: "error" }));
  const signature = valuesOf(model.signature);
  const flavors = valuesOf(model.flavors);
  return {
    flavors: Object.entries(flavors).map(([name, given]) => {
      const found = Object.entries(valuesOf(given)).find(([key]) => key === `${name}_version` || (name === "sklearn" && key === "sklearn_version"));
      return { name, version: typeof found?.[1] === "string" ? found[1] : "" };
    }),
    inputs: fieldsOf(signature.inputs),
    outputs: fieldsOf(signature.outputs),
    params: fieldsOf(signature.params),
    size: typeof model.model_size_bytes === "number" ? model.model_size_bytes : undefined,
    python: String(valuesOf(flavors.python_function).python_version ?? ""),
  };
}

/** What a logged model is; its description never changes. */
export function useDescription(modelId: string | undefined) {
  return useQuery({
    queryKey: ["description", modelId],
    queryFn: async ({ signal }) => {
      const path = `ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(modelId!)}/artifacts/files?artifact_file_path=MLmodel`;
      return describe((await readText(path, LIMIT, signal)).text);
    },
    enabled: !!modelId,
    staleTime: Infinity,
  });
}
