/* <metric-histogram>: how the latest values of a metric are spread over runs. */

const BARS = 20;
const SVG = "http://www.w3.org/2000/svg";
const style = new CSSStyleSheet();
style.replaceSync(`
  label { display: inline-flex; gap: 8px; align-items: center; color: var(--faint); }
  select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; }
  svg { display: block; width: 100%; height: 300px; margin-top: 12px; }
  rect { fill: var(--accent); }
  p { display: flex; justify-content: space-between; margin: 4px 0; color: var(--faint); font-variant-numeric: tabular-nums; }
`);

customElements.define(
  "metric-histogram",
  class extends HTMLElement {
    #runs = [];
    #metric = "";

    set runs(runs) {
      this.#runs = runs;
      if (this.isConnected) this.#show();
    }

    connectedCallback() {
      if (!this.shadowRoot) this.attachShadow({ mode: "open" }).adoptedStyleSheets = [style];
      this.#show();
    }

    #show() {
      const metrics = [...new Set(this.#runs.flatMap((run) => (run.data?.metrics ?? []).map((each) => each.key)))].sort();
      if (!metrics.includes(this.#metric)) this.#metric = metrics[0] ?? "";
      const choice = document.createElement("select");
      choice.append(...metrics.map((key) => new Option(key, key, false, key === this.#metric)));
      choice.addEventListener("change", () => {
        this.#metric = choice.value;
        this.#show();
      });
      const label = document.createElement("label");
      label.append("Metric", choice);
      this.shadowRoot.replaceChildren(label, ...drawing(this.#values(), this.#metric));
    }

    /* NaN and infinities come as texts: they have no place on an axis. */
    #values() {
      const points = this.#runs.flatMap((run) => run.data?.metrics ?? []).filter((each) => each.key === this.#metric);
      return points.map((each) => each.value).filter((value) => typeof value === "number");
    }
  },
);

function drawing(values, metric) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const counts = new Array(BARS).fill(0);
  for (const value of values) counts[Math.min(BARS - 1, Math.floor(((value - low) / (high - low || 1)) * BARS))] += 1;
  const most = Math.max(...counts, 1);
  const svg = shape("svg", { viewBox: "0 0 800 280", role: "img", preserveAspectRatio: "none" });
  svg.setAttribute("aria-label", `${values.length} values of ${metric}, from ${low} to ${high}`);
  counts.forEach((count, at) => {
    const height = (count / most) * 280;
    svg.append(shape("rect", { x: at * 40 + 1, y: 280 - height, width: 38, height }));
  });
  const ends = document.createElement("p");
  for (const value of values.length ? [low, high] : []) {
    const mark = document.createElement("span");
    mark.textContent = Number(value.toPrecision(4)).toString();
    ends.append(mark);
  }
  return [svg, ends];
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
