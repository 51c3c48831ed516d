import type { Column } from "./columns";
import type { Figures } from "./figures";
import { spreadOf, type Aggregate } from "./groups";
import type { GroupRow, Row } from "./rows";

/** What a cell shows, and its classes. */
interface Content {
  shown: string;
  look: string;
}

export function contentOf(row: Row, column: Column, figures: Figures, aggregate: Aggregate): Content {
  if (row.kind === "run") return { shown: column.shown(row.run, figures), look: column.look(row.run) };
  const { runs } = row.group;
  if (column.group === "metric") {
    const spread = spreadOf(runs, column.title);
    return { shown: spread ? `${figures(spread[aggregate])}${spread.left ? " ×" : ""}` : "", look: "" };
  }
  const texts = textsOf(row, column);
  return texts.length === 1 ? { shown: column.shown(runs[0], figures), look: column.look(runs[0]) } : { shown: counted(texts), look: "" };
}

/** What is told of a cell where the pointer rests: a run's value as it is, or what a group's runs have. */
export function toldOf(row: Row, column: Column): string {
  if (row.kind === "run") return column.told(row.run);
  if (column.group === "metric") {
    const spread = spreadOf(row.group.runs, column.title);
    const left = spread?.left ? `; ${spread.left} × NaN or ∞ left out` : "";
    return spread ? `mean ${spread.mean}, min ${spread.min}, max ${spread.max} of ${spread.count} runs${left}` : "";
  }
  const texts = textsOf(row, column);
  return texts.length === 1 ? texts[0] : counted(texts);
}

/** The texts that a group's runs have in a column; none of what differs anyway. */
function textsOf({ group }: GroupRow, column: Column): string[] {
  if ((column.group === "" && !column.orderBy) || column.id === "attribute:start_time") return [];
  return [...new Set(group.runs.map(column.text))];
}

const counted = (texts: string[]) => (texts.length ? `${texts.length} values` : "");
