import { useEffect, useMemo, useState } from "react";
import { useIsUnknown } from "./api/session";
import { ComparePage } from "./compare/page";
import { ModelPage } from "./models/model";
import { ModelsPage } from "./models/list";
import { Palette } from "./palette";
import { Button, Empty } from "./parts/basics";
import { useTitle } from "./parts/title";
import { Toasts } from "./parts/toasts";
import { usePlace, type Place } from "./router";
import { RunPage } from "./run/page";
import { RunsPage } from "./runs/page";
import { Sidebar } from "./sidebar";
import { SignIn } from "./sign-in";

export function App() {
  return useIsUnknown() ? <SignIn /> : <Pages />;
}

function Pages() {
  const place = usePlace();
  const [palette, setPalette] = useState(false);
  const [drawer, setDrawer] = useState(false);
  useEffect(() => {
    setDrawer(false);
    setPalette(false);
  }, [place]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette((before) => !before);
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return (
    <div className={`app ${drawer ? "drawer" : ""}`}>
      <a className="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        To the content
      </a>
      <header className="topbar">
        <Button look="quiet" icon="menu" aria-label="Experiments" aria-expanded={drawer} onClick={() => setDrawer(!drawer)} />
        <b>Hookline</b>
        <Button look="quiet" icon="search" aria-label="Go to" onClick={() => setPalette(true)} />
      </header>
      <Sidebar place={place} onPalette={() => setPalette(true)} />
      {drawer && <div className="shade" onClick={() => setDrawer(false)} />}
      <main id="main" tabIndex={-1}>
        <Content place={place} />
      </main>
      <Palette open={palette} onClose={() => setPalette(false)} />
      <Toasts />
    </div>
  );
}

function Content({ place }: { place: Place }) {
  const [page = "experiments", name = "0"] = place.path;
  const ids = useMemo(() => name.split(",").filter(Boolean), [name]);
  if (page === "experiments") return <RunsPage key={name} experimentIds={ids} />;
  if (page === "runs" && place.path[1]) return <RunPage key={name} runId={name} />;
  if (page === "compare") return <ComparePage />;
  if (page === "models") return place.path[1] ? <ModelPage key={name} name={name} /> : <ModelsPage />;
  return <NotFound />;
}

function NotFound() {
  useTitle("Not found");
  return (
    <Empty title="There is no such page" isPage>
      The list on the side leads to those that there are.
    </Empty>
  );
}
