import type { ReactNode } from "react";
import type { Run, RunKey } from "../api/types";
import { Status } from "../parts/basics";
import { exactTime, quotedKey, runDuration, when } from "../format";
import { metricOf, paramOf, tagOf } from "../values";
import type { Figures } from "./figures";

export interface Column {
  /** `attribute:start_time`, `metric:loss`, `param:alpha`, `tag:team`. */
  id: string;
  title: string;
  group: "" | "param" | "metric" | "tag";
  width: number;
  numeric: boolean;
  /** What the server orders by; missing: it cannot. */
  orderBy?: string;
  /** The tag that it shows, where it shows one. */
  madeOf?: string;
  /** What it shows; metrics are written as all of the column are. */
  cell: (run: Run, figures: Figures) => ReactNode;
  text: (run: Run) => string;
}

const TITLES: Record<string, string> = {
  status: "Status",
  start_time: "Started",
  duration: "Duration",
  user: "User",
  source: "Source",
  version: "Version",
};

export const ATTRIBUTES: Column[] = [
  attribute("status", 104, (run) => run.info.status ?? "", (run) => <Status of={run.info} />, "status"),
  attribute(
    "start_time",
    116,
    (run) => (run.info.start_time ? new Date(run.info.start_time).toISOString() : ""),
    (run) => <span title={exactTime(run.info.start_time)}>{when(run.info.start_time)}</span>,
    "start_time",
  ),
  attribute("duration", 104, runDuration),
  attribute("user", 92, (run) => tagOf(run, "mlflow.user") ?? run.info.user_id ?? "", undefined, "user_id"),
  attribute(
    "source",
    140,
    (run) => tagOf(run, "mlflow.source.name")?.split("/").pop() ?? "",
    undefined,
    "tags.`mlflow.source.name`",
  ),
  attribute(
    "version",
    92,
    (run) => tagOf(run, "mlflow.source.git.commit")?.slice(0, 7) ?? "",
    undefined,
    "tags.`mlflow.source.git.commit`",
  ),
];

/** Tags that the columns above are made of, besides what is asked for. */
export const NEEDED_TAGS = ["mlflow.user", "mlflow.source.name", "mlflow.source.git.commit", "mlflow.parentRunId"];

function attribute(
  key: string,
  width: number,
  text: (run: Run) => string,
  cell: (run: Run) => ReactNode = text,
  order?: string,
): Column {
  const orderBy = order && (order.startsWith("tags.") ? order : `attributes.${order}`);
  const madeOf = /^tags\.`(.*)`$/.exec(order ?? "")?.[1];
  return { id: `attribute:${key}`, title: TITLES[key], group: "", width, numeric: false, orderBy, madeOf, cell, text };
}

function keyed(kind: "metric" | "param" | "tag", key: string, numeric: boolean): Column {
  const text = (run: Run): string => {
    if (kind === "metric") return String(metricOf(run, key) ?? "");
    return (kind === "param" ? paramOf(run, key) : tagOf(run, key)) ?? "";
  };
  return {
    id: `${kind}:${key}`,
    title: key,
    group: kind,
    width: Math.min(200, Math.max(numeric ? 96 : 112, key.length * 7.2 + 44)),
    numeric,
    orderBy: `${kind}s.${quotedKey(key)}`,
    cell: kind === "metric" ? (run, figures) => figures(metricOf(run, key)) : text,
    text,
  };
}

/** Every column that a table may have, by its id. */
export function catalogue(keys: RunKey[]): Map<string, Column> {
  const found = [...ATTRIBUTES];
  for (const kind of ["param", "metric", "tag"] as const) {
    for (const each of keys) {
      if (each.kind === kind && !(kind === "tag" && each.key.startsWith("mlflow."))) {
        found.push(keyed(kind, each.key, each.type === "number"));
      }
    }
  }
  return new Map(found.map((each) => [each.id, each]));
}

/** What is shown before somebody chooses: the attributes, and the keys that most runs have. */
export function defaultColumns(keys: RunKey[]): string[] {
  const most = (kind: string, count: number) =>
    keys
      .filter((each) => each.kind === kind && !each.key.startsWith("system/"))
      .sort((one, other) => other.runs - one.runs)
      .slice(0, count)
      .map((each) => `${kind}:${each.key}`);
  const tags = new Set(keys.filter((each) => each.kind === "tag").map((each) => each.key));
  const shown = ATTRIBUTES.filter((each) => !each.madeOf || tags.has(each.madeOf));
  return [...shown.map((each) => each.id), ...most("metric", 6), ...most("param", 6)];
}

/** The part of a search that says which data of runs is read. */
export function asked(columns: Column[]): { metrics: string[]; params: string[]; tags: string[] } {
  const keys = (group: string) => columns.filter((each) => each.group === group).map((each) => each.title);
  return { metrics: keys("metric"), params: keys("param"), tags: [...NEEDED_TAGS, ...keys("tag")] };
}
