/** `name [ "/" version ]`, in lower case. */
const protocol = "[!#$%&'*+\\-.^_`|~0-9a-z]+(?:/[!#$%&'*+\\-.^_`|~0-9a-z]+)?";
const protocolList = new RegExp(`^${protocol}(?:[ \\t]*,[ \\t]*${protocol})*$`);
const neverOffered = /^(?:h2c?|http|tls)(?:\/|$)/;

/**
 * The protocols of a lower-case `Upgrade` value that may be offered to a backend; undefined when none is left, '' when the value is no
 * list of protocols. HTTP/2 and TLS are left out: nobody would check what goes through such a tunnel.
 */
export function offeredProtocols(value: string): string | undefined {
  if (!protocolList.test(value)) return '';
  const offered = value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !neverOffered.test(name));
  return offered.length === 0 ? undefined : offered.join(', ');
}
