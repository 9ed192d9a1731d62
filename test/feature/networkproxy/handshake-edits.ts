import type { HeaderEdits } from '../../../src/routes/policy.ts';

/** Edits of answers that would spoil the handshake of a WebSocket, among others that would not. */
export const handshakeEdits: HeaderEdits = {
  remove: ['x-powered-by', 'sec-websocket-accept'],
  set: ['strict-transport-security', 'max-age=9', 'sec-websocket-protocol', 'other'],
  add: ['x-added', '1', 'sec-websocket-extensions', 'x'],
};
