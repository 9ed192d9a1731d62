/** A value as its leaves by path, `a.b[0].c`; lists of plain values are one leaf. What is undefined or empty is none. Pure. */
export function flatFields(value: unknown): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  collect(value, '', fields);
  return fields;
}

function collect(value: unknown, path: string, fields: Map<string, string>): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
    for (const [index, item] of value.entries()) collect(item, `${path}[${index}]`, fields);
  } else if (typeof value === 'object' && !Array.isArray(value)) {
    for (const [name, item] of Object.entries(value)) collect(item, path === '' ? name : `${path}.${name}`, fields);
  } else if (!Array.isArray(value) || value.length > 0) {
    fields.set(path, Array.isArray(value) ? value.map((item) => listed(variantless(String(item)))).join(', ') : variantless(String(value)));
  }
}

/** One with a comma in it is not two. */
function listed(item: string): string {
  return item.includes(',') ? JSON.stringify(item) : item;
}

/** `shop/web:80#1a2b3c` names the variant of a Service port by a hash of what makes it one. */
function variantless(text: string): string {
  return /^[a-z0-9.-]+\/[a-z0-9.-]+:\d+#[\w-]+$/.test(text) ? text.replace(/#.*$/, '') : text;
}
