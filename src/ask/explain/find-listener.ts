import type { Listener } from '../../routes/route-table.ts';
import type { BadQuestion, ReadQuestion } from './question.ts';

/** Where something arrives, or why it arrives nowhere. */
export type FoundListener =
  | { readonly kind: 'listener'; readonly listener: Listener; readonly note: string | undefined }
  | { readonly kind: 'none'; readonly why: string }
  | BadQuestion;

const usualPorts = { http: 80, https: 443, tls: 443, tcp: undefined, udp: undefined } as const;
const protocols = { http: ['http'], https: ['https'], tls: ['https', 'tcp'], tcp: ['tcp'], udp: ['udp'] } as const;

/** The listener of a question: by its name, else by the port of the URL, as clients dial it or as it is bound. */
export function findListener({ speaks, port }: ReadQuestion, name: string | undefined, listeners: readonly Listener[]): FoundListener {
  if (name !== undefined) return byName(speaks, name, listeners);
  const wanted: readonly string[] = protocols[speaks];
  const fitting = listeners.filter(({ protocol }) => wanted.includes(protocol));
  if (port !== undefined) return byPort(speaks, port, fitting, listeners);
  const [usual, ...others] = fitting.filter(({ publishedPort }) => publishedPort === usualPorts[speaks]);
  if (usual !== undefined && others.length === 0) return { kind: 'listener', listener: usual, note: undefined };
  const [only, ...more] = fitting;
  if (only === undefined) return { kind: 'none', why: `there is no listener for ${speaks}; ${listed(listeners)}` };
  if (more.length > 0)
    return {
      kind: 'bad',
      message: `Several listeners are for ${speaks}: write a port, or one of --listener ${fitting.map(({ key }) => key).join(', ')}.`,
    };
  const note =
    usualPorts[speaks] === undefined
      ? undefined
      : `The URL names no port; the listener ${only.key} is reached on port ${only.publishedPort}.`;
  return { kind: 'listener', listener: only, note };
}

function byName(speaks: ReadQuestion['speaks'], name: string, listeners: readonly Listener[]): FoundListener {
  const listener = listeners.find(({ key }) => key === name);
  if (listener === undefined) return { kind: 'bad', message: `There is no listener ${name}: ${listed(listeners)}.` };
  const wanted: readonly string[] = protocols[speaks];
  if (wanted.includes(listener.protocol)) return { kind: 'listener', listener, note: undefined };
  return { kind: 'none', why: `the listener ${name} is for ${listener.protocol}, not for ${speaks}` };
}

function byPort(speaks: ReadQuestion['speaks'], port: number, fitting: readonly Listener[], listeners: readonly Listener[]): FoundListener {
  const published = fitting.filter(({ publishedPort }) => publishedPort === port);
  const [listener, ...others] = published.length > 0 ? published : fitting.filter((each) => each.port === port);
  if (listener !== undefined && others.length === 0) return { kind: 'listener', listener, note: undefined };
  if (listener !== undefined) {
    return {
      kind: 'bad',
      message: `Several listeners have port ${port}: write one of --listener ${[listener, ...others].map(({ key }) => key).join(', ')}.`,
    };
  }
  const other = listeners.find((each) => each.publishedPort === port || each.port === port);
  if (other !== undefined)
    return { kind: 'none', why: `port ${port} is that of the listener ${other.key}, which is for ${other.protocol}, not for ${speaks}` };
  return { kind: 'none', why: `no listener has port ${port}; ${listed(listeners)}` };
}

function listed(listeners: readonly Listener[]): string {
  if (listeners.length === 0) return 'there is none at all';
  return `there are ${listeners.map(({ key, protocol, publishedPort }) => `${key} (${protocol}, port ${publishedPort})`).join(', ')}`;
}
