import { printableText } from './printable-text.ts';
import { type ProxyTlv, tlvTypes } from './proxy-header.ts';
import { readSslFacts } from './ssl-tlv.ts';

/** What the header of a trusted load balancer says of a client beside its address. Each text shows printable characters alone. */
export interface ProxiedFacts {
  readonly alpn?: string;
  /** The server name that the client asked for. */
  readonly authority?: string;
  /** Names the connection in the load balancer's log. */
  readonly uniqueId?: string;
  /** undefined: the client spoke no TLS to the load balancer, or it does not say so. */
  readonly tls?: ProxiedTls;
  /** The endpoint of AWS PrivateLink that the client came by. */
  readonly awsVpcEndpoint?: string;
}

export interface ProxiedTls {
  readonly version?: string;
  readonly cipher?: string;
  /** Of the certificate that the client has shown. */
  readonly commonName?: string;
  /** undefined: it has shown none. */
  readonly verified?: boolean;
}

/** The most bytes of each TLV that is kept; a longer one counts as none. Those of authority and id are the field's (2.2.3, 2.2.5). */
const keptBytes: ReadonlyMap<number, number> = new Map([
  [tlvTypes.alpn, 255],
  [tlvTypes.authority, 255],
  [tlvTypes.uniqueId, 128],
  [tlvTypes.ssl, 1024],
  [tlvTypes.aws, 256],
]);

/** The first byte of the TLV of AWS: an id of a VPC endpoint follows. */
const awsVpcEndpoint = 1;

/** A client as a PROXY header of version 2 describes it: the TLVs that have a use, in memory of their own. */
export class ProxiedClient {
  /** At most one of each type. */
  readonly tlvs: readonly ProxyTlv[];
  #facts: ProxiedFacts | undefined;

  private constructor(tlvs: readonly ProxyTlv[]) {
    this.tlvs = tlvs;
  }

  /** undefined: there is nothing of use in them. The first of a type counts. */
  static of(tlvs: readonly ProxyTlv[]): ProxiedClient | undefined {
    const kept: ProxyTlv[] = [];
    for (const { type, value } of tlvs) {
      const most = keptBytes.get(type) ?? 0;
      if (value.length === 0 || value.length > most || kept.some((tlv) => tlv.type === type)) continue;
      kept.push({ type, value: Buffer.from(value) });
    }
    return kept.length === 0 ? undefined : new ProxiedClient(kept);
  }

  /** The value of a TLV, to be passed on as it is. */
  valueOf(wanted: number): Buffer | undefined {
    return this.tlvs.find(({ type }) => type === wanted)?.value;
  }

  /** For people. */
  get facts(): ProxiedFacts {
    this.#facts ??= this.#read();
    return this.#facts;
  }

  #read(): ProxiedFacts {
    const aws = this.valueOf(tlvTypes.aws);
    return {
      ...named('alpn', this.valueOf(tlvTypes.alpn)),
      ...named('authority', this.valueOf(tlvTypes.authority)),
      ...named('uniqueId', this.valueOf(tlvTypes.uniqueId)),
      ...tlsOf(this.valueOf(tlvTypes.ssl)),
      ...named('awsVpcEndpoint', aws?.[0] === awsVpcEndpoint ? aws.subarray(1) : undefined),
    };
  }
}

function tlsOf(value: Buffer | undefined): { readonly tls?: ProxiedTls } {
  const ssl = value && readSslFacts(value);
  if (ssl === undefined) return {};
  const { version, cipher, certificate } = ssl;
  return {
    tls: {
      ...named('version', version),
      ...named('cipher', cipher),
      ...named('commonName', certificate?.commonName),
      ...(certificate === undefined ? {} : { verified: certificate.isVerified }),
    },
  };
}

function named<K extends string>(name: K, value: Buffer | undefined): { readonly [key in K]?: string } {
  return value === undefined ? {} : ({ [name]: printableText(value) } as { readonly [key in K]?: string });
}
