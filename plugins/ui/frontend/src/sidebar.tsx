import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import { useExperiments, useWho } from "./api/queries";
import { signOut } from "./api/session";
import { Button } from "./parts/basics";
import { Icon } from "./parts/icons";
import { Logo } from "./parts/logo";
import { mode } from "./report/mode";
import { go, href, type Place } from "./router";
import { createExperiment } from "./runs/experiments";
import { setTheme, useDark } from "./theme";

export function Sidebar({ place, onPalette }: { place: Place; onPalette: () => void }) {
  const [page = "experiments", name = "0"] = place.path;
  const dark = useDark();
  return (
    <nav className="sidebar" aria-label="Hookline">
      <header>
        <Logo />
        <b>Hookline</b>
      </header>
      <button type="button" className="goto" onClick={onPalette}>
        <Icon name="search" />
        <span>Go to</span>
        <kbd>Ctrl K</kbd>
      </button>
      {!mode.isReport && (
        <a className="item" href={href(["models"])} aria-current={page === "models" ? "page" : undefined}>
          <Icon name="box" />
          <span>Models</span>
        </a>
      )}
      <Experiments chosen={page === "experiments" ? name : ""} />
      <footer>
        <User />
        <Button
          look="quiet"
          icon={dark ? "sun" : "moon"}
          onClick={() => setTheme(dark ? "light" : "dark")}
          aria-label={dark ? "Light theme" : "Dark theme"}
        >
          {dark ? "Light" : "Dark"}
        </Button>
      </footer>
    </nav>
  );
}

/** Who is signed in, and the way out. */
function User() {
  const name = useWho();
  if (!name) return null;
  return (
    <div className="user">
      <Icon name="user" />
      <span title={name}>{name}</span>
      <Button look="quiet" icon="exit" aria-label="Sign out" title="Sign out" onClick={signOut} />
    </div>
  );
}

function Experiments({ chosen }: { chosen: string }) {
  const found = useExperiments();
  const [text, setText] = useState("");
  const [adding, setAdding] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const shown = (found.data ?? []).filter((each) => each.name.toLowerCase().includes(text.toLowerCase()));
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 32,
    overscan: 10,
  });
  const ids = chosen.split(",");
  return (
    <section className="experiments" aria-label="Experiments">
      <header>
        <h2>Experiments</h2>
        {!mode.isReport && <Button look="quiet" icon="plus" aria-label="New experiment" title="New experiment" onClick={() => setAdding(!adding)} />}
      </header>
      {adding && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const name = String(new FormData(event.currentTarget).get("name")).trim();
            if (name) void createExperiment(name).then((id) => id && (setAdding(false), go(href(["experiments", id]))));
          }}
        >
          <input name="name" autoFocus aria-label="Name of the experiment" placeholder="Name, then Enter" onKeyDown={(event) => event.key === "Escape" && setAdding(false)} />
        </form>
      )}
      {(found.data?.length ?? 0) > 8 && (
        <input type="search" aria-label="Find an experiment" placeholder="Find" value={text} onChange={(event) => setText(event.target.value)} />
      )}
      <div className="list" ref={scroller} tabIndex={0} role="region" aria-label="List of experiments">
        <div style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const { experiment_id: id, name } = shown[row.index];
            return (
              <a
                key={id}
                className="item"
                style={{ transform: `translateY(${row.start}px)` }}
                href={href(["experiments", id])}
                title={name}
                aria-current={ids.includes(id) ? "page" : undefined}
                onClick={(event) => {
                  if (!(event.ctrlKey || event.metaKey) || !chosen) return;
                  event.preventDefault(); // several at once
                  const next = ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id];
                  if (next.length) go(href(["experiments", next.join(",")]));
                }}
              >
                <Icon name="flask" />
                <span>{name}</span>
              </a>
            );
          })}
        </div>
      </div>
    </section>
  );
}
