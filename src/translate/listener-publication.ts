import type { Service } from '../api/objects.ts';
import type { Listener } from '../routes/route-table.ts';
import { fieldsOf, itemsOf, portOf } from './unknown-input.ts';

/**
 * What the Service in front has to get so that it carries the listener, as a sentence; undefined: it does. A target by name can't be told
 * from here.
 * @param isSaid whether `publishedPort` is what clients dial; false: nobody said, and any port that leads to the listener will do
 */
export function publicationLack(
  { metadata, spec }: Service,
  { port, publishedPort, protocol }: Listener,
  isSaid: boolean,
): string | undefined {
  const transport = protocol === 'udp' ? 'UDP' : 'TCP';
  const carries = itemsOf(fieldsOf(spec).ports).some((item) => {
    const entry = fieldsOf(item);
    const target = entry.targetPort ?? entry.port;
    const isDialled = !isSaid || portOf(entry.port) === publishedPort;
    return isDialled && (entry.protocol ?? 'TCP') === transport && (typeof target === 'string' || target === port);
  });
  if (carries) return undefined;
  const dialled = isSaid ? ` ${publishedPort}` : '';
  return `Service ${metadata.namespace}/${metadata.name} in front has no ${transport} port${dialled} that leads to port ${port}, so clients can not reach it; add one`;
}
