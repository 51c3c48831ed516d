import { colourIndex } from "../colours";
import { runName } from "../format";
import { iconElement } from "../parts/icons";
import { href } from "../router";
import { tagOf } from "../values";
import type { Column } from "./columns";
import { change, element } from "./elements";
import type { Figures } from "./figures";
import { contentOf, toldOf } from "./gathered";
import type { Aggregate } from "./groups";
import type { Row } from "./rows";
import { isLong } from "./widths";

/** Left and right of a cell's text. */
const PADDING = 24;
const INDENT = 18;

/** A column with its place in the table. */
export interface Place {
  column: Column;
  index: number;
  width: number;
  /** Where it stands; missing for a column that is pinned. */
  start?: number;
}

/** The first cell of a row: a run by its name, a group by what its runs share. */
export class NameCell {
  readonly element = element("div", { class: "cell pinned", role: "gridcell", "aria-colindex": "1" });
  #box = element("input", { type: "checkbox" });
  #dot = element("i", { class: "dot", "aria-hidden": "true" });
  #name: HTMLElement = element("a", {});
  #small = element("small", {});
  #fold = element("button", { type: "button", class: "fold" });
  #shape = "";

  show(row: Row, width: number, isSelected: boolean): void {
    const shape = shapeOf(row);
    if (shape !== this.#shape) this.#build(row);
    this.#shape = shape;
    const title = row.kind === "group" ? row.title : runName(row.run);
    this.element.style.width = `${width}px`;
    change(this.#box, "aria-label", `Select ${row.kind === "group" ? "the group " : ""}${title}`);
    this.#box.checked = isSelected;
    this.#dot.style.background = `var(--c${colourIndex(row.id)})`;
    change(this.#fold, "aria-label", `${row.open ? "Close" : "Open"} ${title}`);
    if (row.kind === "run") change(this.#name, "href", href(["runs", row.id]));
    else this.#small.textContent = row.group.runs.length.toLocaleString("en");
    change(this.#name, "title", title);
    if (this.#name.textContent !== title) this.#name.textContent = title;
  }

  #build(row: Row): void {
    const parts: Node[] = [this.#box];
    const indent = row.kind === "run" ? row.depth * INDENT : 0;
    if (indent) {
      const space = element("span", { class: "indent" });
      space.style.width = `${indent}px`;
      parts.push(space);
    }
    if (row.kind === "group" || row.opens) {
      this.#fold.replaceChildren(iconElement(row.open ? "down" : "right"));
      parts.push(this.#fold);
    }
    parts.push(this.#dot);
    if (isChild(row)) parts.push(element("span", { class: "nested", title: "A nested run" }));
    this.#name = element(row.kind === "group" ? "b" : "a", {});
    parts.push(this.#name);
    if (row.kind === "group") parts.push(this.#small);
    this.element.replaceChildren(...parts);
  }
}

/** A run that stands by itself though another one started it. */
const isChild = (row: Row) => row.kind === "run" && !row.depth && !!tagOf(row.run, "mlflow.parentRunId");

/** Which parts a row's first cell has: of those that are alike, only texts are changed. */
const shapeOf = (row: Row) => (row.kind === "group" ? `group ${row.open}` : `${row.depth} ${row.opens} ${row.open} ${isChild(row)}`);

export class ValueCell {
  readonly element: HTMLElement;
  #text = new Text();
  #place?: Place;
  #row?: Row;
  #figures?: Figures;
  #aggregate?: Aggregate;
  #names = "";
  #tells = true;

  constructor() {
    this.element = element("div", { role: "gridcell" }, this.#text);
  }

  get column(): Column | undefined {
    return this.#place?.column;
  }

  /** Shows a row's value, unless it does. */
  show(row: Row, place: Place, figures: Figures, aggregate: Aggregate): void {
    const isPlaced = place === this.#place;
    if (isPlaced && isAlike(row, this.#row) && figures === this.#figures && aggregate === this.#aggregate) return;
    const { column, width } = place;
    const { shown, look } = contentOf(row, column, figures, aggregate);
    const long = isLong(shown, width - PADDING) ? " long" : "";
    const names = `cell value${place.start === undefined ? " fixed" : ""}${column.numeric ? " numeric" : ""}${long} ${look}`;
    if (names !== this.#names) this.element.className = this.#names = names;
    if (!isPlaced) {
      change(this.element, "aria-colindex", String(place.index));
      this.element.style.width = `${width}px`;
    }
    if (this.#text.data !== shown) this.#text.data = shown;
    [this.#row, this.#place, this.#figures, this.#aggregate, this.#tells] = [row, place, figures, aggregate, false];
  }

  /** Tells in full what it shows where the pointer rests: that is found once somebody does. */
  tell(): void {
    if (this.#tells || !this.#row || !this.#place) return;
    change(this.element, "title", toldOf(this.#row, this.#place.column));
    this.#tells = true;
  }
}

const isAlike = (one: Row, other: Row | undefined) =>
  one.kind === "run" ? other?.kind === "run" && one.run === other.run : other?.kind === "group" && one.group === other.group;
