import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { DnsError } from './dns-provider.ts';

/** Addresses of a name. `none`: DNS says that there are none; `unseen`: nothing can be said. `why`: the rest of a sentence about the name. */
export type SeenAddresses =
  | { readonly kind: 'some'; readonly addresses: readonly string[] }
  | { readonly kind: 'none' | 'unseen'; readonly why: string };

/** A server that answers for a zone itself. */
export interface ZoneServer {
  readonly name: string;
  readonly address: string;
}

const options = { timeout: 2000, tries: 2 };
const maxAliases = 8;
const maxServers = 12;
/** Nobody has a name of it, so that what it shows is of a wildcard. */
const unusedLabel = '_smartproxy-unused';
const port = 53;
/** "The name is not there", and "it is, without records of this type". */
const absent: ReadonlySet<string | undefined> = new Set(['ENOTFOUND', 'ENODATA']);

/** DNS as its resolvers show it: those of the system, or some that are named. */
export class DnsView {
  readonly #resolver = new Resolver(options);

  /** @param resolvers `address` or `address:port`; none: those of the system */
  constructor(resolvers: readonly string[]) {
    if (resolvers.length > 0) this.#resolver.setServers(resolvers);
  }

  /** IPv4 and IPv6. Never rejects. */
  async addresses(name: string): Promise<SeenAddresses> {
    const results = await Promise.allSettled([this.#resolver.resolve4(name), this.#resolver.resolve6(name)]);
    const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (addresses.length > 0) return { kind: 'some', addresses };
    const codes = results.map((result) => (result.status === 'rejected' ? codeOf(result.reason) : undefined));
    const failed = codes.find((code) => !absent.has(code));
    if (failed !== undefined) return { kind: 'unseen', why: `can not be looked up in DNS (${failed})` };
    return { kind: 'none', why: `has no address in DNS (${codes.includes('ENOTFOUND') ? 'NXDOMAIN' : 'no A and no AAAA record'})` };
  }

  /**
   * Where a record of this name is written: the name, or what its CNAMEs lead to. One that a wildcard stands in for is none: it goes with
   * the first record of the name. Rejects with a DnsError.
   */
  async written(name: string): Promise<string> {
    let at = name;
    for (let count = 0; count <= maxAliases; count++) {
      const target = await this.#aliasOf(at);
      if (target === undefined) return at;
      if (count === 0 && (await this.#aliasOf(name.replace(/^[^.]*/, unusedLabel))) === target) return name;
      at = target;
    }
    throw new DnsError(`look up ${name}`, `${name} has more than ${maxAliases} CNAMEs in a row`);
  }

  async #aliasOf(name: string): Promise<string | undefined> {
    const [target] = (await found(name, (of) => this.#resolver.resolveCname(of))) ?? [];
    return target === undefined ? undefined : plain(target);
  }

  /** The zone that holds a name: the closest one above it that has an SOA record. Rejects with a DnsError. */
  async zoneOf(name: string): Promise<string> {
    const labels = name.split('.');
    for (let from = 0; from < labels.length; from++) {
      const zone = labels.slice(from).join('.');
      // Of a name with a CNAME, the answer is that, which the resolver calls broken.
      if ((await found(zone, (of) => this.#resolver.resolveSoa(of), ['EBADRESP'])) !== undefined) return zone;
    }
    throw new DnsError(`find the zone of ${name}`, `no zone in DNS holds ${name}`);
  }

  /** The servers that a zone names, by address. Rejects with a DnsError. */
  async serversOf(zone: string): Promise<readonly ZoneServer[]> {
    const names = (await found(zone, (of) => this.#resolver.resolveNs(of))) ?? [];
    const servers = await Promise.all(
      names.slice(0, maxServers).map(async (name) => {
        const seen = await this.addresses(name);
        return seen.kind === 'some' ? seen.addresses.map((address) => ({ name: plain(name), address })) : [];
      }),
    );
    return servers.flat().slice(0, maxServers);
  }

  /** Whether a resolver shows a text under a name; undefined: nothing can be said. Never rejects. */
  hasText(name: string, value: string): Promise<boolean | undefined> {
    return hasText(this.#resolver, name, value);
  }
}

/** Whether a server shows a text under a name, asked itself; undefined: it does not answer. Never rejects. */
export function serverHasText({ address }: ZoneServer, name: string, value: string): Promise<boolean | undefined> {
  const resolver = new Resolver(options);
  resolver.setServers([isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`]);
  return hasText(resolver, name, value);
}

async function hasText(resolver: Resolver, name: string, value: string): Promise<boolean | undefined> {
  try {
    return (await resolver.resolveTxt(name)).some((parts) => parts.join('') === value);
  } catch (error) {
    return absent.has(codeOf(error)) ? false : undefined;
  }
}

/** What `ask` finds; undefined: DNS says that it is not there. @param otherwise codes that say so, too */
async function found<T>(name: string, ask: (name: string) => Promise<T>, otherwise: readonly string[] = []): Promise<T | undefined> {
  try {
    return await ask(name);
  } catch (error) {
    const code = codeOf(error);
    if (absent.has(code) || otherwise.includes(code)) return undefined;
    throw new DnsError(`look up ${name}`, `${name} can not be looked up in DNS (${code})`, error);
  }
}

function plain(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}
