const DIGITS = "0123456789";
const known = new Map<string, number>();
let pen: CanvasRenderingContext2D | null | undefined;

/** Whether a text of the table may be wider than its room. Cutting a text off costs the browser a part of every picture. */
export function isLong(text: string, room: number): boolean {
  let width = 0;
  for (const each of text) {
    width += widthOf(each);
    if (width > room) return true;
  }
  return false;
}

/** How wide a text of the table is at most. */
export function widthOfText(text: string): number {
  return [...text].reduce((sum, each) => sum + widthOf(each), 0);
}

/** How wide a character is by itself: in most scripts that is no less than in a word. */
function widthOf(character: string): number {
  const before = known.get(character);
  if (before !== undefined) return before;
  const alike = DIGITS.includes(character) ? [...DIGITS] : [character]; // digits of numbers are as wide as each other
  const width = Math.max(...alike.map(measured));
  known.set(character, width);
  return width;
}

function measured(character: string): number {
  if (!pen) {
    pen = document.createElement("canvas").getContext("2d");
    if (pen) pen.font = getComputedStyle(document.body).font;
  }
  return pen ? pen.measureText(character).width : Infinity;
}
