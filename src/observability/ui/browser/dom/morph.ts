/**
 * Makes `current` hold what `wanted` are, changing as little as it can: what stays the same keeps its node, and so focus, selection and
 * scroll position. Elements with the same `data-key` are the same thing wherever they are. What somebody typed into a field stays.
 */
export function morphChildren(current: Element, wanted: readonly Node[]): void {
  const keyed = new Map<string, Element>();
  for (const child of current.children) {
    const key = child.getAttribute('data-key');
    if (key !== null) keyed.set(key, child);
  }
  let place = current.firstChild;
  for (const next of wanted) {
    const key = keyOf(next);
    const known = key === undefined ? sameSort(place, next) : keyed.get(key);
    if (key !== undefined) keyed.delete(key);
    if (known === undefined || known.nodeName !== next.nodeName) {
      current.insertBefore(next, place);
      continue;
    }
    if (known === place) place = place.nextSibling;
    else current.insertBefore(known, place);
    morph(known, next);
  }
  while (place !== null) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}

function morph(known: ChildNode, next: Node): void {
  if (known instanceof Element && next instanceof Element) {
    morphAttributes(known, next);
    morphChildren(known, [...next.childNodes]);
  } else if (known.nodeValue !== next.nodeValue) known.nodeValue = next.nodeValue;
}

function morphAttributes(known: Element, next: Element): void {
  for (const { name } of [...known.attributes]) if (!next.hasAttribute(name)) known.removeAttribute(name);
  for (const { name, value } of next.attributes) if (known.getAttribute(name) !== value) known.setAttribute(name, value);
}

/** What stands at this place, when it can become the wanted one: something with a key is never taken for something else. */
function sameSort(place: ChildNode | null, next: Node): ChildNode | undefined {
  return place !== null && place.nodeName === next.nodeName && keyOf(place) === undefined ? place : undefined;
}

function keyOf(node: Node): string | undefined {
  return node instanceof Element ? (node.getAttribute('data-key') ?? undefined) : undefined;
}
