/**
 * What of the data plane a worker process has: all of it; or SmartProxy alone, which takes clients' connections and has no secret; or
 * NetworkProxy alone, behind a port on 127.0.0.1 that takes what is signed with the key.
 */
export type WorkerPart =
  | { readonly kind: 'whole' }
  | { readonly kind: 'smartproxy'; readonly loopbackKey: Uint8Array }
  | { readonly kind: 'networkproxy'; readonly loopbackKey: Uint8Array };
