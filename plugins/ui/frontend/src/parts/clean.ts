import createDOMPurify from "dompurify";
import { marked } from "marked";

const ALLOWED =
  "a b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre s span strong sub sup table tbody td th thead tr ul".split(" ");
const purify = createDOMPurify(window);

// An image would be a request to wherever its author wants: what it says is shown, and its address as a link.
marked.use({
  renderer: {
    image({ href, text }) {
      const link = document.createElement("a");
      link.href = href;
      link.textContent = `[image: ${text || href}]`;
      return link.outerHTML;
    },
  },
});

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("rel", "noopener noreferrer nofollow");
  node.setAttribute("target", "_blank");
});

/** Markdown as HTML that only has the form of a text. */
export function clean(text: string): string {
  const html = marked.parse(text, { async: false, gfm: true, breaks: true });
  return purify.sanitize(html, {
    ALLOWED_TAGS: ALLOWED,
    ALLOWED_ATTR: ["href", "title", "align", "start", "rel", "target"],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
}
