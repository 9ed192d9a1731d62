/** Metrics of the controllers that the dashboard's variables choose; it also gives each series the name of its pod. */
const chosen = 'smartproxy_controller_info{pod_namespace=~"$namespace", ingress_class=~"$class"}';

/** `vector` (with the labels `job` and `instance`) of the chosen controllers alone, with `pod_name`. */
export function ours(vector: string): string {
  return `${vector} * on (job, instance) group_left (pod_name) ${chosen}`;
}

/** How fast a counter of the chosen controllers grows, a second. @param selector with its braces */
export function perSecond(counter: string, selector = ''): string {
  return ours(`rate(${counter}${selector}[$__rate_interval])`);
}

/** A quantile of a histogram of the chosen controllers. @param by labels to keep apart, beside the bounds */
export function quantile(share: number, histogram: string, selector = '', by: readonly string[] = []): string {
  return `histogram_quantile(${share}, sum by (${['le', ...by].join(', ')}) (${perSecond(`${histogram}_bucket`, selector)}))`;
}

/** What a histogram of the chosen controllers counted since the last point, by bound: rows of a heat map. */
export function heat(histogram: string, selector = ''): string {
  return `sum by (le) (${ours(`increase(${histogram}_bucket${selector}[$__rate_interval])`)})`;
}

export function sum(vector: string, ...by: readonly string[]): string {
  return by.length === 0 ? `sum(${vector})` : `sum by (${by.join(', ')}) (${vector})`;
}

/** Replicas all see the same objects: the most that one of them says. */
export function max(vector: string, ...by: readonly string[]): string {
  return by.length === 0 ? `max(${vector})` : `max by (${by.join(', ')}) (${vector})`;
}
