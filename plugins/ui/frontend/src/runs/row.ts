import { NameCell, ValueCell, type Place } from "./cells";
import type { Column } from "./columns";
import { arrange, change, element } from "./elements";
import type { Figures } from "./figures";
import type { Aggregate } from "./groups";
import type { Row } from "./rows";

/** What all rows of a picture have in common. */
export interface Look {
  isTree: boolean;
  aggregate: Aggregate;
  /** Widths: of the name, and of what stays beside the scrolled columns. */
  name: number;
  pinned: number;
  fixed: Place[];
  seen: Place[];
  /** How the numbers of a column are written. */
  figures: (column: Column) => Figures;
}

/** The elements of a row, which show one row after another while somebody scrolls. */
export class RowElement {
  readonly element = element("div", { role: "row" });
  #name = new NameCell();
  #pins = element("div", { class: "pins", role: "presentation" }, this.#name.element);
  #fixed: ValueCell[] = [];
  #seen: ValueCell[] = [];
  #row?: Row;
  #top = -1;

  constructor() {
    this.element.append(this.#pins);
  }

  show(row: Row, index: number, top: number, isActive: boolean, isSelected: boolean, look: Look): void {
    const opens = row.kind === "group" || row.opens;
    const names = ["row", row.kind, isSelected && "selected", isActive && "active"];
    change(this.element, "id", `row-${row.id}`);
    change(this.element, "class", names.filter(Boolean).join(" "));
    change(this.element, "aria-rowindex", String(index + 2));
    change(this.element, "aria-selected", String(isSelected));
    change(this.element, "aria-level", look.isTree ? String(row.kind === "run" ? row.depth + 1 : 1) : undefined);
    change(this.element, "aria-expanded", look.isTree && opens ? String(row.open) : undefined);
    if (top !== this.#top) this.element.style.transform = `translateY(${(this.#top = top)}px)`;
    this.#pins.style.width = `${look.pinned}px`;
    this.#name.show(row, look.name, isSelected);
    this.#row = row;
    this.#fixed = this.#shown(row, look.fixed, this.#fixed, this.#pins, this.#name.element, look);
    this.across(look);
  }

  /** Shows the columns that are seen now. */
  across(look: Look): void {
    if (this.#row) this.#seen = this.#shown(this.#row, look.seen, this.#seen, this.element, this.#pins, look);
  }

  /** Tells in full what its cells show. */
  tell(): void {
    for (const each of [...this.#fixed, ...this.#seen]) each.tell();
  }

  /** Shows columns behind an element: a column that comes takes the cell of one that went. */
  #shown(row: Row, places: Place[], cells: ValueCell[], parent: HTMLElement, after: HTMLElement, look: Look): ValueCell[] {
    const isAlike = places.length === cells.length && places.every(({ column }, at) => column === cells[at].column);
    const next = isAlike ? cells : this.#taken(places, cells);
    places.forEach((place, at) => next[at].show(row, place, look.figures(place.column), look.aggregate));
    if (!isAlike) arrange(parent, next.map((each) => each.element), after);
    return next;
  }

  #taken(places: Place[], cells: ValueCell[]): ValueCell[] {
    const known = new Map(cells.map((each) => [each.column, each]));
    const kept = places.map(({ column }) => known.get(column));
    const spare = cells.filter((each) => !kept.includes(each));
    for (const each of spare) each.element.remove();
    return kept.map((each) => each ?? spare.pop() ?? new ValueCell());
  }
}
