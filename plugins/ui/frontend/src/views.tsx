import { useState } from "react";
import { ownSend } from "./api/client";
import { client, useViews } from "./api/queries";
import type { View } from "./api/types";
import { Button, Menu } from "./parts/basics";
import { attempt } from "./parts/toasts";
import { href, usePlace } from "./router";

const PREFIX = "ui/";

/** A saved view: what the address says, as a document. `schema` grows when its meaning changes. */
interface SavedView {
  schema: 1;
  path: string[];
  fields: Record<string, string>;
}

export function viewName(view: View): string {
  return view.name.slice(PREFIX.length);
}

/** Where a saved view leads; null for one that this page cannot read. */
export function viewHref(view: View): string | null {
  const value = view.value as Partial<SavedView>;
  if (value.schema !== 1 || !Array.isArray(value.path) || typeof value.fields !== "object") return null;
  return href(value.path.map(String), value.fields);
}

const urlOf = (name: string) => `views/${(PREFIX + name).split("/").map(encodeURIComponent).join("/")}`;
const refresh = () => client.invalidateQueries({ queryKey: ["views"] });

async function save(name: string, value: SavedView): Promise<void> {
  await ownSend(urlOf(name), { value }, "PUT");
  await refresh();
}

async function remove(name: string): Promise<void> {
  await ownSend(urlOf(name), {}, "DELETE");
  await refresh();
}

export function ViewsMenu({ page }: { page: string }) {
  const place = usePlace();
  const views = (useViews().data ?? []).filter((each) => (each.value as Partial<SavedView>).path?.[0] === page);
  const [name, setName] = useState("");
  return (
    <Menu label="Views" icon="bookmark">
      {(close) => (
        <div className="views">
          {views.length === 0 && <p className="faint">A view keeps this filter, order, columns and charts under a name, for everybody.</p>}
          <ul>
            {views.map((each) => (
              <li key={each.name}>
                <a href={viewHref(each) ?? undefined} onClick={close}>
                  {viewName(each)}
                </a>
                <Button
                  look="quiet"
                  icon="close"
                  aria-label={`Remove the view ${viewName(each)}`}
                  onClick={() =>
                    void attempt(
                      `Removed the view “${viewName(each)}”.`,
                      () => remove(viewName(each)),
                      () => save(viewName(each), each.value as unknown as SavedView),
                    )
                  }
                />
              </li>
            ))}
          </ul>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const value: SavedView = { schema: 1, path: place.path, fields: Object.fromEntries(place.fields) };
              if (name.trim()) void attempt(`Saved the view “${name.trim()}”.`, () => save(name.trim(), value)).then((done) => done && (setName(""), close()));
            }}
          >
            <input aria-label="Name of the view" placeholder="Save this view as" value={name} onChange={(event) => setName(event.target.value)} />
            <Button type="submit" look="strong" disabled={!name.trim()}>
              Save
            </Button>
          </form>
        </div>
      )}
    </Menu>
  );
}
