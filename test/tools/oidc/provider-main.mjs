// A real OpenID provider in a process of its own: whoever comes is logged in at once, as the test says by messages.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

/** What the test may change: who logs in, and whether they refuse. */
const state = { account: 'ada', refuses: false, isDown: false, refreshes: 0 };
process.on('message', (change) => {
  Object.assign(state, change);
  process.send?.({ changed: state.refreshes });
});

const [redirectUris, afterLogout, accessSeconds] = JSON.parse(process.argv[2] ?? '[]');
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

/** `many-4000` is in groups of so many bytes. */
function groupsOf(account) {
  const bytes = Number(/^many-(\d+)$/.exec(account)?.[1] ?? 0);
  if (bytes > 0) return ['g'.repeat(bytes)];
  return account === 'root' ? ['staff', 'admins'] : ['staff'];
}

const client = { client_secret: 'client-secret-of-the-tests', redirect_uris: redirectUris, post_logout_redirect_uris: afterLogout };
const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: 'shop', grant_types: ['authorization_code', 'refresh_token'] },
    { ...client, client_id: 'short', grant_types: ['authorization_code'] },
  ],
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name', 'groups'], email: ['email'] },
  conformIdTokenClaims: false,
  scopes: ['openid', 'offline_access'],
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `Name of ${id}`, email: `${id}@example.com`, groups: groupsOf(id) }),
  }),
  loadExistingGrant: async (context) => {
    const { oidc } = context;
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid profile email offline_access');
    await grant.save();
    return grant;
  },
  issueRefreshToken: (_, { clientId }) => clientId === 'shop',
  rotateRefreshToken: true,
  ttl: {
    AccessToken: accessSeconds,
    AuthorizationCode: 60,
    IdToken: 600,
    RefreshToken: 3600,
    Interaction: 600,
    Session: 3600,
    Grant: 3600,
  },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  cookies: { keys: ['for tests'] },
});
provider.on('refresh_token.consumed', () => {
  state.refreshes++;
});

const answer = provider.callback();
server.on('request', (request, response) => {
  if (state.isDown) request.destroy();
  else if (request.url.startsWith('/interaction/')) {
    const result = state.refuses ? { error: 'access_denied', error_description: 'no' } : { login: { accountId: state.account } };
    provider.interactionFinished(request, response, result).catch(() => response.destroy());
  } else answer(request, response);
});
process.send?.({ issuer });
