import type { Aggregate } from "./groups";

/** What the rows are ordered by: a key as the filter grammar writes it. */
export interface Order {
  by: string;
  descending: boolean;
}

/** What the address says about the page of an experiment. A saved view is the same fields as a JSON document. */
export interface RunsState {
  filter: string;
  order: Order;
  columns: string[] | null;
  /** Columns that stay where they are when the others scroll. */
  pinned: string[];
  /** Whether children stand below the runs that they belong to. */
  nested: boolean;
  /** `param:KEY`, `tag:KEY` or `dataset`; empty: no groups. */
  group: string;
  aggregate: Aggregate;
  deleted: boolean;
  layout: "table" | "split" | "charts" | "explore";
}

/** Changes fields of the address; `replace` leaves no step for the back button. */
export type Change = (changes: Record<string, string | undefined>, replace?: boolean) => void;

export function readState(fields: URLSearchParams): RunsState {
  const order = /^(.*) (ASC|DESC)$/.exec(fields.get("order") ?? "");
  return {
    filter: fields.get("filter") ?? "",
    order: order ? { by: order[1], descending: order[2] === "DESC" } : { by: "attributes.start_time", descending: true },
    columns: texts(fields.get("columns")),
    pinned: texts(fields.get("pinned")) ?? [],
    nested: fields.get("nested") === "1",
    group: /^(param:.+|tag:.+|dataset)$/s.test(fields.get("group") ?? "") ? fields.get("group")! : "",
    aggregate: (["min", "max"] as const).find((each) => each === fields.get("aggregate")) ?? "mean",
    deleted: fields.get("show") === "deleted",
    layout: (["split", "charts", "explore"] as const).find((each) => each === fields.get("layout")) ?? "table",
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
