import { useState } from "react";
import { Menu } from "../parts/basics";

const SHOWN = 200;

interface Props {
  over: string | null;
  metrics: string[];
  onChange: (over: string) => void;
}

/** Chooses a metric as the x axis. */
export function OverMenu({ over, metrics, onChange }: Props) {
  const [text, setText] = useState("");
  const found = metrics.filter((each) => each.toLowerCase().includes(text.toLowerCase()));
  return (
    <Menu label={over === null ? "Over a metric" : `Over ${over}`}>
      {(close) => (
        <div className="picker">
          <input
            type="search"
            autoFocus
            aria-label="Find a metric for the x axis"
            placeholder={`Find among ${metrics.length.toLocaleString("en")} metrics`}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <div className="choices" tabIndex={0} role="radiogroup" aria-label="The metric on the x axis">
            {found.slice(0, SHOWN).map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  name="over"
                  checked={each === over}
                  onChange={() => onChange(each)}
                  onClick={(event) => event.detail > 0 && close()}
                  onKeyDown={(event) => event.key === "Enter" && close()}
                />
                <span>{each}</span>
              </label>
            ))}
            {found.length === 0 && <p className="faint">No metric has this name.</p>}
            {found.length > SHOWN && <p className="faint">{(found.length - SHOWN).toLocaleString("en")} more: find them by name.</p>}
          </div>
          <p className="faint">Each metric is joined with it at equal steps.</p>
        </div>
      )}
    </Menu>
  );
}
