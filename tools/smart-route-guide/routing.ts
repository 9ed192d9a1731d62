import type { GuideSection } from './guide-entry.ts';

/** Which requests a route is for, and where it sends them. */
export const routing: GuideSection = {
  title: 'Where requests go',
  entries: [
    {
      want: 'send a tenth of the requests to the next version',
      files: ['canary'],
      note: 'A weight is a share of the sum of all. For clients that ask for the next version by a header, a rule with a match does it: see the next example.',
      asks: 'http://canary.example.com/',
      shows: [
        '90 %  default/web:80 (http, round-robin, Host canary.example.com)',
        '10 %  default/web-next:80 (http, round-robin, Host canary.example.com)',
      ],
    },
    {
      want: 'tell requests apart by method, header, query or a pattern',
      files: ['matching'],
      note: 'The order of the rules says nothing, [what they ask for](smartroute.md#which-route-wins) does. Each loser says why it lost.',
      asks: "'http://matching.example.com/?beta=yes'",
      shows: [
        'header: it wants the header x-beta to be there',
        'precedence: it would take the request, but the winner comes first: it asks for 1 query parameters, this one for 0',
      ],
    },
    {
      want: 'redirect what has moved',
      files: ['redirect'],
      asks: 'http://old.example.com/docs/intro',
      shows: ['SmartRoute default/redirect answers 301 route_redirect: to https://docs.example.com/intro.'],
    },
    {
      want: 'rewrite paths, hosts and headers',
      files: ['rewrite'],
      asks: 'http://rewrite.example.com/users/17/orders',
      shows: ['request headers are changed: cookie, x-tenant', 'ready  http://127.0.0.1:18121/u/17/orders'],
    },
    {
      want: 'serve many names with one route',
      files: ['wildcard'],
      note: '`*.` stands for exactly one label, `**.` for one or more. An exact host comes before both, whatever its priority.',
      asks: 'http://a.b.archive.example.com/x',
      shows: ['**.archive.example.com  / (prefix)       SmartRoute default/wildcard'],
    },
    {
      want: 'use a Service of another namespace',
      files: ['cross-namespace', 'cross-namespace-grant'],
      note: 'Who owns that namespace permits it, with a ReferenceGrant of the Gateway API. Without it the answer is 503 (`RefNotPermitted`).',
      asks: 'http://reports.example.com/',
      shows: ['SmartRoute default/cross-namespace sends it to reporting/reports:80 (1 of 1 endpoints can be used).'],
    },
    {
      want: 'answer everything myself while the application is away',
      files: ['maintenance'],
      note: 'The priority puts it before every other route of the host. `policy.maintenance` closes a route, and lets those in who are to look at it first.',
      asks: 'http://shop.example.com/cart',
      shows: ['SmartRoute default/maintenance answers 503 route_response.'],
    },
    {
      want: 'serve a host on a port of its own',
      files: ['listeners'],
      note: 'The listener is one of the [SmartProxyConfig](smartproxyconfig.md#listeners). On every other port the host is a 404.',
      asks: 'https://inside.example.com:9443/',
      shows: ['GET https://inside.example.com:9443/ on listener admin (https, port 9443)'],
    },
  ],
};

/** Protocols in HTTP that take more than a route. */
export const protocols: GuideSection = {
  title: 'gRPC and WebSocket',
  entries: [
    {
      want: 'serve gRPC',
      files: ['grpc'],
      note: 'The read timeout is the longest silence of a stream. Pods are asked by the health service of gRPC.',
      asks: "https://grpc.example.com:8443/shop.Cart/Add --method POST --header 'Content-Type: application/grpc'",
      shows: [
        'times: connect 5 s, read 3600 s, send 60 s',
        'endpoints are asked every 5 s whether they are well: the health service of gRPC',
        '(h2c, round-robin, Host grpc.example.com:8443)',
      ],
    },
    {
      want: 'keep WebSockets open that are silent for long',
      files: ['websocket'],
      note: '`read` is for the answer to the upgrade, `tunnelIdle` for what comes after it, `connection` for the rest of its life.',
      asks: "http://chat.example.com/ --header 'Connection: Upgrade' --header 'Upgrade: websocket'",
      shows: [
        'times: connect 5 s, read 10 s, send 60 s, silent WebSockets 3600 s',
        'connections: idle 300 s, lifetime 86400 s, WebSockets end a drain time after their route',
      ],
    },
  ],
};
