import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isForwarded } from '../../../src/networkproxy/header-names.ts';
import { chunkEnd, chunkHeader, lastChunk } from '../../../src/networkproxy/http1/chunk-framing.ts';
import type { BodyFraming, RequestHead, ResponseHead } from '../../../src/networkproxy/http1/message-handler.ts';
import { upstreamRequestHead } from '../../../src/networkproxy/http1/request-lines.ts';
import { serialiseResponseHead } from '../../../src/networkproxy/http1/serialise-head.ts';
import { hostileRequests } from '../../corpus/http1/hostile-requests.ts';
import { hostileResponses } from '../../corpus/http1/hostile-responses.ts';
import { outgoingOf } from '../../tools/outgoing-request.ts';
import { type Outcome, parseRequests, parseResponse } from '../../unit/http1/drive-parser.ts';
import { anyCut, anyRequest, anyResponse, cut } from './arbitrary-messages.ts';

function wireBody(body: BodyFraming, message: { readonly body: string; readonly trailers: readonly string[] | undefined }): string {
  if (body.kind !== 'chunked') return message.body;
  const chunk = message.body === '' ? '' : `${chunkHeader(message.body.length)}${message.body}${chunkEnd}`;
  return `${chunk}${lastChunk(message.trailers ?? [])}`;
}

/** A request as the backend gets it, without what is added to each. */
function rewriteRequest({ head, ...message }: Outcome<RequestHead>['messages'][number]): string {
  return upstreamRequestHead(outgoingOf(head)).replace(/x-(?:forwarded-host|request-id): [^\r]*\r\n/g, '') + wireBody(head.body, message);
}

/** What of a request's list a backend gets from the client itself. */
function forwardedAsSent(headers: readonly string[]): readonly string[] {
  return headers.filter((_, i) => {
    const name = headers[i - (i % 2)] ?? '';
    return !isForwarded(name) && name !== 'x-request-id';
  });
}

function rewriteResponse({ head, ...message }: Outcome<ResponseHead>['messages'][number]): string {
  return serialiseResponseHead(head.status, head.reason, head.headers, head.body, '') + wireBody(head.body, message);
}

describe('HTTP/1 requests', () => {
  it('mean the same however they are cut, one after the other', () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 3 }), anyCut, (samples, sizes) => {
        const text = samples.map((sample) => sample.text).join('');
        const outcome = parseRequests(cut(text, sizes));
        assert.equal(outcome.rule, undefined);
        assert.equal(outcome.midMessage, false);
        assert.deepEqual(
          outcome.messages.map(({ head, body, trailers }) => ({ headers: head.headers, body, trailers })),
          samples.map(({ headers, body, trailers }) => ({ headers, body, trailers })),
        );
        assert.deepEqual(outcome, parseRequests([Buffer.from(text, 'latin1')]));
      }),
      { numRuns: 400 },
    );
  });

  it('are the same after they were written and read again', () => {
    fc.assert(
      fc.property(anyRequest, (sample) => {
        const first = parseRequests([Buffer.from(sample.text, 'latin1')]).messages[0]!;
        const again = parseRequests([Buffer.from(rewriteRequest(first), 'latin1')]).messages[0]!;
        assert.deepEqual(again, first);
        assert.equal(rewriteRequest(again), rewriteRequest(first));
      }),
      { numRuns: 300 },
    );
  });
});

describe('HTTP/1 answers', () => {
  it('mean the same however they are cut', () => {
    fc.assert(
      fc.property(anyResponse, anyCut, (sample, sizes) => {
        const outcome = parseResponse(cut(`${sample.text}rest`, sizes));
        assert.equal(outcome.rule, undefined);
        assert.equal(outcome.rest, 'rest');
        const { head, body, trailers } = outcome.messages[0]!;
        assert.deepEqual(
          { headers: head.headers, body, trailers },
          { headers: sample.headers, body: sample.body, trailers: sample.trailers },
        );
      }),
      { numRuns: 400 },
    );
  });

  it('are the same after they were written and read again', () => {
    fc.assert(
      fc.property(anyResponse, (sample) => {
        const first = parseResponse([Buffer.from(sample.text, 'latin1')]).messages[0]!;
        const again = parseResponse([Buffer.from(rewriteResponse(first), 'latin1')]).messages[0]!;
        assert.deepEqual(again, first);
      }),
      { numRuns: 300 },
    );
  });
});

/** Text that is nearly a message: a good or hostile one with bytes changed, put in, taken out. */
function nearly(texts: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.integer({ min: 0, max: 3 }),
    added: fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', '\0', ' ', '\t', ':', ';', ',', '0', '\r\n\r\n', 'chunked', '\x80', '%2e', '/', '"'),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
  });
  const text = fc.oneof(
    fc.constantFrom(...texts.filter((candidate) => candidate.length < 2000)),
    anyRequest.map((sample) => sample.text),
  );
  return fc.tuple(text, fc.array(edit, { maxLength: 4 })).map(([start, edits]) =>
    edits.reduce((current, { at, removed, added }) => {
      const index = Math.floor(at * current.length);
      return current.slice(0, index) + added + current.slice(index + removed);
    }, start),
  );
}

describe('any bytes', () => {
  it('get the same verdict from the request parser however they are cut, and never throw', () => {
    fc.assert(
      fc.property(nearly(hostileRequests.map((message) => message.text)), anyCut, (text, sizes) => {
        const whole = parseRequests([Buffer.from(text, 'latin1')], { finish: true });
        const pieces = parseRequests(cut(text, sizes), { finish: true });
        assert.equal(pieces.rule, whole.rule);
        assert.equal(pieces.complete, whole.complete);
        assert.deepEqual(pieces.messages, whole.messages);
      }),
      { numRuns: 3000 },
    );
  });

  it('get the same verdict from the response parser however they are cut, and never throw', () => {
    fc.assert(
      fc.property(
        nearly(hostileResponses.map((message) => message.text)),
        anyCut,
        fc.constantFrom('GET', 'HEAD'),
        (text, sizes, method) => {
          const whole = parseResponse([Buffer.from(text, 'latin1')], { method, finish: true });
          const pieces = parseResponse(cut(text, sizes), { method, finish: true });
          assert.equal(pieces.rule, whole.rule);
          assert.deepEqual(pieces.messages, whole.messages);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('that are understood are written as something that means just that', () => {
    fc.assert(
      fc.property(nearly(hostileRequests.map((message) => message.text)), (text) => {
        for (const message of parseRequests([Buffer.from(text, 'latin1')]).messages) {
          if (message.trailers === undefined) continue;
          const again = parseRequests([Buffer.from(rewriteRequest(message), 'latin1')]);
          if (message.head.authority === '') continue; // an HTTP/1.0 request without Host is written with one by its forwarder
          assert.equal(again.rule, undefined);
          assert.equal(again.messages.length, 1, 'one request became several');
          assert.equal(again.messages[0]?.body, message.body);
          assert.deepEqual(again.messages[0]?.head.headers, forwardedAsSent(message.head.headers));
          assert.equal(again.messages[0]?.head.target, message.head.target);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('without structure are read to the end or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), anyCut, (bytes, sizes) => {
        const text = Buffer.from(bytes).toString('latin1');
        assert.equal(parseRequests(cut(text, sizes)).rule, parseRequests([Buffer.from(bytes)]).rule);
        parseResponse(cut(text, sizes), { finish: true });
      }),
      { numRuns: 500 },
    );
  });
});
