import { useQuery } from "@tanstack/react-query";
import { artifactUrl, readBytes } from "../api/client";
import { bytes } from "../format";
import { Failure, Loading } from "../parts/basics";
import { DIGITS } from "./parquet-cells";
import { ROWS } from "./rows";
import { Sheet } from "./sheet";

const LARGEST = 30_000_000;
const COLUMNS = 200;

const counted = (count: number, what: string) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

/** The first rows of a Parquet file. */
export function ParquetPreview({ runId, path }: { runId: string; path: string }) {
  const found = useQuery({
    queryKey: ["parquet", runId, path],
    queryFn: async ({ signal }) => {
      const { whole, cut } = await readBytes(artifactUrl(runId, path), LARGEST, signal);
      if (cut) return null;
      const { readParquet } = await import("./parquet");
      return readParquet({ file: whole.buffer as ArrayBuffer, rows: ROWS, columns: COLUMNS });
    },
    retry: false,
    staleTime: Infinity,
  });
  if (found.error) return <Failure error={found.error} />;
  if (found.data === undefined) return <Loading what="the file" />;
  if (found.data === null) return <p className="faint center">This file is larger than {bytes(LARGEST)}. Download it.</p>;
  const { head, rows, total, width } = found.data;
  const notes = [
    `${counted(total, "row")}, ${counted(width, "column")}`,
    total > rows.length && `the first ${rows.length} rows are shown`,
    width > head.length && `the first ${head.length} columns are shown`,
    `numbers with ${DIGITS} digits`,
  ];
  return <Sheet head={head} rows={rows} note={notes.filter(Boolean).join("; ")} />;
}
