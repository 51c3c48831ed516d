import { useState } from "react";
import { Button } from "../parts/basics";
import type { Column } from "./columns";

const GROUPS = [
  ["", "Run"],
  ["metric", "Metrics"],
  ["param", "Parameters"],
  ["tag", "Tags"],
] as const;
const SHOWN = 200;

interface Props {
  all: Column[];
  chosen: string[];
  onChange: (ids: string[] | null) => void;
}

/** Which columns the table has. */
export function ColumnPicker({ all, chosen, onChange }: Props) {
  const [text, setText] = useState("");
  const matching = all.filter((each) => each.title.toLowerCase().includes(text.toLowerCase()));
  const set = new Set(chosen);
  const toggle = (id: string) => onChange(set.has(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return (
    <div className="picker">
      <input
        type="search"
        autoFocus
        aria-label="Find a column"
        placeholder={`Find among ${all.length} columns`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="choices" tabIndex={0} role="group" aria-label="Columns">
        {GROUPS.map(([group, title]) => {
          const found = matching.filter((each) => each.group === group);
          if (!found.length) return null;
          const ids = found.map((each) => each.id);
          const every = ids.every((id) => set.has(id));
          return (
            <fieldset key={group}>
              <legend>
                {title} <small>{found.length}</small>
                <Button
                  look="quiet"
                  onClick={() =>
                    onChange(every ? chosen.filter((id) => !ids.includes(id)) : [...new Set([...chosen, ...ids])])
                  }
                >
                  {every ? "None" : "All"}
                </Button>
              </legend>
              {found.slice(0, SHOWN).map((each) => (
                <label key={each.id}>
                  <input type="checkbox" checked={set.has(each.id)} onChange={() => toggle(each.id)} />
                  <span>{each.title}</span>
                </label>
              ))}
              {found.length > SHOWN && <p className="faint">{found.length - SHOWN} more: find them by name.</p>}
            </fieldset>
          );
        })}
      </div>
      <footer>
        <Button look="quiet" onClick={() => onChange(null)}>
          As at first
        </Button>
      </footer>
    </div>
  );
}
