import { useEffect, useLayoutEffect, useRef, useState, type ButtonHTMLAttributes, type ReactNode } from "react";
import { ApiError } from "../api/client";
import type { Run } from "../api/types";
import { colourIndex } from "../colours";
import { Icon, type IconName } from "./icons";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon?: IconName;
  look?: "plain" | "quiet" | "strong" | "danger";
}

export function Button({ icon, look = "plain", children, className = "", ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button ${look} ${children ? "" : "bare"} ${className}`} {...rest}>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

/** How far from the edges of the window a panel stays. */
const EDGE = 12;

/** A button that opens a panel below itself, within the window; Escape and a click elsewhere close it. */
export function Menu({
  label,
  icon,
  title,
  end = false,
  children,
}: {
  label?: ReactNode;
  icon?: IconName;
  title?: string;
  end?: boolean;
  children: (close: () => void) => ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!open || !panel.current) return;
    const { left, right } = panel.current.getBoundingClientRect();
    const by = Math.max(EDGE - left, Math.min(0, document.documentElement.clientWidth - EDGE - right));
    if (by) panel.current.style.transform = `translateX(${by}px)`;
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape") {
        setOpen(false);
        whole.current?.querySelector("button")?.focus();
      }
    };
    addEventListener("pointerdown", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  return (
    <div className="menu" ref={whole}>
      <Button icon={icon} aria-label={title} title={title} aria-expanded={open} onClick={() => setOpen(!open)}>
        {label}
      </Button>
      {open && (
        <div className={`panel ${end ? "end" : ""}`} ref={panel}>
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}

export function Segments<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: { value: T; text: string; icon?: IconName }[];
  onChange: (value: T) => void;
}) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((each) => (
        <button
          type="button"
          key={each.value}
          aria-pressed={each.value === value}
          title={each.icon ? each.text : undefined}
          onClick={() => onChange(each.value)}
        >
          {each.icon && <Icon name={each.icon} />}
          <span className={each.icon ? "wide-only" : ""}>{each.text}</span>
        </button>
      ))}
    </div>
  );
}

export const STATUS: Record<string, string> = {
  RUNNING: "Running",
  FINISHED: "Finished",
  FAILED: "Failed",
  KILLED: "Stopped",
  SCHEDULED: "Scheduled",
};

/** How a run is, by its name, its class and what else is known of it: of one that nothing was heard from, the reason is all. */
export function statusOf({ status = "", status_reason: reason }: Run["info"]): { name: string; look: string; title?: string } {
  const isLost = status === "RUNNING" && !!reason;
  const name = STATUS[status] ?? status;
  return { name: isLost ? capital(reason) : name, look: isLost ? "lost" : status.toLowerCase(), title: reason && `${name}: ${reason}` };
}

/** How a run is, and why, where it did not say so itself. */
export function Status({ of, withReason = false }: { of: Run["info"]; withReason?: boolean }) {
  if (!of.status) return null;
  const { name, look, title } = statusOf(of);
  return (
    <span className={`status ${look}`} title={title}>
      {name}
      {withReason && of.status_reason && look !== "lost" && <small>{of.status_reason}</small>}
    </span>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function Dot({ id }: { id: string }) {
  return <i className="dot" style={{ background: `var(--c${colourIndex(id)})` }} aria-hidden="true" />;
}

/** Nothing to show: what that means, and the command that changes it. */
export function Empty({ title, children, command, isPage = false }: { title: string; children?: ReactNode; command?: string; isPage?: boolean }) {
  const Heading = isPage ? "h1" : "h2"; // where it is all that a page has
  return (
    <div className="empty">
      <Heading>{title}</Heading>
      {children && <p>{children}</p>}
      {command && <Command text={command} />}
    </div>
  );
}

export function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <div className="command">
      <pre tabIndex={0}>{text}</pre>
      <Button look="quiet" icon={copied ? "check" : "copy"} aria-label="Copy" title="Copy" onClick={copy} />
    </div>
  );
}

export function Failure({ error, retry, isPage = false }: { error: Error; retry?: () => void; isPage?: boolean }) {
  const Heading = isPage ? "h1" : "h2";
  const offline = error instanceof ApiError && error.status === 0;
  return (
    <div className="empty" role="alert">
      <Heading>{offline ? "The server does not answer" : "That did not work"}</Heading>
      {offline ? <Command text="hookline ui" /> : <p className="pre">{error.message}</p>}
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <div className="loading" role="status">
      <span className="hidden">Loading {what}</span>
      <i />
      <i />
      <i />
    </div>
  );
}
