import { ownSend } from "../api/client";
import type { Run, RunsFound, SelectRuns } from "../api/types";
import type { Column } from "./columns";

/** A cell of a CSV file. A text that a spreadsheet would take for a formula starts with an apostrophe. */
export function cell(text: string): string {
  const isNumber = text !== "" && !Number.isNaN(Number(text));
  const safe = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(runs: Run[], columns: Column[]): string {
  const head = ["Run ID", "Name", ...columns.map((each) => (each.group ? `${each.group}.${each.title}` : each.title))];
  const rows = runs.map((run) => [
    run.info.run_id,
    run.info.run_name ?? "",
    ...columns.map((each) => each.text(run)),
  ]);
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function download(name: string, text: string, type = "text/csv;charset=utf-8"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Every run that a search finds, also those that the table has not loaded; at most so many. */
export async function allRuns(search: SelectRuns, most = Infinity): Promise<Run[]> {
  const found: Run[] = [];
  let page_token = "";
  do {
    const page: RunsFound = await ownSend("runs/search", { ...search, max_results: 1000, page_token });
    found.push(...(page.runs ?? []));
    page_token = page.next_page_token ?? "";
  } while (page_token && found.length < most);
  return found;
}
