import { X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { acmeTlsProtocol } from '../routes/acme-tls.ts';
import type { AcmeChallenge } from '../translate/acme-state.ts';

/** Where an answer should be. */
export interface AnswerPlace {
  readonly address: string;
  readonly port: number;
  /** Whether to begin with a PROXY header. */
  readonly withHeader: boolean;
}

/** What is there. `why`: the rest of a sentence about the place. */
export type SeenAnswer =
  | { readonly kind: 'right' }
  /** Somebody answers, otherwise. */
  | { readonly kind: 'wrong'; readonly why: string }
  /** Nothing can be said: nobody could be asked, or who was asked sends us elsewhere. */
  | { readonly kind: 'unseen'; readonly why: string };

const timeoutMs = 2000;
const maxAnswerLength = 2000;

/** Asks for an answer once, on a connection of its own, as a CA does. Never rejects. */
export function askAnswer(place: AnswerPlace, challenge: AcmeChallenge): Promise<SeenAnswer> {
  return challenge.type === 'tls-alpn-01' ? askOverTls(place, challenge) : askOverHttp(place, challenge);
}

function askOverHttp(place: AnswerPlace, { name, token, keyAuthorization }: AcmeChallenge): Promise<SeenAnswer> {
  return new Promise((resolve) => {
    const sent = request({
      createConnection: () => connected(place),
      path: `/.well-known/acme-challenge/${token}`,
      headers: { host: name, connection: 'close' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    sent.once('error', (error) => resolve(unseen(error)));
    sent.once('response', (response) => {
      const { statusCode = 0, headers } = response;
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, maxAnswerLength);
      });
      response.once('error', (error) => resolve(unseen(error)));
      response.once('end', () => {
        if (statusCode >= 300 && statusCode < 400) resolve({ kind: 'unseen', why: `it sends us on to ${printable(headers.location)}` });
        else if (statusCode !== 200) resolve({ kind: 'wrong', why: `it answers with status ${statusCode}` });
        else resolve(text.trim() === keyAuthorization ? { kind: 'right' } : { kind: 'wrong', why: 'it answers with another text' });
      });
    });
    sent.end();
  });
}

function askOverTls(place: AnswerPlace, { name, certificate }: AcmeChallenge): Promise<SeenAnswer> {
  return new Promise((resolve) => {
    const raw = connected(place);
    const socket = connectTls({ socket: raw, servername: name, ALPNProtocols: [acmeTlsProtocol], rejectUnauthorized: false });
    const done = (seen: SeenAnswer) => {
      clearTimeout(timer);
      resolve(seen);
      socket.destroy();
      raw.destroy();
    };
    const timer = setTimeout(() => done({ kind: 'unseen', why: `it does not answer within ${timeoutMs} ms` }), timeoutMs);
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('ERR_SSL_') !== true) return done(unseen(error));
      const isAlert = error.code.includes('_ALERT_');
      done({ kind: 'wrong', why: isAlert ? `it refuses the protocol ${acmeTlsProtocol}` : 'it does not speak TLS' });
    };
    raw.on('error', failed);
    socket.on('error', failed);
    socket.once('secureConnect', () => {
      const expected = certificate === undefined ? undefined : new X509Certificate(certificate).fingerprint256;
      if (socket.alpnProtocol !== acmeTlsProtocol) done({ kind: 'wrong', why: `it does not speak the protocol ${acmeTlsProtocol}` });
      else if (socket.getPeerX509Certificate()?.fingerprint256 === expected) done({ kind: 'right' });
      else done({ kind: 'wrong', why: 'it shows another certificate' });
    });
  });
}

function connected({ address, port, withHeader }: AnswerPlace): Socket {
  const socket = connect(port, address);
  if (withHeader) socket.write('PROXY UNKNOWN\r\n');
  return socket;
}

/** What a stranger says, for a message. */
function printable(text = 'nowhere'): string {
  return text.replace(/[^!-~]+/g, ' ').slice(0, 200);
}

function unseen(error: Error): SeenAnswer {
  return { kind: 'unseen', why: error.message || String((error as NodeJS.ErrnoException).code) };
}
