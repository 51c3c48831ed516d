import type { Range } from "./settings";

/** Moves a chart's picture to a part of x, or to the whole, where the chart is in the window. */
type Follower = (zoom: Range | null) => void;

const followers = new Set<Follower>();

/** Be told of each part that is to be seen; returns how to stop. */
export function following(follower: Follower): () => void {
  followers.add(follower);
  return () => void followers.delete(follower);
}

/** Move the pictures in the window, before all else that a zoom changes is rendered. */
export function follow(zoom: Range | null): void {
  for (const each of followers) each(zoom);
}
