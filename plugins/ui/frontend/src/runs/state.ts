import type { Order } from "./table";

/** What the address says about the page of an experiment. A saved view is the same fields as a JSON document. */
export interface RunsState {
  filter: string;
  order: Order;
  columns: string[] | null;
  deleted: boolean;
  layout: "table" | "split" | "charts";
}

export function readState(fields: URLSearchParams): RunsState {
  const order = /^(.*) (ASC|DESC)$/.exec(fields.get("order") ?? "");
  return {
    filter: fields.get("filter") ?? "",
    order: order ? { by: order[1], descending: order[2] === "DESC" } : { by: "attributes.start_time", descending: true },
    columns: texts(fields.get("columns")),
    deleted: fields.get("show") === "deleted",
    layout: (["split", "charts"] as const).find((each) => each === fields.get("layout")) ?? "table",
  };
}

function texts(text: string | null): string[] | null {
  if (text === null) return null;
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : null;
  } catch {
    return null; // an address that somebody wrote by hand
  }
}
