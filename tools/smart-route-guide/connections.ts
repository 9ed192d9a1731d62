import type { GuideSection } from './guide-entry.ts';

/** TLS of clients and of backends. */
export const tls: GuideSection = {
  title: 'TLS',
  entries: [
    {
      want: 'serve HTTPS, and redirect plain HTTP to it',
      files: ['tls'],
      asks: 'http://secure.example.com/',
      shows: ['SmartRoute default/tls answers 308 redirect_https: to https://secure.example.com:8443/.'],
    },
    {
      want: 'encrypt to the backend too, and verify it',
      files: ['reencrypt'],
      asks: 'https://reencrypt.example.com:8443/',
      shows: ['the certificate of the backend is verified by the CA that is given', 'ready  https://127.0.0.1:18127/'],
    },
    {
      want: 'hand TLS through, unread',
      files: ['passthrough'],
      note: 'The server name alone decides; path, method and headers are inside of the TLS.',
      asks: 'https://passthrough.example.com:8443/',
      shows: ['The connection goes as a whole to default/tls-server:80, by SmartRoute default/passthrough.'],
    },
  ],
};

/** Connections and datagrams without HTTP in them. */
export const layer4: GuideSection = {
  title: 'TCP and UDP',
  entries: [
    {
      want: 'forward a TCP port',
      files: ['tcp'],
      asks: 'tcp://any:25',
      shows: ['90 %  default/mail:80 (tcp, round-robin)', '10 %  default/mail-next:80 (tcp, round-robin)'],
    },
    {
      want: 'end TLS before TCP, by host, on the port of HTTPS',
      files: ['tls-tcp'],
      asks: 'tls://imap.example.com:8443',
      shows: [
        'The connection goes as a whole to default/mail:80, by SmartRoute default/tls-tcp.',
        'a certificate of the client is required',
      ],
    },
    {
      want: 'bound how many connections there are, and how long they last',
      files: ['connection'],
      note: 'What became of one is its [termination reason](connections.md#termination-reasons).',
      asks: 'tcp://any:1883',
      shows: ['The connection goes as a whole to default/mail:80, by SmartRoute default/connection.'],
    },
    {
      want: 'forward UDP',
      files: ['udp'],
      asks: 'udp://any:53 --client 10.1.2.3',
      shows: ['The datagrams go as a whole to default/dns:80/udp, by SmartRoute default/udp.'],
    },
    {
      want: 'let the kernel forward TCP',
      files: ['nftables'],
      note: 'What that takes of the node is in [nftables.md](nftables.md#what-it-takes).',
      asks: 'tcp://any:5432 --nftables --client 10.1.2.3',
      shows: ['The kernel forwards it: workers see none of it.'],
    },
    {
      want: 'let the kernel forward UDP',
      files: ['nftables-udp'],
      asks: 'udp://any:443 --nftables --client 192.0.2.1',
      shows: ['The datagrams are dropped, by SmartRoute default/nftables-udp.', 'clients  answers  ip_blocked'],
    },
  ],
};
