import type { Place } from "./cells";
import { arrange } from "./elements";
import { recycled } from "./pool";
import { RowElement, type Look } from "./row";
import type { Row } from "./rows";
import { ROW, seenColumns, seenRows, type Range } from "./seen";

/** With so few rows left below the window the next ones are asked for. */
const AHEAD = 100;
/** After how many milliseconds without a scroll it is over. */
const REST = 150;

export interface View extends Omit<Look, "seen"> {
  rows: Row[];
  /** The columns that are scrolled. */
  free: Required<Place>[];
  /** The width of everything. */
  width: number;
  active: number;
  isSelected: (row: Row) => boolean;
}

/** What somebody does in a row, and what the table is to do for it. */
export interface Does {
  onOpen: (id: string) => void;
  onSelect: (row: Row) => void;
  /** Not many rows are left below. */
  onEnd: () => void;
  /** Other columns than before are seen. */
  onColumns: (seen: Range) => void;
}

const NONE: Range = { from: 0, until: 0 };

/**
 * The rows of the table, drawn without React: while somebody scrolls, a picture has a few milliseconds.
 * docs/decisions/0036 says what makes one cheap.
 */
export class Body {
  #view?: View;
  #columns = NONE;
  #look?: Look;
  #drawn = new Map<string, RowElement>();
  #rows = NONE;
  #size = { width: 0, height: 0 };
  #timer = 0;
  #watcher = new ResizeObserver(() => this.#resized());
  #end = new AbortController();

  constructor(
    private table: HTMLElement,
    private place: HTMLElement,
    private does: Does,
  ) {
    const { signal } = this.#end;
    table.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    place.addEventListener("click", (event) => this.#clicked(event.target as Element), { signal });
    place.addEventListener("change", (event) => this.#changed(event.target as Element), { signal });
    this.#watcher.observe(table);
    this.#size = { width: table.clientWidth, height: table.clientHeight };
  }

  end(): void {
    this.#end.abort();
    this.#watcher.disconnect();
    clearTimeout(this.#timer);
    this.place.replaceChildren();
  }

  /** Shows what React found. */
  show(view: View): void {
    this.#view = view;
    this.#draw(true);
    if (!this.#timer) this.#settle();
  }

  scrollTo(index: number): void {
    const top = index * ROW;
    const lowest = top + 2 * ROW - this.#size.height; // below its head
    if (top < this.table.scrollTop) this.table.scrollTop = top;
    else if (lowest > this.table.scrollTop) this.table.scrollTop = lowest;
  }

  #resized(): void {
    this.#size = { width: this.table.clientWidth, height: this.table.clientHeight };
    this.#draw(true);
    if (!this.#timer) this.#settle();
  }

  #scrolled(): void {
    this.#draw(false);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#settle();
    }, REST);
  }

  /** Draws what is seen now; rows that were are looked at only where the view is new. */
  #draw(isNew: boolean): void {
    if (!this.#view) return;
    const { rows, active, isSelected } = this.#view;
    const [top, left] = [this.table.scrollTop, this.table.scrollLeft]; // before anything changes: read later they cost a layout
    const isMoved = this.#across(this.#view, left, isNew);
    const look = this.#look!;
    const { from, until } = seenRows(top, this.#size.height, rows.length);
    if (!isNew && !isMoved && from === this.#rows.from && until === this.#rows.until) return;
    const before = new Set(isNew ? [] : this.#drawn.keys());
    this.#rows = { from, until };
    const wanted = new Map(rows.slice(from, until).map((row, at) => [row.id, from + at]));
    for (const each of recycled(this.#drawn, [...wanted.keys()], isHeld, () => this.#made())) each.element.remove();
    for (const [id, index] of wanted) {
      const [each, row] = [this.#drawn.get(id)!, rows[index]];
      if (!before.has(id)) each.show(row, index, index * ROW, index === active, isSelected(row), look);
      else if (isMoved) each.across(look);
    }
    if (rows.length && until > rows.length - AHEAD) this.does.onEnd();
  }

  /** Finds the columns that are seen; says whether they are others than before. */
  #across(view: View, left: number, isNew: boolean): boolean {
    const { free, pinned, width } = view;
    this.table.classList.toggle("aside", left > 0);
    const seen = seenColumns(free, left + pinned, left + this.#size.width);
    const isMoved = seen.from !== this.#columns.from || seen.until !== this.#columns.until;
    if (!isMoved && !isNew) return false;
    const places = free.slice(seen.from, seen.until);
    // Rows are no wider than what is seen: the browser draws a row that reaches beyond what it keeps anew for each picture.
    const start = places.length ? places[0].start - pinned : 0;
    const last = places.at(-1);
    const end = last && seen.until < free.length ? last.start + last.width : Math.max(width, this.#size.width);
    this.place.style.left = `${start}px`;
    this.place.style.width = `${end - start}px`;
    this.#look = { ...view, seen: places };
    this.#columns = seen;
    if (isMoved) this.does.onColumns(seen);
    return isMoved;
  }

  #made(): RowElement {
    const made = new RowElement();
    this.place.append(made.element);
    return made;
  }

  /** Puts rows into the order in which they are read, and tells what they show in full. What is focused stays so. */
  #settle(): void {
    const focused = document.activeElement;
    const rows = this.#view!.rows.slice(this.#rows.from, this.#rows.until);
    const ordered = [...new Set(rows.map((row) => this.#drawn.get(row.id)!))];
    arrange(this.place, ordered.map((each) => each.element));
    for (const each of ordered) each.tell();
    if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  #rowOf(target: Element): Row | undefined {
    const id = target.closest(".row")?.id.replace(/^row-/, "");
    return this.#view?.rows.slice(this.#rows.from, this.#rows.until).find((row) => row.id === id);
  }

  #clicked(target: Element): void {
    const row = target.closest(".fold") && this.#rowOf(target);
    if (row) this.does.onOpen(row.id);
  }

  #changed(target: Element): void {
    const row = this.#rowOf(target);
    if (row) this.does.onSelect(row);
  }
}

/** What is focused or marked goes with its row: nobody's key press is meant for the one that comes. */
function isHeld({ element: row }: RowElement): boolean {
  const marked = getSelection();
  return row.contains(document.activeElement) || (!!marked && !marked.isCollapsed && row.contains(marked.anchorNode));
}
