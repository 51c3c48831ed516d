/* <confusion-matrix>: a run's artifact confusion_matrix.json, {"labels": [...], "matrix": [[...], ...]}. */

const FILE = "confusion_matrix.json";
const style = new CSSStyleSheet();
style.replaceSync(`
  table { border-collapse: collapse; font: inherit; font-variant-numeric: tabular-nums; }
  caption { text-align: start; margin-bottom: 8px; color: var(--faint); }
  th { font-weight: 500; padding: 6px 12px; text-align: end; }
  tbody td { position: relative; min-width: 56px; padding: 10px 12px; text-align: end; border: 1px solid var(--line); }
  tbody td::before { content: ""; position: absolute; inset: 0; background: var(--accent); opacity: var(--part); }
  tbody td span { position: relative; }
  p { color: var(--faint); }
`);

customElements.define(
  "confusion-matrix",
  class extends HTMLElement {
    #run;

    set run(run) {
      const before = this.#run?.info.run_id;
      this.#run = run;
      if (this.isConnected && before !== run.info.run_id) void this.#show();
    }

    connectedCallback() {
      if (!this.shadowRoot) this.attachShadow({ mode: "open" }).adoptedStyleSheets = [style];
      void this.#show();
    }

    async #show() {
      const id = this.#run.info.run_id;
      const answer = await fetch(this.hookline.fileUrl(id, FILE));
      const found = answer.ok ? await answer.json().catch(() => null) : null;
      if (id !== this.#run.info.run_id) return; // another run was chosen meanwhile
      this.shadowRoot.replaceChildren(isMatrix(found) ? table(found) : text("p", hint(answer.ok)));
    }
  },
);

function hint(isThere) {
  return isThere ? `${FILE} is no confusion matrix.` : `This run has no ${FILE}: log one with run.log_dict({"labels": ..., "matrix": ...}, "${FILE}").`;
}

function isMatrix(found) {
  const size = found?.labels?.length;
  return size > 0 && found.matrix?.length === size && found.matrix.every((row) => row.length === size && row.every(Number.isFinite));
}

/* What was logged becomes text and never markup. */
function text(tag, content) {
  const made = document.createElement(tag);
  made.textContent = content;
  return made;
}

function table({ labels, matrix }) {
  const most = Math.max(...matrix.flat(), 1);
  const made = document.createElement("table");
  made.append(text("caption", "Rows: what was true. Columns: what was predicted."));
  const head = made.createTHead().insertRow();
  head.insertCell();
  head.append(...labels.map((label) => text("th", label)));
  const body = made.createTBody();
  matrix.forEach((counts, at) => {
    const row = body.insertRow();
    row.append(text("th", labels[at]));
    for (const count of counts) {
      const cell = row.insertCell();
      cell.append(text("span", count.toLocaleString("en")));
      cell.style.setProperty("--part", String(0.55 * (count / most)));
    }
  });
  return made;
}
