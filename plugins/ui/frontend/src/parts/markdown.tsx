import { useEffect, useState } from "react";

/** Markdown that somebody else wrote: made clean, without scripts, styles, frames or requests to other places. */
export function Markdown({ text }: { text: string }) {
  const [html, setHtml] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    void import("./clean").then(({ clean }) => gone || setHtml(clean(text)));
    return () => void (gone = true);
  }, [text]);
  if (html === null) return <p className="pre">{text}</p>;
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
