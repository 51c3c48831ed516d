import { useEffect, useRef, useState } from "react";
import { Button } from "../parts/basics";
import { Icon } from "../parts/icons";
import { completions } from "./completions";

interface Props {
  value: string;
  error: Error | null;
  onSearch: (filter: string) => void;
  keys: string[];
}

const EXAMPLE = `metrics.rmse < 1 and params.model = "tree"`;

/** The filter of the API. What the server refuses is shown below, with a caret where it stopped reading. */
export function SearchBox({ value, error, onSearch, keys }: Props) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key === "/" && !/INPUT|TEXTAREA|SELECT/.test((event.target as Element).tagName)) {
        event.preventDefault();
        input.current?.focus();
      }
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  const offered = completions(text, keys);
  return (
    <form
      className="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <div className={`field ${error ? "wrong" : ""}`}>
        <Icon name="search" />
        <input
          ref={input}
          aria-label="Filter runs"
          aria-invalid={error !== null}
          aria-describedby={error ? "search-error" : undefined}
          list="search-keys"
          spellCheck={false}
          autoComplete="off"
          placeholder={EXAMPLE}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <datalist id="search-keys">
          {offered.map((key) => (
            <option key={key} value={key} />
          ))}
        </datalist>
        <kbd className="wide-only" aria-hidden="true">
          /
        </kbd>
      </div>
      <Button type="submit" look="strong">
        Search
      </Button>
      {(value || text) && <Button onClick={() => (setText(""), onSearch(""))}>Clear</Button>}
      {error && (
        <pre className="problem" id="search-error" role="alert" tabIndex={0}>
          {error.message}
        </pre>
      )}
    </form>
  );
}
