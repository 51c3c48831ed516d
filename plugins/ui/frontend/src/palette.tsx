import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { ownSend } from "./api/client";
import { useExperiments, useModels, useViews } from "./api/queries";
import type { Run, RunsFound } from "./api/types";
import { runName } from "./format";
import { Icon, type IconName } from "./parts/icons";
import { mode } from "./report/mode";
import { go, href } from "./router";
import { setTheme } from "./theme";
import { viewHref, viewName } from "./views";

interface Entry {
  text: string;
  kind: string;
  icon: IconName;
  run: () => void;
}

const SHOWN = 12;
/** Of runs, which are asked for by a part of their name that has at least so many letters. */
const RUNS = 6;
const LETTERS = 2;
const NONE: Run[] = [];

/** Everything by its name: Ctrl-K. */
export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Go to"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {open && <Choices onDone={onClose} />}
    </dialog>
  );
}

function Choices({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries(text.trim());
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((each) => words.every((word) => `${each.kind} ${each.text}`.toLowerCase().includes(word))).slice(0, SHOWN);
  const chosen = Math.min(at, found.length - 1);
  const act = (entry: Entry | undefined) => {
    if (!entry) return;
    onDone();
    entry.run();
  };
  return (
    <>
      <div className="field">
        <Icon name="search" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found[chosen] ? `palette-${chosen}` : undefined}
          aria-label="Go to"
          placeholder="Experiment, run, model, view, run id or theme"
          value={text}
          onChange={(event) => (setText(event.target.value), setAt(0))}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") (event.preventDefault(), setAt(Math.min(found.length - 1, chosen + 1)));
            if (event.key === "ArrowUp") (event.preventDefault(), setAt(Math.max(0, chosen - 1)));
            if (event.key === "Enter") act(found[chosen]);
          }}
        />
      </div>
      <ul id="palette-list" role="listbox" aria-label="Choices">
        {found.map((each, index) => (
          <li
            key={`${each.kind} ${each.text} ${index}`}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === chosen}
            onPointerMove={() => setAt(index)}
            onClick={() => act(each)}
          >
            <Icon name={each.icon} />
            <span>{each.text}</span>
            <small>{each.kind}</small>
          </li>
        ))}
        {found.length === 0 && <li role="option" aria-selected="false" className="faint">Nothing has this name.</li>}
      </ul>
    </>
  );
}

function useEntries(text: string): Entry[] {
  const experiments = useExperiments().data;
  const models = useModels().data;
  const views = useViews().data;
  const runs = useRunsNamed(text, experiments?.map((each) => each.experiment_id));
  return useMemo(() => {
    const named = new Map(experiments?.map((each) => [each.experiment_id, each.name]));
    const found: Entry[] = [
      { text: "Models", kind: "Page", icon: "box", run: () => go(href(["models"])) },
      ...(experiments ?? []).map((each): Entry => ({
        text: each.name,
        kind: "Experiment",
        icon: "flask",
        run: () => go(href(["experiments", each.experiment_id])),
      })),
      ...(models ?? []).map((each): Entry => ({ text: each.name, kind: "Model", icon: "box", run: () => go(href(["models", each.name])) })),
      ...(views ?? []).map((each): Entry => ({ text: viewName(each), kind: "View", icon: "bookmark", run: () => go(viewHref(each) ?? "#/") })),
      ...runs.map((each): Entry => ({ text: runName(each), kind: `Run of ${named.get(each.info.experiment_id ?? "") ?? "an experiment"}`, icon: "chart", run: () => go(href(["runs", each.info.run_id])) })),
      { text: "Light", kind: "Theme", icon: "sun", run: () => setTheme("light") },
      { text: "Dark", kind: "Theme", icon: "moon", run: () => setTheme("dark") },
      { text: "As the system", kind: "Theme", icon: "sun", run: () => setTheme("system") },
    ];
    if (/^[0-9a-f]{32}$/.test(text)) found.unshift({ text, kind: "Run", icon: "flask", run: () => go(href(["runs", text])) });
    return found;
  }, [experiments, models, views, runs, text]);
}

/** The newest runs with a text in their names, of whatever experiment. */
function useRunsNamed(text: string, experiment_ids: string[] = []): Run[] {
  const words = text.replace(/^run\s+/i, "");
  const quote = words.includes("'") ? '"' : "'";
  return (
    useQuery({
      queryKey: ["runs", "named", words, experiment_ids],
      queryFn: async ({ signal }) => {
        const columns = { metrics: [], params: [], tags: [] };
        const filter = `attributes.run_name ILIKE ${quote}%${words}%${quote}`;
        const asked = { experiment_ids, filter, columns, max_results: RUNS, order_by: ["attributes.start_time DESC"] };
        return (await ownSend<RunsFound>("runs/search", asked, "POST", signal)).runs ?? [];
      },
      enabled: words.length >= LETTERS && !(words.includes("'") && words.includes('"')) && experiment_ids.length > 0 && !mode.isReport,
      placeholderData: (previous) => previous,
    }).data ?? NONE
  );
}
