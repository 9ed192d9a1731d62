/** Why a rule is there and what to write, for the rules that a URL can break; docs/paths.md has them all. */
const texts: Readonly<Record<string, string>> = {
  'target-byte': 'the target has a blank, a control byte or a byte outside of ASCII, which clients send as %XX',
  'target-fragment': 'a # and what follows it is never sent: leave it out',
  'path-backslash': 'a backslash in the path, plain or as %5C, is a slash to some servers',
  'path-encoded-slash': '%2F in the path is one segment to some servers and two to others',
  'path-encoded-control': 'the path has an escaped control byte',
  'path-bad-escape': 'a % in the path is not followed by two hexadecimal digits',
  'path-overlong-escape': 'the path has an overlong escape: ASCII in disguise',
  'path-dot-parameter': 'a segment . or .. with a parameter is a dot segment to servers that cut parameters first',
  'path-above-root': 'the path has more .. than segments before them',
  'line-too-long': 'the request line is longer than 8 KiB',
  'bad-host': 'the host has characters that no host has',
  'duplicate-host': 'there are two Host headers',
  'method-connect': 'CONNECT is not served',
  'method-trace': 'TRACE is not served',
};

/** A rule in words, with its name as the access log has it. */
export function refusedRuleText(rule: string): string {
  return Object.hasOwn(texts, rule) ? `${texts[rule]} (${rule})` : `it breaks the rule ${rule}`;
}
