/** Words of PromQL that look like metrics. */
const words = new Set([
  ...['by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'and', 'or', 'unless', 'bool', 'offset'],
  ...[
    'sum',
    'min',
    'max',
    'avg',
    'count',
    'topk',
    'bottomk',
    'sort',
    'sort_desc',
    'rate',
    'increase',
    'absent',
    'time',
    'histogram_quantile',
  ],
]);

/** The selectors of an expression without their ranges: `name` or `name{...}`. Label lists after by, on and the like are no metrics. */
export function selectorsOf(expr: string): readonly string[] {
  const bare = expr.replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const found: string[] = [];
  const pattern = /"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\b([a-zA-Z_:][\w:]*)\b(\s*\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?/g;
  for (const [, name, braces = ''] of bare.matchAll(pattern)) if (name !== undefined && !words.has(name)) found.push(name + braces.trim());
  return found;
}

/** The name of a selector's metric. */
export function metricOf(selector: string): string {
  return selector.replace(/\{.*$/s, '');
}

/** An expression with a dashboard's variables replaced, as Grafana does. */
export function substituted(expr: string, variables: Readonly<Record<string, string>>): string {
  return expr.replace(/\$(\w+)/g, (variable, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`${variable} is no variable: ${expr}`);
    return value;
  });
}
