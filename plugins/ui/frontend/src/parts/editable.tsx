import { useEffect, useRef, useState } from "react";
import { mode } from "../report/mode";
import { Button } from "./basics";

interface Props {
  as: "h1" | "span";
  value: string;
  label: string;
  /** Whether it was saved; what was not can be tried again. */
  onSave: (text: string) => Promise<boolean>;
  onClose?: () => void;
  fixed?: boolean;
  /** Whether it may be empty. */
  optional?: boolean;
  open?: boolean;
}

/** A text that is changed where it stands: Enter saves, Escape gives up. */
export function EditableText({ as: Tag, value, label, onSave, onClose, fixed = false, optional = false, open = false }: Props) {
  const [editing, setEditing] = useState(open);
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (editing) input.current?.select();
    else setText(value);
  }, [editing, value]);
  const close = () => {
    setEditing(false);
    onClose?.();
  };
  if (!editing) {
    return (
      <Tag className="editable">
        <span>{value}</span>
        {!fixed && !mode.isReport && <Button look="quiet" icon="pencil" aria-label={label} title={label} onClick={() => setEditing(true)} />}
      </Tag>
    );
  }
  return (
    <form
      className="editable"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        if ((!wanted && !optional) || wanted === value) close();
        else void onSave(wanted).then((done) => done && close());
      }}
    >
      <input
        ref={input}
        autoFocus
        aria-label={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && close()}
      />
      <Button type="submit" look="strong">
        Save
      </Button>
      <Button look="quiet" onClick={close}>
        Cancel
      </Button>
    </form>
  );
}
