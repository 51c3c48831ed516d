import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { artifactUrl, frameUrl, readText } from "../api/client";
import { Plot } from "../explore/plot";
import { Loading } from "../parts/basics";
import { useDark } from "../theme";
import { figureOfPage, type Figure } from "./figure";
import { figureOption } from "./figure-options";

const LIMIT = 10_000_000;

interface Props {
  figure: Figure;
  /** What the figure is, as a sentence begins. */
  what: string;
  children: ReactNode;
}

/** A figure of plotly as this page draws it, and below it what it is made of. */
export function FigureView({ figure, what, children }: Props) {
  const dark = useDark();
  const option = useMemo(() => (figure.traces.length ? figureOption(figure) : null), [figure, dark]);
  const kinds = figure.skipped.join(", ");
  return (
    <div className="figure">
      {figure.title && <h3>{figure.title}</h3>}
      {option && <Plot option={option} label={figure.title || "Figure"} />}
      <p className="faint">
        {[
          option ? `${what} is drawn by Hookline from its data, so that it looks different` : `${what} is of a kind that is not drawn here (${kinds})`,
          option && kinds && `not drawn here: ${kinds}`,
          figure.isCut && "of many points the first are shown",
        ]
          .filter(Boolean)
          .join("; ")}
        .
      </p>
      {children}
    </div>
  );
}

/** A page among the artifacts, in a frame that runs nothing; where it is a figure of plotly, that is drawn. */
export function FigurePage({ runId, path }: { runId: string; path: string }) {
  const found = useQuery({
    queryKey: ["text", runId, path],
    queryFn: ({ signal }) => readText(artifactUrl(runId, path), LIMIT, signal),
  });
  const text = found.data?.text ?? "";
  const figure = useMemo(() => figureOfPage(text), [text]);
  if (found.isPending) return <Loading what="the page" />; // before it is known to be a figure, it is not shown as a page
  const frame = <iframe className="frame" sandbox="" title={path} src={frameUrl(runId, path)} referrerPolicy="no-referrer" />;
  if (figure) {
    return (
      <FigureView figure={figure} what="The figure in this page of plotly">
        <p className="faint">Its script is not run. Download the page to see it as it was made.</p>
      </FigureView>
    );
  }
  return (
    <>
      {/<script/i.test(text) && <p className="faint note-above">This page has scripts, which are not run here. Download it to see all of it.</p>}
      {frame}
    </>
  );
}
