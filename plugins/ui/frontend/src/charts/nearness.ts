import { useEffect, useState, type RefObject } from "react";
import { whenQuiet } from "../api/queries";

/** Around the window, and around the pane in it that scrolls, of which TypeScript does not know yet. */
const NEAR: IntersectionObserverInit & { scrollMargin: string } = { rootMargin: "300px", scrollMargin: "300px" };

/** The width of an element, and whether its content is wanted: at once in the window, near it after what is in it. */
export function useNearness(host: RefObject<HTMLElement | null>): { width: number; isWanted: boolean } {
  const [width, setWidth] = useState(0);
  const [isWanted, setWanted] = useState(false);
  useEffect(() => {
    let forget: (() => void) | undefined;
    const want = () => {
      setWanted(true);
      forget?.();
      inside.disconnect();
      around.disconnect();
    };
    const sized = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    const inside = new IntersectionObserver(([entry]) => entry.isIntersecting && want());
    const around = new IntersectionObserver(
      ([entry]) => {
        forget?.();
        forget = entry.isIntersecting ? whenQuiet("chart", want) : undefined;
      },
      NEAR,
    );
    sized.observe(host.current!);
    inside.observe(host.current!);
    around.observe(host.current!);
    return () => {
      forget?.();
      for (const each of [sized, inside, around]) each.disconnect();
    };
  }, []);
  return { width, isWanted };
}
