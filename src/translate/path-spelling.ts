/** Paths longer than this can't be matched: no request line is as long. */
const maxPathLength = 4096;
/** Of a request (docs/paths.md, `line-too-long`). */
const maxRequestLine = 8192;

/** Why a path is none, as the end of a sentence: what the API server checks too. @param isNormal whether it must be as requests are */
export function pathProblem(path: unknown, isNormal: boolean): string | undefined {
  if (typeof path !== 'string') return 'is no text';
  if (!path.startsWith('/')) return 'does not start with "/"';
  if (path.length > maxPathLength) return `is longer than ${maxPathLength} characters`;
  if (/[\u0000-\u0020\u007f]/.test(path)) return 'has a space or a control character; percent-encode it';
  if (path.includes('?') || path.includes('#')) return 'has a query or fragment, which no path match sees; leave it out';
  if (!isNormal) return undefined;
  if (path.includes('//')) return 'has an empty element ("//")';
  if (/\/\.\.?(?:\/|$)/.test(path)) return 'has a "." or ".." element';
  if (/%2f/i.test(path)) return 'has an encoded slash (%2F)';
  return undefined;
}

/** The escapes of a path as those of requests come out of normalisation (docs/paths.md): in another spelling it would match none. */
export function requestSpelling(path: unknown): unknown {
  if (typeof path !== 'string') return path;
  const escaped = path.toWellFormed().replace(/[^\u0000-\u007f]+/g, encodeURIComponent);
  return escaped.replace(/%([0-9a-f]{2})/gi, (triplet, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[\w.~-]/.test(character) ? character : triplet.toUpperCase();
  });
}

/** `/foo/` and `/foo` are the same prefix by element. */
export function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 47) end--;
  return path.slice(0, end);
}

/** `/a/../b` is `/b`, as `/./b` is: what is left of a path of which no request keeps those elements. */
export function withoutDotElements(path: string): string {
  const kept: string[] = [];
  for (const element of path.split('/').slice(1)) {
    if (element === '..') kept.pop();
    else if (element !== '.') kept.push(element);
  }
  return `/${kept.join('/')}`;
}

/**
 * What a path that is none may have meant, in the spelling of requests: what it was to guard is refused, so that it does not fall through to
 * a rule that asks for less. undefined: no request can be for it.
 */
export function meantPath(path: string): string | undefined {
  const end = path.search(/[?#]/);
  const own = (end === -1 ? path : path.slice(0, end)).replace(/[\u0000-\u001f\u007f]+/g, '').trim();
  const elements = own.replaceAll(' ', '%20').replace(/%2f/gi, '/').split('/');
  const meant = withoutDotElements(`/${elements.filter((element) => element !== '').join('/')}`);
  return meant.length > maxRequestLine ? undefined : meant;
}
