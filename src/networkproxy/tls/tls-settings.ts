import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { TlsPolicy, TlsVersion } from '../../routes/route-table.ts';

/**
 * Mozilla's "intermediate" profile, guidelines 6.0: TLS 1.2 with forward secrecy and AEAD, and TLS 1.3. The client's order decides, since
 * every suite in the list is good and phones know best what their CPU does fast. The finite-field suites of earlier guidelines are left
 * out: whoever knows them knows elliptic curves.
 */
const tlsSettings: SecureContextOptions = {
  maxVersion: 'TLSv1.3',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  ecdhCurve: 'X25519MLKEM768:X25519:prime256v1:secp384r1',
  honorCipherOrder: false,
  // A TLS 1.2 client could ask for a new handshake on each connection, again and again (Node lets it, three times in ten minutes).
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
  // One for each TLS policy: a session resumes on any context of hosts without one of their own.
  sessionIdContext: 'smartproxy',
};

/** The settings of hosts without a policy. */
export function commonTlsSettings(minVersion: TlsVersion): SecureContextOptions {
  return { ...tlsSettings, minVersion };
}

/**
 * The settings of hosts with a policy of their own. Their sessions are theirs: one that was made under another policy is none, or it would
 * pass for one that has shown a certificate. Where certificates are asked for there are no sessions at all, so that each connection shows
 * its certificate, to be judged by today's CA and clock.
 */
export function tlsSettingsOf({ key, minVersion, clientAuth }: TlsPolicy): SecureContextOptions {
  const settings = { ...tlsSettings, minVersion, sessionIdContext: `smartproxy ${key}` };
  if (clientAuth === undefined) return settings;
  const { ca, crls } = clientAuth;
  return { ...settings, ca, ...(crls && { crl: [...crls] }), secureOptions: (settings.secureOptions ?? 0) | constants.SSL_OP_NO_TICKET };
}
