import { noteUnknown } from "./session";

/** What was refused, in the server's words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const FORBIDDEN =
  "You may see this, but not change it. Ask somebody who manages it, or an administrator, for the permission EDIT or MANAGE.";
/** A proxy that passes another Host makes the page look like one of another site. */
const blocked = () =>
  `The server takes this page for one of another site, since a proxy before it passes another Host. Let the proxy pass the Host that it was called by, or start the server with: hookline server --public-url ${location.origin}${location.pathname.replace(/\/$/, "")}`;
const UNREACHABLE = "The server does not answer. Is it still running? Start it again with: hookline ui";

/** Refusals that say too little to who looks at the page. */
const SAID: Record<string, () => string> = { "Permission denied": () => FORBIDDEN, "Cross-origin request blocked": blocked };

/** The page's own requests end with 401 where nobody is signed in; to others the browser would ask for a password. */
const OWN_REQUEST = { "X-Requested-With": "hookline" };

type Source = (path: string, init: RequestInit) => Promise<Response>;

let source: Source = (path, init) => fetch(path, init);

/** Take answers from elsewhere than a server: a report has them inside. */
export function setSource(other: Source): void {
  source = other;
}

/** Every URL is relative to the page, which the hash in its address never changes. */
async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await source(path, { ...init, headers: { ...init.headers, ...OWN_REQUEST } });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "UNREACHABLE", UNREACHABLE);
  }
  if (!response.ok) {
    if (response.status === 401) noteUnknown();
    const problem = (await response.json().catch(() => ({}))) as { error_code?: string; message?: string };
    const said = SAID[problem.message ?? ""]?.() ?? problem.message;
    throw new ApiError(response.status, problem.error_code ?? "", said ?? `The server answered ${response.status}.`);
  }
  return response;
}

async function json<T>(path: string, init: RequestInit): Promise<T> {
  return (await (await send(path, init)).json()) as T;
}

function query(fields: Record<string, string | number | undefined>): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
}

const MLFLOW = "ajax-api/2.0/mlflow";
const OWN = "api/hookline/v1";

type Fields = Record<string, string | number | undefined>;

export function mlflowGet<T>(path: string, fields: Fields = {}, signal?: AbortSignal): Promise<T> {
  return json<T>(`${MLFLOW}/${path}?${query(fields)}`, { signal });
}

export function mlflowSend<T>(path: string, body: unknown, method = "POST", signal?: AbortSignal): Promise<T> {
  return json<T>(`${MLFLOW}/${path}`, written(body, method, signal));
}

export function ownGet<T>(path: string, fields: Fields = {}, signal?: AbortSignal): Promise<T> {
  return json<T>(`${OWN}/${path}?${query(fields)}`, { signal });
}

export function ownSend<T>(path: string, body: unknown, method = "POST", signal?: AbortSignal): Promise<T> {
  return json<T>(`${OWN}/${path}`, written(body, method, signal));
}

/** What stands beside the API: parts of the page itself. */
export function rootGet<T>(path: string, signal?: AbortSignal): Promise<T> {
  return json<T>(path, { signal });
}

/** A question to the server's API, by its path from the server's root; with a body it is posted. */
export function askApi(path: string, body?: unknown): Promise<unknown> {
  return json(path.replace(/^\/+/, ""), body === undefined ? {} : written(body, "POST"));
}

function written(body: unknown, method: string, signal?: AbortSignal): RequestInit {
  return { method, signal, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

/** Where a file of a run is read from: as it is, or HTML as a document that runs nothing. */
export function artifactUrl(runId: string, path: string): string {
  return `get-artifact?${query({ run_id: runId, path })}`;
}

export function frameUrl(runId: string, path: string): string {
  return `ui/frame?${query({ run_id: runId, path })}`;
}

/** The first bytes of a file, and whether there are more. */
export async function readBytes(url: string, limit: number, signal?: AbortSignal): Promise<{ whole: Uint8Array; cut: boolean }> {
  const response = await send(url, { signal });
  const reader = response.body!.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      break;
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return { whole, cut: size > limit };
}

/** The same as text. */
export async function readText(url: string, limit: number, signal?: AbortSignal): Promise<{ text: string; cut: boolean }> {
  const { whole, cut } = await readBytes(url, limit, signal);
  return { text: new TextDecoder().decode(whole.subarray(0, limit)), cut };
}

/** So much is read to find the end of a file whose server sends no parts of it. */
const MOST_READ = 64 * 1024 * 1024;

/** The end of a text, from the beginning of a line, and how many bytes are before it. */
export async function readTail(url: string, size: number, signal?: AbortSignal): Promise<{ text: string; before: number }> {
  const response = await send(url, { signal, headers: { Range: `bytes=-${size}` } });
  const range = /^bytes (\d+)-\d+\/\d+$/.exec(response.headers.get("Content-Range") ?? "");
  const read = range ? await whole(response) : await end(response, size);
  const before = range ? Number(range[1]) : read.before;
  const begin = before > 0 ? read.bytes.indexOf(10) + 1 : 0;
  return { text: new TextDecoder().decode(read.bytes.subarray(begin)), before: before + begin };
}

async function whole(response: Response) {
  return { bytes: new Uint8Array(await response.arrayBuffer()), before: 0 };
}

/** The last bytes of an answer, of which no more are kept meanwhile. */
async function end(response: Response, size: number) {
  const reader = response.body!.getReader();
  const kept: Uint8Array[] = [];
  let [length, before] = [0, 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    kept.push(value);
    length += value.length;
    while (length - kept[0].length >= size) {
      before += kept[0].length;
      length -= kept.shift()!.length;
    }
    if (before + length > MOST_READ) {
      await reader.cancel();
      throw new ApiError(413, "TOO_LARGE", "This log is too large to be read here. Download it.");
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const each of kept) {
    bytes.set(each, at);
    at += each.length;
  }
  const left = Math.max(0, length - size);
  return { bytes: bytes.subarray(left), before: before + left };
}
