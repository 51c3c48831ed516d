import type { ChartPairs, ChartSeries, Experiment, Run, RunKey } from "../api/types";
import { pairsOf, type PairsView } from "./pairs";

/** What `hookline report` writes into the page. */
export interface ReportData {
  made: number;
  experiment: Experiment;
  runs: Run[];
  keys: RunKey[];
  /** At most so many buckets has a series. */
  points: number;
  /** The series of all runs, by what they are drawn over and by key. */
  charts: Record<"step" | "time", Record<string, ChartSeries[]>>;
}

type Value = string | number | undefined;

/** Answers the questions of the page, as the server would, from the data of a report. */
export function sourceOf(data: ReportData): (path: string, init: RequestInit) => Promise<Response> {
  const byId = new Map(data.runs.map((run) => [run.info.run_id, run]));
  return (address, init) => {
    const [path, query = ""] = address.split("?");
    const asked = { ...Object.fromEntries(new URLSearchParams(query)), ...(init.body ? JSON.parse(String(init.body)) : {}) };
    switch (path.replace(/^(ajax-api\/2\.0\/mlflow|api\/hookline\/v1)\//, "")) {
      case "experiments/search":
        return answer({ experiments: [data.experiment] });
      case "runs/search":
        return answer(pageOf(data.runs, asked.order_by?.[0] ?? "", asked.max_results, Number(asked.page_token || 0)));
      case "runs/count":
        return answer({ count: data.runs.length });
      case "runs/keys":
        return answer({ keys: data.keys });
      case "runs/get":
        return byId.has(asked.run_id) ? answer({ run: byId.get(asked.run_id) }) : refused("This run is not in the report.");
      case "charts":
        return isCharted(data, asked.key) ? answer({ series: chart(data, byId, asked) }) : notCharted(asked.key);
      case "charts/pairs": {
        const missing = [asked.key, asked.x_key].find((each) => !isCharted(data, each));
        return missing === undefined ? answer({ series: pairs(data, asked) }) : notCharted(missing);
      }
      default:
        return refused("A report holds runs and charts only. Open the page over the store for the rest: hookline ui");
    }
  };
}

function answer(body: unknown): Promise<Response> {
  return Promise.resolve(new Response(JSON.stringify(body)));
}

function refused(message: string): Promise<Response> {
  return Promise.resolve(new Response(JSON.stringify({ error_code: "RESOURCE_DOES_NOT_EXIST", message }), { status: 404 }));
}

const isCharted = (data: ReportData, key: string) => Object.hasOwn(data.charts.step, key);
const notCharted = (key: string) => refused(`The report has no chart of ${key}: its runs have none, or --metrics left it out.`);

function pageOf(runs: Run[], order: string, size: number, start: number) {
  const found = /^(attributes|metrics|params|tags)\.([`"]?)(.*)\2 (ASC|DESC)$/.exec(order);
  const sorted = found ? [...runs].sort(comparing(found[1], found[3], found[4] === "DESC")) : runs;
  const end = start + size;
  return { runs: sorted.slice(start, end), next_page_token: end < sorted.length ? String(end) : undefined };
}

/** Runs without the value come last, in both directions, as on the server. */
function comparing(kind: string, key: string, descending: boolean): (one: Run, other: Run) => number {
  return (one, other) => {
    const [first, second] = [valueOf(one, kind, key), valueOf(other, kind, key)];
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
    const less = typeof first === "number" && typeof second === "number" ? first - second : String(first) < String(second) ? -1 : Number(first !== second);
    return descending ? -less : less;
  };
}

function valueOf(run: Run, kind: string, key: string): Value {
  if (kind === "attributes") return (run.info as Record<string, unknown>)[key] as Value;
  const found = (run.data?.[kind as "metrics" | "params" | "tags"] ?? []).find((each) => each.key === key)?.value;
  return kind === "metrics" && typeof found === "string" ? undefined : found; // NaN and infinities travel as texts
}

interface Question {
  run_ids: string[];
  key: string;
  x: string;
  start?: number;
  end?: number;
}

const COLUMNS = ["starts", "ends", "counts", "minima", "maxima", "last_values", "nans", "positive_infinities", "negative_infinities"] as const;

function chart(data: ReportData, byId: Map<string, Run>, { run_ids, key, x, start, end }: Question): ChartSeries[] {
  const series = new Map((data.charts[x === "step" ? "step" : "time"][key] ?? []).map((each) => [each.run_id, each]));
  return run_ids.flatMap((id) => {
    const whole = series.get(id);
    if (!whole) return [];
    const begin = x === "relative" ? (byId.get(id)?.info.start_time ?? 0) : 0;
    const shown = whole.ends.map((to, at) => [at, whole.starts[at] - begin, to - begin] as const);
    const kept = shown.filter(([, from, to]) => (start === undefined || to >= start) && (end === undefined || from <= end));
    const part = { ...whole, ...Object.fromEntries(COLUMNS.map((name) => [name, kept.map(([at]) => whole[name][at])])) };
    return [{ ...part, starts: kept.map(([, from]) => from), ends: kept.map(([, , to]) => to) }];
  });
}

interface PairsQuestion extends PairsView {
  run_ids: string[];
  key: string;
  x_key: string;
}

function pairs({ charts, points }: ReportData, { run_ids, key, x_key, ...view }: PairsQuestion): ChartPairs[] {
  const [of, over] = [key, x_key].map((each) => new Map(charts.step[each].map((series) => [series.run_id, series])));
  return run_ids.map((id) => pairsOf(of.get(id) ?? nothing(id, key), over.get(id) ?? nothing(id, x_key), points, view));
}

const nothing = (run_id: string, key: string) => ({ run_id, key, ...Object.fromEntries(COLUMNS.map((name) => [name, []])) }) as unknown as ChartSeries;
