import type { GuideSection } from './guide-entry.ts';

/** What is done to requests and answers on their way. */
export const traffic: GuideSection = {
  title: 'What is done on the way',
  entries: [
    {
      want: 'set times and sizes, and let one rule differ',
      files: ['policy'],
      note: 'What a rule does not say, it inherits [from its object](concepts.md#policies), field by field.',
      asks: 'http://policy.example.com/upload/film.mp4',
      shows: ['bodies of requests may have 1073741824 bytes', 'times: connect 0.5 s, read 600 s, send 60 s'],
    },
    {
      want: 'compress answers, but not those with secrets',
      files: ['compression'],
      asks: "http://compressed.example.com/ --header 'Accept-Encoding: br, gzip'",
      shows: ['answers are compressed with zstd, br, gzip'],
    },
    {
      want: 'spare my backend slow clients',
      files: ['buffering'],
      asks: 'http://buffered.example.com/',
      shows: [
        'the body is waited for, up to 1024 bytes',
        'answers are held for slow clients, up to 4194304 bytes',
        'it is in no access log',
      ],
    },
    {
      want: 'show pages of my own in place of errors',
      files: ['error-pages'],
      asks: 'http://errors.example.com/',
      shows: ['errors have pages: 404, 410, 429, 403, 500, 502, 503, 504'],
    },
    {
      want: 'try the next version with copies of real requests',
      files: ['mirror'],
      asks: 'http://mirrored.example.com/',
      shows: ['50 % of the requests are copied to default/web-next:80'],
    },
  ],
};

/** How a backend's endpoint is chosen, reached and spared. */
export const backends: GuideSection = {
  title: 'Which endpoint, and how it is spared',
  entries: [
    {
      want: 'keep a client with the endpoint that it got first',
      files: ['sticky'],
      asks: 'http://sticky.example.com/',
      shows: [
        'the client is kept with its endpoint by the cookie session',
        'an endpoint that becomes ready has its whole share after 30 s',
      ],
    },
    {
      want: 'send equal requests to the same endpoint (for its cache)',
      files: ['hashed'],
      asks: "http://hashed.example.com/ --header 'X-Tenant: blue'",
      shows: ['the endpoint is chosen by header x-tenant'],
    },
    {
      want: 'survive bad endpoints',
      files: ['resilience'],
      note: 'Health checks, what requests meet, limits and retries: [endpoints.md](endpoints.md).',
      asks: 'http://resilience.example.com/',
      shows: [
        'the whole request has 15 s',
        'endpoints are asked every 5 s whether they are well: GET /healthz',
        'an endpoint is out of rotation for 10 s after 5 connects that fail in a row or 5 errors in a row',
        'each worker lets the backend have at most 500 connections, 100 requests that wait, 1000 requests',
      ],
    },
    {
      want: 'tell my backend who the client is, by a PROXY header',
      files: ['backend-proxy-protocol'],
      asks: 'http://proxied.example.com/',
      shows: ['a PROXY header (version 2) tells the backend of the client'],
    },
  ],
};
