import { useEffect, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { artifactUrl, askApi, rootGet } from "../api/client";
import { mode } from "../report/mode";
import { go, href } from "../router";
import { Failure } from "./basics";

/** A part of the page that a plugin brings; docs/guides/write-a-panel.md is the contract. */
export interface Panel {
  name: string;
  title: string;
  place: "run" | "chart";
  module: string;
}

export function usePanels(place: Panel["place"]): Panel[] {
  const found = useQuery({
    queryKey: ["panels"],
    queryFn: ({ signal }) => rootGet<{ panels?: Panel[] }>("ui/panels", signal),
    staleTime: Infinity,
    enabled: !mode.isReport,
  });
  return (found.data?.panels ?? []).filter((each) => each.place === place);
}

/** What every element is given beside its data. Elements only ask and lead: they are shown by others than who wrote them. */
const abilities = {
  ask: askApi,
  fileUrl: artifactUrl,
  openRun: (runId: string) => go(href(["runs", runId])),
};

const loaded = new Map<string, Promise<unknown>>();

function load(panel: Panel): Promise<unknown> {
  const address = new URL(panel.module, document.baseURI).href;
  if (!loaded.has(address)) loaded.set(address, import(/* @vite-ignore */ address));
  return loaded.get(address)!;
}

/** The element of a panel, with `data` as its properties; these are set again whenever they change. */
export function PanelElement({ panel, data }: { panel: Panel; data: Record<string, unknown> }) {
  const host = useRef<HTMLDivElement>(null);
  const element = useRef<HTMLElement | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const given = useRef(data);
  given.current = data;
  useEffect(() => {
    let gone = false;
    setProblem(null);
    load(panel)
      .then(() => {
        if (gone) return;
        if (!customElements.get(panel.name)) throw new Error(`Its module does not define the element <${panel.name}>.`);
        element.current = Object.assign(document.createElement(panel.name), { hookline: abilities }, given.current);
        host.current!.replaceChildren(element.current);
      })
      .catch((error: unknown) => {
        if (!gone) setProblem(new Error(`The panel “${panel.title}” cannot be shown: ${error instanceof Error ? error.message : String(error)}`));
      });
    return () => {
      gone = true;
      element.current?.remove();
      element.current = null;
    };
  }, [panel.name, panel.module]);
  useEffect(() => {
    if (element.current) Object.assign(element.current, data);
  }, [data]);
  return (
    <>
      {problem && <Failure error={problem} />}
      <div className="addition" ref={host} />
    </>
  );
}
