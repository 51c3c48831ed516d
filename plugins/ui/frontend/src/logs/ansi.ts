/** Some text of a line, and the names of how it looks. */
export interface Piece {
  text: string;
  look: string;
}

/** So much of one line is shown. */
export const LONGEST = 10_000;

/** Colours and the like; other commands to a terminal, links among them; what has no picture; what turns the text around. */
const COMMANDS =
  /\x1b(?:\[([0-?]{0,64})[ -/]{0,8}([@-~]?)|[\]PX^_][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)?|[ -/]{0,8}[0-~]?)|[\x00-\x08\x0b-\x1f\x7f-\x9f]|[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g;

interface Look {
  colour: number | null;
  bold: boolean;
  dim: boolean;
  underlined: boolean;
}

const PLAIN: Look = { colour: null, bold: false, dim: false, underlined: false };

/** The lines of a text as a terminal leaves them: colours are names, and nothing in it commands anything. */
export function linesOf(text: string): Piece[][] {
  let look = PLAIN;
  const lines = text.split("\n").map((line) => {
    const written = overwritten(line);
    const pieces: Piece[] = [];
    let from = 0;
    const add = (part: string) => {
      if (part) pieces.push({ text: part, look: namesOf(look) });
    };
    for (const found of written.matchAll(COMMANDS)) {
      add(written.slice(from, found.index));
      from = found.index + found[0].length;
      if (found[2] === "m") look = changed(look, found[1]);
    }
    add(written.slice(from));
    return shortened(pieces);
  });
  if (!lines[lines.length - 1].length) lines.pop();
  return lines;
}

/** What stays of a line that was written over, as progress bars do. */
function overwritten(line: string): string {
  return line.split("\r").filter(Boolean).pop() ?? "";
}

function changed(look: Look, numbers: string): Look {
  let now = look;
  const codes = numbers.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 38 || code === 48) {
      const isIndexed = codes[at + 1] === 5;
      if (isIndexed && code === 38) now = { ...now, colour: codes[at + 2] < 16 ? codes[at + 2] : null };
      at += isIndexed ? 2 : 4;
    } else if (code === 0) now = PLAIN;
    else if (code === 1) now = { ...now, bold: true };
    else if (code === 2) now = { ...now, dim: true };
    else if (code === 4) now = { ...now, underlined: true };
    else if (code === 22) now = { ...now, bold: false, dim: false };
    else if (code === 24) now = { ...now, underlined: false };
    else if (code === 39) now = { ...now, colour: null };
    else if (code >= 30 && code <= 37) now = { ...now, colour: code - 30 };
    else if (code >= 90 && code <= 97) now = { ...now, colour: code - 82 };
  }
  return now;
}

function namesOf({ colour, bold, dim, underlined }: Look): string {
  const names = [colour !== null && `ansi${colour % 8}`, (bold || (colour ?? 0) > 7) && "bold", dim && "dim", underlined && "underlined"];
  return names.filter(Boolean).join(" ");
}

function shortened(pieces: Piece[]): Piece[] {
  const length = pieces.reduce((sum, each) => sum + each.text.length, 0);
  if (length <= LONGEST) return pieces;
  const kept: Piece[] = [];
  let left = LONGEST;
  for (const each of pieces) {
    if (left > 0) kept.push({ ...each, text: each.text.slice(0, left) });
    left -= each.text.length;
  }
  return [...kept, { text: ` … and ${(length - LONGEST).toLocaleString("en")} more`, look: "dim" }];
}

/** Where in lines a text is found: the line, and the places in it. */
export interface Match {
  line: number;
  start: number;
  end: number;
}

export const MOST_MATCHES = 2000;

/** Finds a text, whatever its case. */
export function matchesIn(lines: Piece[][], wanted: string): Match[] {
  const found: Match[] = [];
  const text = wanted.toLowerCase();
  if (!text) return found;
  for (const [line, pieces] of lines.entries()) {
    const whole = pieces.map((each) => each.text).join("").toLowerCase();
    for (let at = whole.indexOf(text); at >= 0; at = whole.indexOf(text, at + text.length)) {
      found.push({ line, start: at, end: at + text.length });
      if (found.length === MOST_MATCHES) return found;
    }
  }
  return found;
}

/** A piece of a line that is in a match, by its number, or in none. */
export interface Marked extends Piece {
  match: number | null;
}

/** The pieces of a line, cut where matches begin and end; these are of that line, the first of them has the number `first`. */
export function marked(pieces: Piece[], matches: Match[], first: number): Marked[] {
  const cut: Marked[] = [];
  let begin = 0;
  for (const { text, look } of pieces) {
    let from = 0;
    matches.forEach(({ start, end }, at) => {
      const [low, high] = [Math.max(from, start - begin), Math.min(text.length, end - begin)];
      if (low >= high) return;
      if (low > from) cut.push({ text: text.slice(from, low), look, match: null });
      cut.push({ text: text.slice(low, high), look, match: first + at });
      from = high;
    });
    if (from < text.length) cut.push({ text: text.slice(from), look, match: null });
    begin += text.length;
  }
  return cut;
}
