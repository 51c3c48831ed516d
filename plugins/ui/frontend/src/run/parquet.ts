/** What the worker is asked for: the first rows and columns of a file. */
export interface Question {
  file: ArrayBuffer;
  rows: number;
  columns: number;
}

export interface Table {
  head: string[];
  rows: string[][];
  /** How many rows and columns the file has. */
  total: number;
  width: number;
}

type Answer = { table: Table } | { problem: string };

const SECONDS = 15;

/** Reads a file in a thread of its own, which is ended where it takes too long: anybody may have written the file. */
export function readParquet(question: Question): Promise<Table> {
  const worker = new Worker(new URL("./parquet.worker.ts", import.meta.url), { type: "module" });
  const read = new Promise<Table>((done, failed) => {
    const fail = (why: string) => failed(new Error(`This file cannot be read as Parquet: ${why}. Download it.`));
    setTimeout(() => fail(`it takes longer than ${SECONDS} seconds`), SECONDS * 1000);
    worker.onerror = (event) => fail(event.message || "it is damaged");
    worker.onmessage = ({ data }: MessageEvent<Answer>) => ("table" in data ? done(data.table) : fail(data.problem));
    worker.postMessage(question, [question.file]);
  });
  return read.finally(() => worker.terminate());
}
