import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { JwtAuth, ServedDocument } from '../../routes/auth-policy.ts';
import type { SecretEntry } from '../../routes/route-table.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { askForDocument } from '../own-request.ts';
import type { ProxyContext } from '../proxy-context.ts';
import type { Claims } from './claims.ts';
import { keysIn, NoKeysError, ServedKeys } from './served-keys.ts';

/** What a token turned out to be. */
export type TokenResult =
  | { readonly kind: 'valid'; readonly claims: Claims }
  | { readonly kind: 'invalid'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };

/** Checks signature, issuer, audience and times of a token; one without an end is none. */
export async function verifyToken(token: string, auth: JwtAuth, request: FilterRequest): Promise<TokenResult> {
  const { issuer, audiences, algorithms, leewaySeconds } = auth;
  const find = keysOf(auth.keys, request);
  if (find === undefined) return { kind: 'unavailable', why: 'there are no keys' };
  try {
    const { payload } = await jwtVerify(token, find, {
      issuer,
      algorithms: [...algorithms],
      clockTolerance: leewaySeconds,
      requiredClaims: ['exp'],
      ...(audiences.length === 0 ? {} : { audience: [...audiences] }),
    });
    return { kind: 'valid', claims: payload };
  } catch (error) {
    if (error instanceof NoKeysError) return { kind: 'unavailable', why: error.message };
    if (error instanceof errors.JOSEError) return { kind: 'invalid', why: error.code };
    throw error;
  }
}

const fixedKeys = new WeakMap<SecretEntry, JWTVerifyGetKey>();

function keysOf(keys: JwtAuth['keys'], { table, context }: FilterRequest): JWTVerifyGetKey | undefined {
  if ('service' in keys) return servedKeysOf(keys, context).find;
  const entry = table.table.secrets.get(keys.secret);
  if (entry === undefined) return undefined;
  let find = fixedKeys.get(entry);
  if (find === undefined) fixedKeys.set(entry, (find = keysIn(entry.value.reveal())));
  return find;
}

function servedKeysOf(document: ServedDocument, context: ProxyContext): ServedKeys {
  return context.auth.servedKeys(document, () => {
    return new ServedKeys(
      async (signal) => {
        try {
          const text = await askForDocument(context, document, signal);
          // What is no key set counts as a failure.
          keysIn(text);
          context.counters.keyFetches++;
          return text;
        } catch (error) {
          context.counters.keyFetchFailures++;
          throw error;
        }
      },
      () => performance.now(),
    );
  });
}
