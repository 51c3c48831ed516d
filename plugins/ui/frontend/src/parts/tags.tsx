import { useState } from "react";
import type { Tag } from "../api/types";
import { mode } from "../report/mode";
import { Button } from "./basics";

interface Props {
  tags: Tag[];
  /** Whose they are, where others stand beside them. */
  of?: string;
  /** What is said where there are none. */
  hint: string;
  /** Gives a tag a value, or takes it away; whether that was done. */
  onSet: (key: string, value: string | undefined) => Promise<boolean>;
}

/** Tags, which are changed where they stand. */
export function Tags({ tags, of, hint, onSet }: Props) {
  const [adding, setAdding] = useState(false);
  const add = of ? `Add a tag to ${of}` : "Add a tag";
  return (
    <section className="card">
      <header>
        <h2>
          Tags {of && <small>of {of}</small>}
        </h2>
        <span className="grow" />
        {!adding && !mode.isReport && <Button look="quiet" icon="plus" aria-label={add} title={add} onClick={() => setAdding(true)} />}
      </header>
      {tags.length === 0 && !adding && <p className="faint">{hint}</p>}
      <ul className="tags">
        {tags.map((each) => (
          <TagRow key={each.key} name={each.key} value={each.value ?? ""} onSet={onSet} />
        ))}
      </ul>
      {adding && <NewTag onSet={onSet} onDone={() => setAdding(false)} />}
    </section>
  );
}

function TagRow({ name, value, onSet }: { name: string; value: string } & Pick<Props, "onSet">) {
  const [text, setText] = useState<string | null>(null);
  if (mode.isReport) {
    return (
      <li>
        <span className="key">{name}</span>
        <span className="text">{value || "–"}</span>
      </li>
    );
  }
  if (text === null) {
    return (
      <li>
        <span className="key" title={name}>
          {name}
        </span>
        <button type="button" className="text" title={`${value}: change`} onClick={() => setText(value)}>
          {value || "–"}
        </button>
        <Button look="quiet" icon="close" aria-label={`Remove ${name}`} onClick={() => void onSet(name, undefined)} />
      </li>
    );
  }
  return (
    <li>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void onSet(name, text).then((done) => done && setText(null));
        }}
      >
        <span className="key">{name}</span>
        <input autoFocus aria-label={`Value of ${name}`} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === "Escape" && setText(null)} />
        <Button type="submit" look="strong" icon="check" aria-label="Save" />
      </form>
    </li>
  );
}

function NewTag({ onSet, onDone }: { onDone: () => void } & Pick<Props, "onSet">) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  return (
    <form
      className="new-tag"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim()) void onSet(key.trim(), value).then((done) => done && onDone());
      }}
      onKeyDown={(event) => event.key === "Escape" && onDone()}
    >
      <input autoFocus aria-label="Key of the tag" placeholder="key" value={key} onChange={(event) => setKey(event.target.value)} />
      <input aria-label="Value of the tag" placeholder="value" value={value} onChange={(event) => setValue(event.target.value)} />
      <Button type="submit" look="strong" icon="check" aria-label="Save the tag" />
    </form>
  );
}
