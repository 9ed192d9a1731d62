import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/**
 * Mozilla's "intermediate" profile, guidelines 6.0: TLS 1.2 with forward secrecy and AEAD, and TLS 1.3. The client's order decides, since
 * every suite in the list is good and phones know best what their CPU does fast. The finite-field suites of earlier guidelines are left
 * out: whoever knows them knows elliptic curves.
 */
export const tlsSettings: SecureContextOptions = {
  minVersion: 'TLSv1.2',
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
  // One for each TLS policy, and all hosts whose TLS we end have the same: a session resumes on any of their contexts. A host that asks
  // for client certificates must have another, or a session made without one would pass for one that has shown it.
  sessionIdContext: 'smartproxy',
};
