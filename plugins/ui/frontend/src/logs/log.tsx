import { useQuery } from "@tanstack/react-query";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { artifactUrl, readTail } from "../api/client";
import { bytes } from "../format";
import { Button, Failure, Loading } from "../parts/basics";
import { useFields } from "../router";
import { linesOf, marked, matchesIn, MOST_MATCHES, type Match, type Piece } from "./ansi";

/** How often the log of a run that goes on is read again, in milliseconds. */
export const FOLLOWING = 3000;
/** How much of a log's end is read: at first, and when somebody wants what is before it. */
const PARTS = [256 * 1024, 1024 * 1024, 4 * 1024 * 1024];
/** So near its end, a log that grows is followed. */
const NEAR = 24;

interface Props {
  runId: string;
  path: string;
  goesOn: boolean;
}

/** The end of a log, which is followed while its run goes on. */
export function Log({ runId, path, goesOn }: Props) {
  const [part, setPart] = useState(0);
  const found = useQuery({
    queryKey: ["log", runId, path, part, goesOn],
    queryFn: ({ signal }) => readTail(artifactUrl(runId, path), PARTS[part], signal),
    refetchInterval: goesOn ? FOLLOWING : false,
    placeholderData: (previous) => previous,
  });
  const lines = useMemo(() => (found.data?.text ? linesOf(found.data.text) : []), [found.data?.text]);
  const [fields, change] = useFields();
  const wanted = fields.get("find") ?? "";
  const matches = useMemo(() => matchesIn(lines, wanted), [lines, wanted]);
  const [chosen, setChosen] = useState(0);
  const [follows, setFollows] = useState(true);
  const host = useRef<HTMLDivElement>(null);
  const current = matches.length ? chosen % matches.length : -1;
  useLayoutEffect(() => {
    if (follows && !wanted) host.current?.scrollTo({ top: host.current.scrollHeight });
  }, [lines, follows, wanted]);
  useLayoutEffect(() => {
    host.current?.querySelector(`[data-match="${current}"]`)?.scrollIntoView({ block: "center" });
  }, [current, wanted, matches.length]);
  if (found.error && !found.data) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the log" />;
  const step = (by: number) => setChosen((current + by + matches.length) % Math.max(1, matches.length));
  const { before } = found.data;
  return (
    <>
      <div className="finding">
        <input
          type="search"
          aria-label="Find in the log"
          placeholder="Find in the log"
          value={wanted}
          onChange={(event) => {
            setChosen(0);
            change({ find: event.target.value || undefined }, true);
          }}
          onKeyDown={(event) => event.key === "Enter" && step(event.shiftKey ? -1 : 1)}
        />
        {wanted && (
          <>
            <output aria-live="polite">{countText(current, matches)}</output>
            <Button look="quiet" icon="up" aria-label="Previous match" disabled={!matches.length} onClick={() => step(-1)} />
            <Button look="quiet" icon="down" aria-label="Next match" disabled={!matches.length} onClick={() => step(1)} />
          </>
        )}
        <span className="grow" />
        {found.error && <small className="problem">{found.error.message}</small>}
        {goesOn && (
          <label className="check">
            <input type="checkbox" checked={follows} onChange={() => setFollows(!follows)} />
            <span>Follow</span>
          </label>
        )}
      </div>
      <div
        className="log"
        ref={host}
        tabIndex={0}
        role="region"
        aria-label={`The log ${path}`}
        onScroll={({ currentTarget: at }) => setFollows(at.scrollHeight - at.scrollTop - at.clientHeight < NEAR)}
      >
        {before > 0 && <Before size={before} isLast={part === PARTS.length - 1} onMore={() => (setFollows(false), setPart(part + 1))} />}
        {lines.length === 0 && <p className="faint">Nothing was written into it.</p>}
        <Lines lines={lines} matches={matches} current={current} />
      </div>
    </>
  );
}

function Before({ size, isLast, onMore }: { size: number; isLast: boolean; onMore: () => void }) {
  return (
    <p className="faint before">
      {bytes(size)} before this are not shown.{" "}
      {isLast ? "Download the log to see them." : <Button look="quiet" onClick={onMore}>Show earlier lines</Button>}
    </p>
  );
}

function countText(current: number, matches: Match[]): string {
  if (!matches.length) return "Nothing found";
  return `${current + 1} of ${matches.length === MOST_MATCHES ? "more than " : ""}${matches.length.toLocaleString("en")}`;
}

function Lines({ lines, matches, current }: { lines: Piece[][]; matches: Match[]; current: number }) {
  const starts = useMemo(() => {
    const found = new Map<number, number>();
    matches.forEach((each, at) => found.has(each.line) || found.set(each.line, at));
    return found;
  }, [matches]);
  return lines.map((pieces, at) => {
    const first = starts.get(at);
    return (
      <div key={at}>
        {first === undefined
          ? pieces.map((each, number) => (each.look ? <span key={number} className={each.look}>{each.text}</span> : each.text))
          : marked(pieces, ofLine(matches, first), first).map(({ text, look, match }, number) =>
              match === null ? (
                <span key={number} className={look || undefined}>{text}</span>
              ) : (
                <mark key={number} className={`${look} ${match === current ? "now" : ""}`} data-match={match}>{text}</mark>
              ),
            )}
        {pieces.length === 0 && "\u00a0"}
      </div>
    );
  });
}

/** The matches in the line that the one with this number is the first of. */
function ofLine(matches: Match[], first: number): Match[] {
  const found: Match[] = [];
  for (let at = first; at < matches.length && matches[at].line === matches[first].line; at++) found.push(matches[at]);
  return found;
}
