/** Content codings that we can make (RFC 1952, RFC 7932, RFC 8878). */
export type Coding = 'gzip' | 'br' | 'zstd';

/** More is not looked at: nobody has so many codings to say something of. */
const maxElements = 32;

/**
 * The coding that a client likes best of `codings`, which are in our own order of preference (RFC 9110, section 12.5.3). undefined: it takes
 * none of them, or likes the answer better as it is.
 *
 * @param field the value of Accept-Encoding, several fields joined; undefined: there is none, and who does not ask gets nothing
 */
export function chooseCoding(field: string | undefined, codings: readonly Coding[]): Coding | undefined {
  if (field === undefined) return undefined;
  const weights = weightsOf(field);
  const rest = weights.get('*') ?? 0;
  let best: Coding | undefined;
  let bestWeight = weights.get('identity') ?? 0;
  for (const coding of codings) {
    const weight = weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined) ?? rest;
    if (weight === 0 || weight < bestWeight || (best !== undefined && weight === bestWeight)) continue;
    best = coding;
    bestWeight = weight;
  }
  return best;
}

function weightsOf(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const element of field.split(',', maxElements)) {
    const semicolon = element.indexOf(';');
    const name = (semicolon === -1 ? element : element.slice(0, semicolon)).trim().toLowerCase();
    if (name !== '') weights.set(name, semicolon === -1 ? 1 : weightOf(element.slice(semicolon + 1)));
  }
  return weights;
}

/** 0 to 1; a weight that can't be read is 0: the client gets what everybody can read. */
function weightOf(parameters: string): number {
  const match = /^\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$/i.exec(parameters);
  return match === null ? 0 : Number(match[1]);
}
