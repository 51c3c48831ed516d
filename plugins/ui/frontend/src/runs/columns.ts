import type { Run, RunKey } from "../api/types";
import { statusOf } from "../parts/basics";
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
  text: (run: Run) => string;
  /** What it shows; metrics are written as all of the column are. */
  shown: (run: Run, figures: Figures) => string;
  /** What is told of it where the pointer rests. */
  told: (run: Run) => string;
  /** Classes of its cells. */
  look: (run: Run) => string;
}

const TITLES: Record<string, string> = {
  status: "Status",
  start_time: "Started",
  duration: "Duration",
  user: "User",
  source: "Source",
  version: "Version",
};

const noLook = () => "";

export const ATTRIBUTES: Column[] = [
  attribute("status", 104, (run) => run.info.status ?? "", {
    orderBy: "attributes.status",
    shown: (run) => statusOf(run.info).name,
    told: (run) => statusOf(run.info).title ?? run.info.status ?? "",
    look: (run) => (run.info.status ? `status ${statusOf(run.info).look}` : ""),
  }),
  attribute("start_time", 116, (run) => (run.info.start_time ? new Date(run.info.start_time).toISOString() : ""), {
    orderBy: "attributes.start_time",
    shown: (run) => when(run.info.start_time),
    told: (run) => exactTime(run.info.start_time),
  }),
  attribute("duration", 104, runDuration),
  attribute("user", 92, (run) => tagOf(run, "mlflow.user") ?? run.info.user_id ?? "", { orderBy: "attributes.user_id" }),
  attribute("source", 140, (run) => tagOf(run, "mlflow.source.name")?.split("/").pop() ?? "", ofTag("mlflow.source.name")),
  attribute("version", 92, (run) => tagOf(run, "mlflow.source.git.commit")?.slice(0, 7) ?? "", ofTag("mlflow.source.git.commit")),
];

/** Tags that the columns above are made of, besides what is asked for. */
export const NEEDED_TAGS = ["mlflow.user", "mlflow.source.name", "mlflow.source.git.commit", "mlflow.parentRunId"];

function attribute(key: string, width: number, text: Column["text"], more: Partial<Column> = {}): Column {
  const title = TITLES[key];
  return { id: `attribute:${key}`, title, group: "", width, numeric: false, text, shown: text, told: text, look: noLook, ...more };
}

function ofTag(name: string): Partial<Column> {
  return { orderBy: `tags.\`${name}\``, madeOf: name };
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
    text,
    shown: kind === "metric" ? (run, figures) => figures(metricOf(run, key)) : text,
    told: text,
    look: noLook,
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
