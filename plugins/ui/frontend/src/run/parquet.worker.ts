import { decompress } from "fzstd";
import { gunzipSync } from "fflate";
import { parquetMetadata, parquetRead, parquetSchema, snappyUncompress, type Compressors, type FileMetaData } from "hyparquet";
import { decompressLz4, decompressLz4Raw } from "hyparquet-compressors/src/lz4.js";
import { cellText } from "./parquet-cells";
import type { Question, Table } from "./parquet";

/** A page of a file that says that it is larger than this is not unpacked. */
const MOST_BYTES = 64_000_000;

type Unpack = (input: Uint8Array, size: number) => Uint8Array;

const bounded = (unpack: Unpack): Unpack => (input, size) => {
  if (size > MOST_BYTES) throw new Error("a part of it is too large");
  return unpack(input, size);
};

const COMPRESSORS: Compressors = {
  SNAPPY: bounded((input, size) => {
    const output = new Uint8Array(size);
    snappyUncompress(input, output);
    return output;
  }),
  ZSTD: bounded((input, size) => decompress(input, new Uint8Array(size))),
  GZIP: bounded((input, size) => gunzipSync(input, { out: new Uint8Array(size) })),
  LZ4: bounded(decompressLz4),
  LZ4_RAW: bounded(decompressLz4Raw),
};

/** What unpacks the parts of a file; Brotli's dictionary is larger than all else here, and is loaded where it is needed. */
async function compressorsFor({ row_groups }: FileMetaData): Promise<Compressors> {
  if (!row_groups.some((group) => group.columns.some((each) => each.meta_data?.codec === "BROTLI"))) return COMPRESSORS;
  const { decompressBrotli } = await import("hyparquet-compressors/src/brotli.js");
  return { ...COMPRESSORS, BROTLI: bounded(decompressBrotli) };
}

async function read({ file, rows, columns }: Question): Promise<Table> {
  const metadata = parquetMetadata(file, { geoparquet: false });
  const names = parquetSchema(metadata).children.map((each) => each.element.name);
  const shown = names.slice(0, columns);
  let found: unknown[][] = [];
  await parquetRead({
    file: { byteLength: file.byteLength, slice: (start, end) => file.slice(start, end) },
    metadata,
    columns: shown,
    rowEnd: rows,
    compressors: await compressorsFor(metadata),
    geoparquet: false,
    onComplete: (all) => (found = all),
  });
  return { head: shown, rows: found.map((row) => row.map(cellText)), total: Number(metadata.num_rows), width: names.length };
}

addEventListener("message", (event: MessageEvent<Question>) => {
  read(event.data).then(
    (table) => postMessage({ table }),
    (error: unknown) => postMessage({ problem: error instanceof Error ? error.message : String(error) }),
  );
});
