import type { GuideSection } from './guide-entry.ts';

/** Who may ask, and how often. */
export const clients: GuideSection = {
  title: 'Who may ask, and how often',
  entries: [
    {
      want: 'let in certain addresses, and close a path for everybody',
      files: ['internal'],
      note: 'The address is the one that [trusted proxies](operations.md#behind-a-load-balancer) vouch for, else that of the connection.',
      asks: 'http://internal.example.com/admin --client 192.0.2.7',
      shows: ['SmartRoute default/internal answers 403 client_refused: Forbidden.'],
    },
    {
      want: 'ask for a name and a password, one path excepted',
      files: ['basic-auth'],
      note: '[auth.md](auth.md) has what all of these do, and what they cost.',
      asks: 'http://intranet.example.com/',
      shows: ['auth        depends  on who asks: basic'],
    },
    {
      want: 'let another server decide (oauth2-proxy, Authelia)',
      files: ['external-auth'],
      asks: 'http://wiki.example.com/oauth2/start',
      shows: ['SmartRoute default/external-auth sends it to default/oauth2-proxy:80 (1 of 1 endpoints can be used).'],
    },
    {
      want: 'let in who brings a signed token',
      files: ['jwt'],
      asks: 'http://tokens.example.com/admin',
      shows: ['as SmartRoute default/jwt tokens.example.com admin', 'auth        depends  on who asks: jwt'],
    },
    {
      want: 'have people log in at an OpenID provider',
      files: ['oidc'],
      asks: 'http://portal.example.com/public/logo.svg',
      shows: ['SmartRoute default/oidc sends it to default/web:80 (2 of 2 endpoints can be used).'],
    },
    {
      want: 'ask for certificates of clients',
      files: ['client-certificates'],
      note: 'They are asked for in the handshake, so for a host as a whole.',
      asks: 'https://partners.example.com:8443/',
      shows: ['TLSv1.3 or newer', 'a certificate of the client is required'],
    },
    {
      want: 'allow a browser to call from another site (CORS)',
      files: ['cors'],
      asks: "http://api.example.com/items --method OPTIONS --header 'Origin: https://app.example.com' --header 'Access-Control-Request-Method: PUT'",
      shows: ['SmartRoute default/cors answers 204 route_response: CORS preflight.'],
    },
    {
      want: 'limit how often a client may ask',
      files: ['rate-limit'],
      note: 'What a rate holds for, with several workers and replicas: [traffic.md](traffic.md#rate-limits).',
      asks: 'http://limited.example.com/login --method POST --client 192.0.2.7',
      shows: ['rate_limit  depends  on how much is left of 2 in 3600 s (2 at once) for each client address'],
    },
    {
      want: 'limit how much is answered at once',
      files: ['request-limit'],
      asks: 'http://exports.example.com/',
      shows: [
        'If request_limit let it through: SmartRoute default/request-limit sends it to default/web:80 (2 of 2 endpoints can be used).',
      ],
    },
  ],
};
