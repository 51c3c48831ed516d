import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { artifactUrl, readText } from "../api/client";
import { Failure, Loading } from "../parts/basics";
import { Markdown } from "../parts/markdown";
import { FigureView } from "./figure-preview";
import { figureOf } from "./figure";
import { parse, ROWS } from "./rows";
import { Sheet } from "./sheet";

const LIMIT = 500_000;
/** A figure is shown whole or not at all. */
const JSON_LIMIT = 5_000_000;

/** A file that is a text: as a table, Markdown, a figure, or as it is. */
export function TextPreview({ runId, path }: { runId: string; path: string }) {
  const isJson = /\.json$/i.test(path);
  const limit = isJson ? JSON_LIMIT : LIMIT;
  const found = useQuery({
    queryKey: ["text", runId, path],
    queryFn: ({ signal }) => readText(artifactUrl(runId, path), limit, signal),
  });
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the file" />;
  const { text, cut } = found.data;
  const note = cut && `Only the first ${limit / 1000} kB are shown.`;
  if (text.includes("\0")) return <p className="faint center">This is no text. Download it.</p>;
  if (/\.(md|markdown)$/i.test(path)) return <Markdown text={text} />;
  if (/\.(csv|tsv)$/i.test(path)) return <Csv text={text} separator={/tsv$/i.test(path) ? "\t" : ","} note={note} />;
  if (isJson && !cut) return <Json text={text} />;
  return <Plain text={text.slice(0, LIMIT)} note={text.length > LIMIT ? `Only the first ${LIMIT / 1000} kB are shown.` : note} />;
}

function Plain({ text, note }: { text: string; note?: string | false }) {
  return (
    <>
      <pre className="text" tabIndex={0}>
        {text}
      </pre>
      {note && <p className="faint note-below">{note}</p>}
    </>
  );
}

function Csv({ text, separator, note }: { text: string; separator: string; note: string | false }) {
  const [head, ...rows] = useMemo(() => parse(text, separator), [text, separator]);
  if (!head) return <p className="faint center">The file is empty.</p>;
  return <Sheet head={head} rows={rows.slice(0, ROWS)} note={rows.length > ROWS ? `The first ${ROWS} rows are shown.` : note} />;
}

/** JSON, laid out; a figure of plotly is drawn above it. */
function Json({ text }: { text: string }) {
  const value = useMemo(() => parsed(text), [text]);
  const figure = useMemo(() => figureOf(value), [value]);
  const laidOut = value === undefined ? text : JSON.stringify(value, null, 2);
  const cut = laidOut.length > LIMIT && `Only the first ${LIMIT / 1000} kB are shown.`;
  const plain = <Plain text={laidOut.slice(0, LIMIT)} note={cut} />;
  if (!figure) return plain;
  return (
    <FigureView figure={figure} what="This figure of plotly">
      <details open={figure.traces.length === 0}>
        <summary>As JSON</summary>
        {plain}
      </details>
    </FigureView>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // such as JSON with NaN, or a line for each record
  }
}
