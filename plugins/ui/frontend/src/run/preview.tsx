import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { artifactUrl, frameUrl, readText } from "../api/client";
import { Failure, Loading } from "../parts/basics";
import { Markdown } from "../parts/markdown";

const LIMIT = 500_000;
const ROWS = 500;
const IMAGES = /\.(png|jpe?g|gif|webp|svg|bmp|avif)$/i;
const BINARY = /\.(pkl|pickle|joblib|bin|pt|pth|onnx|h5|npy|npz|zip|gz|tar|whl|parquet|pdf|skops|ckpt|safetensors)$/i;

/** A file as it can be shown: never as a page of this origin. */
export function Preview({ runId, path }: { runId: string; path: string }) {
  if (IMAGES.test(path)) return <Picture runId={runId} path={path} />;
  if (/\.html?$/i.test(path)) {
    return <iframe className="frame" sandbox="" title={path} src={frameUrl(runId, path)} referrerPolicy="no-referrer" />;
  }
  if (BINARY.test(path)) return <p className="faint center">There is no preview of this kind of file. Download it.</p>;
  return <TextPreview runId={runId} path={path} />;
}

function Picture({ runId, path }: { runId: string; path: string }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <p className="faint center">This picture cannot be shown. Download it.</p>;
  return (
    <div className="picture">
      <img src={artifactUrl(runId, path)} alt={path} decoding="async" onError={() => setFailed(true)} />
    </div>
  );
}

function TextPreview({ runId, path }: { runId: string; path: string }) {
  const found = useQuery({
    queryKey: ["text", runId, path],
    queryFn: ({ signal }) => readText(artifactUrl(runId, path), LIMIT, signal),
  });
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the file" />;
  const { text, cut } = found.data;
  const note = cut && <p className="faint">Only the first {LIMIT / 1000} kB are shown.</p>;
  if (text.includes("\0")) return <p className="faint center">This is no text. Download it.</p>;
  if (/\.(md|markdown)$/i.test(path)) return <Markdown text={text} />;
  if (/\.(csv|tsv)$/i.test(path)) {
    return (
      <>
        <Rows rows={parse(text, path.toLowerCase().endsWith("tsv") ? "\t" : ",")} />
        {note}
      </>
    );
  }
  return (
    <>
      <pre className="text" tabIndex={0}>
        {/\.json$/i.test(path) && !cut ? pretty(text) : text}
      </pre>
      {note}
    </>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // such as JSON with NaN, or a line for each record
  }
}

/** The rows of a CSV file, by RFC 4180. */
export function parse(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length && rows.length <= ROWS; at++) {
    const char = text[at];
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') (cell += char), at++;
      else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === separator) row.push(cell), (cell = "");
    else if (char === "\n") rows.push([...row, cell]), (row = []), (cell = "");
    else if (char !== "\r") cell += char;
  }
  if (cell || row.length) rows.push([...row, cell]);
  return rows;
}

function Rows({ rows }: { rows: string[][] }) {
  const [head, ...body] = rows;
  const isNumber = (text: string | undefined) => !!text && !Number.isNaN(Number(text));
  if (!head) return <p className="faint center">The file is empty.</p>;
  return (
    <div className="sheet" tabIndex={0} role="region" aria-label="Rows">
      <table>
        <thead>
          <tr>
            {head.map((each, at) => (
              <th key={at} scope="col" className={isNumber(body[0]?.[at]) ? "numeric" : ""}>
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.slice(0, ROWS).map((row, at) => (
            <tr key={at}>
              {row.map((each, column) => (
                <td key={column} className={isNumber(each) ? "numeric" : ""}>
                  {each}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS && <p className="faint">The first {ROWS} rows are shown.</p>}
    </div>
  );
}
