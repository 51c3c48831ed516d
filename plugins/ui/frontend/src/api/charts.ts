import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ownSend } from "./client";
import { withFinerStart } from "./finer";
import { LIVE } from "./queries";
import type { BandsFound, ChartBand, ChartPairs, ChartSeries, ChartsFound, PairsFound, Run } from "./types";

/** Which buckets of a metric a chart shows. */
export interface ChartQuestion {
  key: string;
  x: string;
  /** A metric that takes the place of `x`. */
  over?: string;
  /** Whether x is logarithmic, so that what is near zero is asked for more finely. */
  log?: boolean;
  width: number;
  start?: number;
  end?: number;
}

const NO_BANDS: ChartBand[] = [];
/** All questions that are not asked are one, so that a zoom makes none for the charts that nobody sees. */
const NOT_ASKED = ["chart", "not asked"];

/** How a series was joined with the metric on the x axis. */
export type Joining = Pick<ChartPairs, "steps" | "unpaired" | "unpaired_x">;

/** The buckets of a series, along whatever x. */
export type Drawn = ChartSeries & { joining?: Joining };

export interface ChartAnswer {
  /** In the order of the runs; before an answer is there, that to the question before. */
  series: Drawn[];
  isExact: boolean;
  error: Error | null;
}

/** The series of a metric of some runs. Those that go on are asked for again and again, the others once. */
export function useChart(question: ChartQuestion, runs: Run[], enabled: boolean): ChartAnswer {
  const which = runs.map((each) => `${each.info.run_id} ${each.info.status}`).join();
  const parts = useMemo(() => {
    const ids = (goesOn: boolean) => runs.filter((each) => (each.info.status === "RUNNING") === goesOn).map((each) => each.info.run_id);
    return { ended: ids(false), going: ids(true) };
  }, [which]);
  const ended = useSeries(question, parts.ended, enabled, false);
  const going = useSeries(question, parts.going, enabled, true);
  const series = useMemo(() => {
    // Of a run that has just ended both have something, and what was asked for last is whole.
    const found = new Map([...(going.data ?? []), ...(ended.data ?? [])].map((each) => [each.run_id, each]));
    return runs.map((each) => found.get(each.info.run_id)).filter((each) => each !== undefined);
  }, [which, ended.data, going.data]);
  const asked = [parts.ended.length ? ended : null, parts.going.length ? going : null].filter((each) => each !== null);
  return {
    series,
    isExact: enabled && asked.every((each) => each.isSuccess && !each.isPlaceholderData),
    error: asked.find((each) => each.error)?.error ?? null,
  };
}

/** Runs that one line stands for. */
export interface RunGroup {
  id: string;
  title: string;
  runs: Run[];
}

export interface BandsAnswer extends Omit<ChartAnswer, "series"> {
  /** In the order of the groups, named by their ids. */
  bands: ChartBand[];
}

/** The bands of a metric of groups of runs, again and again while one of those goes on. */
export function useBands(question: ChartQuestion, groups: RunGroup[], enabled: boolean): BandsAnswer {
  const named = groups.flatMap(({ id, runs }) => runs.map((run) => [id, run.info.run_id] as const));
  const isLive = groups.some(({ runs }) => runs.some((run) => run.info.status === "RUNNING"));
  const isAsked = enabled && named.length > 0;
  const asked = { groups: named.map(([group]) => group), run_ids: named.map(([, run]) => run) };
  const found = useQuery({
    queryKey: isAsked ? ["chart", question, asked] : NOT_ASKED,
    queryFn: async ({ signal }) => {
      const { over: _over, log: _log, ...fields } = question;
      return (await ownSend<BandsFound>("charts/bands", { ...fields, ...asked }, "POST", signal)).bands ?? [];
    },
    enabled: isAsked,
    staleTime: isLive ? LIVE : 60_000,
    refetchInterval: isLive ? LIVE : false,
    placeholderData: (previous) => previous,
  });
  return {
    bands: found.data ?? NO_BANDS,
    isExact: enabled && found.isSuccess && !found.isPlaceholderData,
    error: found.error,
  };
}

function useSeries(question: ChartQuestion, run_ids: string[], enabled: boolean, isLive: boolean) {
  const isAsked = enabled && run_ids.length > 0;
  return useQuery({
    queryKey: isAsked ? ["chart", question, run_ids] : NOT_ASKED,
    queryFn: ({ signal }) => ask(question, run_ids, signal),
    enabled: isAsked,
    staleTime: isLive ? LIVE : 60_000,
    refetchInterval: isLive ? LIVE : false,
    placeholderData: (previous) => previous,
  });
}

/** The buckets of runs; where x is logarithmic, those near zero come from questions of their own. */
async function ask(question: ChartQuestion, run_ids: string[], signal: AbortSignal): Promise<Drawn[]> {
  const { log, over, x, ...fields } = question;
  const part = async (end?: number): Promise<Drawn[]> => {
    const asked = { ...fields, run_ids, ...(end !== undefined && { end }) };
    if (over === undefined) return (await ownSend<ChartsFound>("charts", { ...asked, x }, "POST", signal)).series ?? [];
    return ((await ownSend<PairsFound>("charts/pairs", { ...asked, x_key: over }, "POST", signal)).series ?? []).map(placed);
  };
  const whole = await part();
  return log ? withFinerStart(whole, over === undefined, question.start ?? 0, part) : whole;
}

/** Pairs as buckets along their x. */
function placed({ xs, x_minima, x_maxima: _, steps, unpaired, unpaired_x, ...buckets }: ChartPairs): Drawn {
  return { ...buckets, starts: x_minima, ends: xs, joining: { steps, unpaired, unpaired_x } };
}
