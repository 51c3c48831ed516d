import { QueryClient, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ApiError, mlflowGet, mlflowSend, ownGet, ownSend, rootGet } from "./client";
import { mode } from "../report/mode";
import type {
  ArtifactsFound,
  Experiment,
  ExperimentsFound,
  KeysFound,
  ModelsFound,
  RegisteredModel,
  Run,
  RunsFound,
  SelectRuns,
  VersionsFound,
  ViewsFound,
} from "./types";

/** How often a page that is looked at asks again, in milliseconds. */
export const LIVE = 5000;
export const PAGE = 200;
/** After how long what is in the window has surely been asked for. */
const SETTLED = 250;

/** Whether a question was refused, as it will be again; a server that is away may come back. */
const isRefused = (error: Error | null) => error instanceof ApiError && error.status >= 400 && error.status < 500;

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
    },
  },
});

/** The name of who looks at the page; empty where the server knows nobody. */
export function useWho(): string {
  const found = useQuery({
    queryKey: ["who"],
    queryFn: ({ signal }) => rootGet<{ name?: string }>("who", signal),
    staleTime: Infinity,
    enabled: !mode.isReport,
  });
  return found.data?.name ?? "";
}

export function useExperiments() {
  return useQuery({
    queryKey: ["experiments"],
    queryFn: async ({ signal }) => {
      const found: Experiment[] = [];
      let token = "";
      do {
        const page: ExperimentsFound = await mlflowSend(
          "experiments/search",
          { max_results: 1000, page_token: token, order_by: ["last_update_time DESC"] },
          "POST",
          signal,
        );
        found.push(...(page.experiments ?? []));
        token = page.next_page_token ?? "";
      } while (token && found.length < 10_000);
      return found;
    },
    refetchInterval: LIVE * 2,
  });
}

export function useRuns(search: SelectRuns, enabled = true) {
  return useInfiniteQuery({
    queryKey: ["runs", search],
    queryFn: ({ pageParam, signal }) =>
      ownSend<RunsFound>("runs/search", { ...search, max_results: PAGE, page_token: pageParam }, "POST", signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token || undefined,
    refetchInterval: (query) => !isRefused(query.state.error) && LIVE * Math.max(1, query.state.data?.pages.length ?? 1),
    enabled,
    placeholderData: (previous) => previous,
  });
}

export function useCount(search: SelectRuns, enabled: boolean) {
  const { experiment_ids, filter, run_view_type } = search;
  return useQuery({
    queryKey: ["count", experiment_ids, filter, run_view_type],
    queryFn: ({ signal }) =>
      ownSend<{ count: number }>("runs/count", { experiment_ids, filter, run_view_type }, "POST", signal),
    refetchInterval: LIVE * 2,
    placeholderData: (previous) => previous,
    enabled,
  });
}

export function useKeys(experimentIds: string[]) {
  return useQuery({
    queryKey: ["keys", experimentIds],
    queryFn: async ({ signal }) =>
      (await ownSend<KeysFound>("runs/keys", { experiment_ids: experimentIds }, "POST", signal)).keys ?? [],
    refetchInterval: LIVE * 4,
    enabled: experimentIds.length > 0,
  });
}

export function useRun(runId: string) {
  return useQuery({
    queryKey: ["run", runId],
    queryFn: async ({ signal }) => (await mlflowGet<{ run: Run }>("runs/get", { run_id: runId }, signal)).run,
    refetchInterval: (query) => !isRefused(query.state.error) && (query.state.data?.info.status === "RUNNING" ? LIVE : LIVE * 6),
  });
}

export function useRunsById(runIds: string[]) {
  return useQuery({
    queryKey: ["runs-by-id", runIds],
    queryFn: ({ signal }) =>
      Promise.all(runIds.map(async (run_id) => (await mlflowGet<{ run: Run }>("runs/get", { run_id }, signal)).run)),
    refetchInterval: LIVE * 2,
    enabled: runIds.length > 0,
  });
}

/** Do something once nothing whose key starts with `first` is being read; returns how to give that up. */
export function whenQuiet(first: string, act: () => void): () => void {
  const look = () => {
    if (client.isFetching({ queryKey: [first] })) return;
    forget();
    act();
  };
  const timer = setTimeout(look, SETTLED);
  const unsubscribe = client.getQueryCache().subscribe(() => setTimeout(look));
  const forget = () => {
    clearTimeout(timer);
    unsubscribe();
  };
  return forget;
}

export async function listArtifacts(runId: string, path: string, signal: AbortSignal) {
  return (await mlflowGet<ArtifactsFound>("artifacts/list", { run_id: runId, path }, signal)).files ?? [];
}

export function useArtifacts(runId: string, path: string, enabled = true) {
  return useQuery({
    queryKey: ["artifacts", runId, path],
    queryFn: ({ signal }) => listArtifacts(runId, path, signal),
    enabled,
  });
}

export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: async ({ signal }) =>
      (await mlflowGet<ModelsFound>("registered-models/search", { max_results: 1000 }, signal)).registered_models ?? [],
    refetchInterval: LIVE * 4,
  });
}

export function useModel(name: string) {
  return useQuery({
    queryKey: ["model", name],
    queryFn: async ({ signal }) =>
      (await mlflowGet<{ registered_model: RegisteredModel }>("registered-models/get", { name }, signal)).registered_model,
  });
}

export function useVersions(name: string) {
  return useQuery({
    queryKey: ["versions", name],
    queryFn: async ({ signal }) => {
      const filter = `name = ${name.includes("'") ? `"${name}"` : `'${name}'`}`;
      const found = await mlflowGet<VersionsFound>("model-versions/search", { filter, max_results: 1000 }, signal);
      return (found.model_versions ?? []).sort((one, other) => Number(other.version) - Number(one.version));
    },
  });
}

export function useViews() {
  return useQuery({
    queryKey: ["views"],
    queryFn: async ({ signal }) => (await ownGet<ViewsFound>("views", { prefix: "ui/" }, signal)).views ?? [],
  });
}
