/** How many rows of a table of a file are shown. */
export const ROWS = 500;

/** The rows of a CSV file, by RFC 4180: its head, and as many as are shown and one more. */
export function parse(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length && rows.length <= ROWS + 1; at++) {
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
