import type { SecureContextOptions } from 'node:tls';

/**
 * Mozilla's "intermediate" profile: TLS 1.2 with forward secrecy and AEAD, and TLS 1.3. The client's order decides, since every suite in
 * the list is good and phones know best what their CPU does fast.
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
  ecdhCurve: 'X25519:prime256v1:secp384r1',
  honorCipherOrder: false,
  // The same for every context: a session may resume on any of them, since none of them asks for client certificates.
  sessionIdContext: 'smartproxy',
};
