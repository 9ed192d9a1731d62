import { encodeProxyHeader, type ProxyHeaderForm } from '../../proxy-header/encode-proxy-header.ts';
import { tlvTypes } from '../../proxy-header/proxy-header.ts';
import { encodeSslFacts } from '../../proxy-header/ssl-tlv.ts';
import type { Service } from '../../routes/service.ts';
import type { AcceptedConnection } from '../accepted-connection.ts';
import type { ClientFacts } from '../client-facts.ts';
import type { RequestHead } from '../http1/message-handler.ts';

/** How a connection begins to a backend that wants a PROXY header: it names one client's connection, and serves requests of that alone. */
export class ClientOpening {
  readonly client: AcceptedConnection;
  readonly #form: ProxyHeaderForm;
  readonly #facts: ClientFacts;
  readonly #version: RequestHead['version'];

  private constructor(form: ProxyHeaderForm, client: AcceptedConnection, facts: ClientFacts, version: RequestHead['version']) {
    this.#form = form;
    this.client = client;
    this.#facts = facts;
    this.#version = version;
  }

  /** undefined: the service asks for no header. @param version what the client speaks */
  static of(
    { proxyProtocol }: Service,
    client: AcceptedConnection,
    facts: ClientFacts,
    version: RequestHead['version'],
  ): ClientOpening | undefined {
    return proxyProtocol && new ClientOpening(proxyProtocol, client, facts, version);
  }

  /** What the connection begins with. */
  encode(): Buffer {
    const { id, tls, proxied, remoteAddress, remotePort, localAddress, localPort } = this.client;
    const offersAlpn = tls !== undefined && tls.alpn.length > 0;
    return encodeProxyHeader(this.#form, {
      addresses: {
        sourceAddress: remoteAddress,
        sourcePort: remotePort,
        destinationAddress: localAddress,
        destinationPort: localPort,
      },
      alpn: offersAlpn ? (this.#version === 20 ? 'h2' : 'http/1.1') : proxied?.valueOf(tlvTypes.alpn),
      authority: tls?.serverName ?? proxied?.valueOf(tlvTypes.authority),
      uniqueId: id,
      ssl: this.#ssl(),
    });
  }

  #ssl(): Buffer | undefined {
    const { tlsVersion, tlsCipher = '', clientCertificate } = this.#facts;
    if (tlsVersion === undefined) return this.client.proxied?.valueOf(tlvTypes.ssl);
    return encodeSslFacts({ version: Buffer.from(tlsVersion), cipher: Buffer.from(tlsCipher), certificate: clientCertificate });
  }
}
