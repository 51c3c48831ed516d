/** Makes an element. Text stays text, whatever it holds. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Gives an element an attribute, or takes it away; nothing is touched that is so already. */
export function change(of: Element, name: string, value: string | undefined): void {
  if (value === undefined) of.removeAttribute(name);
  else if (of.getAttribute(name) !== value) of.setAttribute(name, value);
}

/** Puts elements into this order behind `after`; those that stand right are not moved. */
export function arrange(parent: Element, elements: Element[], after: Element | null = null): void {
  let at = after ? after.nextElementSibling : parent.firstElementChild;
  for (const each of elements) {
    if (each === at) at = at.nextElementSibling;
    else parent.insertBefore(each, at);
  }
}
