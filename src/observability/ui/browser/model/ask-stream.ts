import { type ProgramAnswer, programAnswer } from './ask-page.ts';

/** How a page that goes on ended. */
export type StreamOutcome =
  /** As it should. */
  | { readonly kind: 'over' }
  | { readonly kind: 'refused'; readonly why: string }
  /** No program answers, something else does, or it broke off. */
  | { readonly kind: 'lost' };

export interface StreamListener {
  /** The page has begun. */
  readonly onBegin: () => void;
  /** Gets each line, parsed. */
  readonly onLine: (line: unknown) => void;
}

/** Longer lines are no answer of ours. */
const maxLineLength = 1024 ** 2;

/** Reads a page that goes on, line by line, until it is over or the signal is aborted. */
export async function askStream(path: string, signal: AbortSignal, listener: StreamListener): Promise<StreamOutcome> {
  try {
    const response = await fetch(`.${path}`, { cache: 'no-store', redirect: 'error', signal });
    const isStream = response.ok && response.headers.get('content-type') === 'application/x-ndjson';
    if (!isStream || response.body === null) return refusalOf(await programAnswer(response));
    listener.onBegin();
    return (await readLines(response.body, listener.onLine)) ? { kind: 'over' } : { kind: 'lost' };
  } catch {
    return { kind: 'lost' };
  }
}

function refusalOf(answer: ProgramAnswer): StreamOutcome {
  if (answer.kind === 'refused') return { kind: 'refused', why: `The program says: ${answer.why}` };
  return answer.kind === 'missing'
    ? { kind: 'refused', why: 'The program at this port has no such page: it is older than this web UI.' }
    : { kind: 'lost' };
}

/** False: a line is too long, or the last one is not that of the end. */
async function readLines(body: ReadableStream<Uint8Array>, onLine: StreamListener['onLine']): Promise<boolean> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  let last: unknown;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const lines = (rest + decoder.decode(read.value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      last = JSON.parse(line);
      onLine(last);
    }
    if (rest.length > maxLineLength) return false;
  }
  return typeof last === 'object' && last !== null && 'kind' in last && last.kind === 'end';
}
