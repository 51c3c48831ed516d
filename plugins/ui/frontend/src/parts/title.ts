import { useEffect } from "react";

/** Names the page in the browser's tab, so that several that are open can be told apart. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = `${text} · Hookline`;
  }, [text]);
}
