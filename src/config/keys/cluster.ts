/** Keys of a cluster: its backends, and how millrace connects to them. */
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

const PEM = 'PEM text, or the path of a PEM file'

export const CLUSTER_KEYS: KeyTable = {
  'clusters.NAME.backends': {
    does: 'The servers of this cluster. A text is short for `{ address: text }`. Two backends of a cluster cannot have the same address. Host names are [resolved](names.md) again and again. An error beside `dial`',
    takes: 'list of at least one',
    default: 'required without `dial`',
  },
  'clusters.NAME.backends[].address': {
    does: 'Where millrace connects to. Without a port: the port that the [client has connected to](#backends-without-a-port)',
    takes: '[address](#addresses), or a host alone',
    default: 'required, unless there is `srv`',
    zero: 'port 0: an error',
  },
  'clusters.NAME.backends[].expand': {
    does: 'What a host name with several addresses stands for. `first`: one backend, which millrace reaches at one of them. `all`: each address is a backend of its own. See [names.md](names.md)',
    takes: '`first`, `all`',
    default: '`first`',
  },
  'clusters.NAME.backends[].srv': {
    does: 'A name with [SRV records](names.md#srv-records). Each server in them is a backend. Stands instead of `address`, and alone: the records have ports, weights and priorities',
    takes: 'name of a service, such as `_postgresql._tcp.example.com`',
    default: NOT_SET,
  },
  'clusters.NAME.backends[].weight': {
    does: 'The share of new connections that this backend gets. A backend of weight 2 gets twice as many as one of weight 1',
    takes: 'number, `0` to `1000`',
    default: '`1`',
    zero: 'no new connections. Those that are there stay',
  },
  'clusters.NAME.backends[].tier': {
    does: 'Backends of tier 1 get new connections only if no backend of tier 0 is available, and so on',
    takes: 'number, `0` to `99`',
    default: '`0`',
    zero: 'the first tier',
  },
  'clusters.NAME.backends[].backup': {
    does: 'This backend gets new connections only if no other backend is available. It is the tier after all others. An error beside `tier`',
    takes: '`true`, `false`',
    default: '`false`',
  },
  'clusters.NAME.backends[].maxConnections': {
    does: 'How many open connections this backend gets at most, from all workers together. Further clients get another backend, or wait in the [queue](limits.md#queues-and-hold) of the cluster',
    takes: 'number, `1` to `10000000`',
    default: '`limits.perBackend.maxConnections`, or no limit',
    zero: 'an error',
  },
  'clusters.NAME.dial': {
    does: 'millrace dials the server that the client asks for. [routing.md](routing.md#egress) explains it. An error beside `backends`, `balance`, `hash`, `slowStartMs`, `health` and `startTls`',
    takes: 'map',
    default: 'millrace dials a backend',
  },
  'clusters.NAME.dial.server': {
    does: 'Where the name of the server comes from. `sni`: the ClientHello of the client. `host`: its first HTTP request',
    takes: '`sni`, `host`',
    default: REQUIRED,
  },
  'clusters.NAME.dial.allow': {
    does: 'The names that clients may ask for. All others are refused. A text is short for `{ name: text }`. The most specific name counts',
    takes: 'list of at least one',
    default: REQUIRED,
  },
  'clusters.NAME.dial.allow[].name': {
    does: 'A name, or a pattern of names. Clients may ask for an IP address only if a name is this address, and only with `server: host`',
    takes: '[name pattern](#name-patterns), or an IP address',
    default: REQUIRED,
  },
  'clusters.NAME.dial.allow[].networks': {
    does: 'millrace dials addresses of these networks, too, although they are not public. An error for the name `*`',
    takes: '[address range](#address-ranges), or a list',
    default: 'only public addresses that are not of this machine',
  },
  'clusters.NAME.dial.ports': {
    does: 'The ports that millrace may dial. With `sni` only one. With `host` the client names the port. If it names none, it means 80, or 443 if the cluster has `tls`',
    takes: 'number, `1` to `65535`, or a list',
    default: '`443` with `sni` or `tls`, else `80`',
    zero: 'an error',
  },
  'clusters.NAME.balance': {
    does: 'How millrace chooses a backend for a new connection. [balancing.md](balancing.md) explains each rule and says which to take. Each worker counts for itself',
    takes: '`round-robin`, `least-connections`, `p2c`, `random`, `first`, `hash`',
    default: '`round-robin`',
  },
  'clusters.NAME.hash': {
    does: 'What `balance: hash` uses. An error with every other rule',
    takes: 'map',
    default: 'with `balance: hash`: `{ key: source }`',
  },
  'clusters.NAME.hash.key': {
    does: 'The part of the connection that decides. Connections with the same key go to the same backend. A connection without the key goes to each backend in turn',
    takes: '[hash key](balancing.md#keys)',
    default: REQUIRED,
  },
  'clusters.NAME.hash.table': {
    does: 'How a key leads to a backend. `rendezvous` compares all backends. `maglev` looks in a table: faster with hundreds of backends',
    takes: '`rendezvous`, `maglev`',
    default: '`rendezvous`',
  },
  'clusters.NAME.hash.boundedLoad': {
    does: 'No backend gets more than this many times its share of the open connections, rounded up. Each worker counts for itself. A key whose backend is full goes to the next backend in its order',
    takes: 'number, `1.01` to `100`, or `0`',
    default: '`0`',
    zero: 'no limit',
  },
  'clusters.NAME.slowStartMs': {
    does: 'How long a backend gets less than its share. That begins when it was down, was out of service, or was added by a reload or by DNS. It gets a tenth of its share at first, and at each moment the part of this time that has passed. It has no effect when millrace starts',
    takes: '[duration](#durations-and-sizes), `0` to `24d`',
    default: '`0`',
    zero: 'the backend gets its full share at once',
  },
  'clusters.NAME.via': {
    does: 'The forward proxy of all connects of this cluster: SOCKS5, or HTTP with CONNECT. [routing.md](routing.md#through-another-proxy) explains it. The backends keep their names, and the forward proxy resolves them. `connectMs` is the time for the forward proxy and the backend together',
    takes: '`socks5://HOST:PORT` or `http://HOST:PORT`, with `USER:PASSWORD@` if needed, or a map',
    default: 'millrace connects to the backends directly',
  },
  'clusters.NAME.via.socks5': {
    does: 'The address of a SOCKS5 server. A map has either this or `http`',
    takes: '[address](#addresses)',
    default: NOT_SET,
    zero: 'port 0: an error',
  },
  'clusters.NAME.via.http': {
    does: 'The address of an HTTP proxy that knows CONNECT. millrace speaks no TLS to it',
    takes: '[address](#addresses)',
    default: NOT_SET,
    zero: 'port 0: an error',
  },
  'clusters.NAME.via.user': {
    does: 'The user at the forward proxy. It needs a password. A user of an HTTP proxy has no colon',
    takes: 'text of 1 to 255 bytes',
    default: 'millrace sends no credentials',
  },
  'clusters.NAME.via.password': {
    does: 'The password at the forward proxy. It can come from an [environment variable](#environment-variables)',
    takes: 'text of 1 to 255 bytes',
    default: NOT_SET,
  },
  'clusters.NAME.via.passwordFile': {
    does: 'The file that has the password, instead of `password`. A line end after it does not count. millrace reads the file when it starts and at each reload',
    takes: 'path of a file of at most 4096 bytes',
    default: NOT_SET,
  },
  'clusters.NAME.halfClose': {
    does: 'What happens when one side sends FIN. `propagate`: millrace passes the FIN on, and the other direction stays open. `close`: millrace delivers the bytes in flight and then closes both sides. With `close`, a client that sends FIN and then waits for the answer gets none. A peer that takes nothing for 30 s is given up. Use `close` where one side closes and the other would keep its socket open for a long time',
    takes: '`propagate`, `close`',
    default: '`propagate`',
  },
  'clusters.NAME.sendProxy': {
    does: 'millrace sends each backend a [PROXY header](first-bytes.md#proxy-protocol) of this version first. It tells the backend who the client is. `v2` is short for `{ version: v2 }`',
    takes: '`v1`, `v2`, or a map',
    default: 'millrace sends no PROXY header',
  },
  'clusters.NAME.sendProxy.version': {
    does: 'The version of the header',
    takes: '`v1`, `v2`',
    default: REQUIRED,
  },
  'clusters.NAME.sendProxy.tlvs': {
    does: 'The [TLVs](first-bytes.md#proxy-protocol) in a v2 header. The checksum is always there',
    takes: 'list of `ssl`, `authority`, `alpn`, `uniqueId`, `fromClient`',
    default: 'all but `fromClient`',
  },
}

export const BACKEND_TLS_KEYS: KeyTable = {
  'clusters.NAME.tls': {
    does: 'millrace speaks [TLS to the backends](first-bytes.md#tls-to-backends). `{}` uses the defaults',
    takes: 'map',
    default: 'millrace starts no TLS',
  },
  'clusters.NAME.tls.serverName': {
    does: 'The server name that millrace sends. The certificate of the backend must be for it. `client`: the server name that the client sent. If it sent none, the host of the backend',
    takes: '[host name](#names), or `client`',
    default:
      'the host of the backend, or with `dial` of the server. For an IP address: no name, and the certificate must be for the address',
  },
  'clusters.NAME.tls.ca': {
    does: 'The CA that must have signed the certificates of the backends',
    takes: PEM,
    default: 'the CAs that Node trusts',
  },
  'clusters.NAME.tls.verify': {
    does: 'Whether millrace checks the certificate. `true`: a bad certificate ends the connection, and the client gets a reset, or 502 with `protocol: http`. `false`: anybody on the way can read along',
    takes: '`true`, `false`',
    default: '`true`',
  },
  'clusters.NAME.tls.alpn': {
    does: 'The protocols that millrace offers by ALPN, best first',
    takes: '[protocol](#names), or a list',
    default: 'no ALPN. With `startTls`: `postgresql`',
  },
  'clusters.NAME.tls.cert': {
    does: 'The certificate that millrace shows to backends that ask for one. Needs `key`',
    takes: PEM,
    default: NOT_SET,
  },
  'clusters.NAME.tls.key': {
    does: 'The private key of `cert`, without a passphrase. Needs `cert`',
    takes: PEM,
    default: NOT_SET,
  },
  'clusters.NAME.startTls': {
    does: 'millrace asks the backends for TLS in this protocol, before the handshake. It does so if the cluster has `tls`, or if the TLS of the client passes through. See [postgres.md](postgres.md#tls-to-backends)',
    takes: '`postgres`',
    default: 'TLS, if any, begins with the first byte',
  },
}
