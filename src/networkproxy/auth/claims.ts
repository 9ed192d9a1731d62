import type { JwtAuth } from '../../routes/auth-policy.ts';

/** The claims of a token, checked. */
export type Claims = Readonly<Record<string, unknown>>;

/** Texts that headers hold together: more of them would not fit into a head. */
const maxHeaderLength = 4096;

/** A claim by its name, or by the way to it with points in between; names may have points themselves. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Claims)[step];
  }
  return value;
}

/** The first of the required claims that does not have one of its values; undefined: all do. */
export function missingClaim(claims: Claims, required: JwtAuth['requiredClaims']): string | undefined {
  return required.find(({ claim, values }) => !textsOf(claimAt(claims, claim)).some((text) => values.includes(text)))?.claim;
}

/**
 * Header fields, flat, of what claims say: texts, numbers and truth values, lists of them with commas in between. What is something else,
 * too long, or has control characters, is left out. A character is a byte, of UTF-8.
 */
export function claimFields(claims: Claims, headers: JwtAuth['claimHeaders']): readonly string[] {
  return headers.flatMap(({ claim, header }) => {
    const text = textsOf(claimAt(claims, claim)).join(',');
    if (text === '' || text.length > maxHeaderLength || /[\u0000-\u001f\u007f]/.test(text)) return [];
    return [header, Buffer.from(text, 'utf8').toString('latin1')];
  });
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((item: unknown) =>
    typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean' ? [String(item)] : [],
  );
}
