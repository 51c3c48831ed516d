import { useState } from "react";
import { Button } from "../parts/basics";
import { Markdown } from "../parts/markdown";
import { mode } from "../report/mode";

interface Props {
  text: string;
  /** Whether it was saved; a draft that was not stays where it is. */
  onSave: (text: string) => Promise<boolean>;
  title?: string;
  hint?: string;
}

/** A note in Markdown, which is changed where it stands. */
export function Note({ text, onSave, title = "Note", hint = "What was tried, and what came of it." }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  if (mode.isReport && !text) return null;
  if (draft !== null) {
    return (
      <form
        className="card note"
        onSubmit={(event) => {
          event.preventDefault();
          void onSave(draft).then((done) => done && setDraft(null));
        }}
      >
        <header>
          <h2>{title}</h2>
          <small className="faint">Markdown</small>
          <span className="grow" />
          <Button look="quiet" onClick={() => setDraft(null)}>
            Cancel
          </Button>
          <Button type="submit" look="strong">
            Save
          </Button>
        </header>
        <textarea autoFocus aria-label={title} rows={8} value={draft} onChange={(event) => setDraft(event.target.value)} />
      </form>
    );
  }
  return (
    <section className={`card note ${text ? "" : "slim"}`}>
      <header>
        <h2>{title}</h2>
        {!text && <span className="faint">{hint}</span>}
        <span className="grow" />
        {!mode.isReport && (
          <Button look="quiet" icon="pencil" aria-label={`Edit: ${title}`} title="Edit" onClick={() => setDraft(text)} />
        )}
      </header>
      {text && <Markdown text={text} />}
    </section>
  );
}
