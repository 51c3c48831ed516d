import { useSyncExternalStore } from "react";
import { Button } from "./basics";

interface Toast {
  id: number;
  text: string;
  undo?: () => Promise<void>;
  failed?: boolean;
}

let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: Toast[]): void {
  toasts = next;
  for (const each of listeners) each();
}

function dismiss(id: number): void {
  set(toasts.filter((each) => each.id !== id));
}

/** Say what was done, and how to take it back. */
export function say(text: string, undo?: () => Promise<void>, failed = false): void {
  const id = ++last;
  set([...toasts.slice(-2), { id, text, undo, failed }]);
  setTimeout(() => dismiss(id), undo || failed ? 12_000 : 4000);
}

export function sayFailed(error: unknown): void {
  say(error instanceof Error ? error.message : String(error), undefined, true);
}

/** Do something that can be undone, and say so; failures are said too. */
export async function attempt(text: string, act: () => Promise<unknown>, undo?: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
  } catch (error) {
    sayFailed(error);
    return false;
  }
  say(text, undo && (async () => void (await undo())));
  return true;
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((each) => (
        <div key={each.id} className={`toast ${each.failed ? "failed" : ""}`}>
          <span>{each.text}</span>
          {each.undo && (
            <Button
              look="quiet"
              onClick={() => {
                dismiss(each.id);
                each.undo!().catch(sayFailed);
              }}
            >
              Undo
            </Button>
          )}
          <Button look="quiet" icon="close" aria-label="Dismiss" onClick={() => dismiss(each.id)} />
        </div>
      ))}
    </div>
  );
}
