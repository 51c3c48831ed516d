/** Drawn here, on a grid of 16: there is no icon font and no library. */
const PATHS = {
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.8 10.8 14 14",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  trash: "M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.6 9h6.8l.6-9",
  pencil: "m10.5 3 2.5 2.5L5.5 13l-3 .5.5-3z",
  chart: "M2.5 2.5v11h11M5 10.5l2.5-3.5 2.2 2L13 4.5",
  table: "M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.6h11",
  split: "M2.5 3h11v10h-11zM8 3v10",
  compare: "M5 2.5v11M11 2.5v11M2.5 5.5 5 3l2.5 2.5M8.5 10.5 11 13l2.5-2.5",
  box: "M8 2 13.5 5v6L8 14l-5.5-3V5zM2.5 5 8 8l5.5-3M8 8v6",
  flask: "M6 2.5h4M6.8 2.5v4L3 13.5h10l-3.8-7v-4M4.8 10.2h6.4",
  close: "m4 4 8 8M12 4l-8 8",
  check: "m3 8.5 3.2 3.2L13 5",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  up: "m4 10 4-4 4 4",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.500a5.7 5.7 0 1 0 7 7Z",
  file: "M4 2h5.500L12.5 5v9H4zM9.5 2v3h3",
  folder: "M2 4h4l1.5 1.500H14V13H2z",
  copy: "M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3",
  restore: "M3 8a5 5 0 1 0 1.7-3.700L3 6M3 2.500V6h3.5",
  bookmark: "M4 2.500h8V14l-4-3-4 3z",
  tag: "M2.5 2.500h5.500l5.5 5.5-5.5 5.500L2.5 8zM5.3 5.300h.01",
  pin: "M6 2.500h4M6.7 2.500v4L4.500 9h7L9.300 6.500v-4M8 9v4.500",
  plus: "M8 3v10M3 8h10",
  user: "M8 8a2.800 2.800 0 1 0 0-5.600A2.800 2.800 0 0 0 8 8ZM2.800 13.800a5.200 4.600 0 0 1 10.400 0",
  exit: "M6.500 2.500h-4v11h4M10 4.800 13.200 8 10 11.200M13.200 8H6",
  zoom: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.8 10.8 14 14M5 7h4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The same where React draws nothing. */
export function iconElement(name: IconName): SVGSVGElement {
  const [icon, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag)) as [SVGSVGElement, SVGPathElement];
  icon.setAttribute("class", "icon");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  icon.append(path);
  return icon;
}
