/** Keys of a cluster: its backends, and how millrace connects to them. */
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

const PEM = 'PEM text, or the path of a PEM file'

export const CLUSTER_KEYS: KeyTable = {
  'clusters.NAME.backends': {
    does: 'The servers of this cluster. A text is short for `{ address: text }`. Two backends of a cluster cannot have the same address',
    takes: 'list of at least one',
    default: REQUIRED,
  },
  'clusters.NAME.backends[].address': {
    does: 'Where millrace connects to',
    takes: '[address](#addresses)',
    default: REQUIRED,
    zero: 'port 0: an error',
  },
  'clusters.NAME.backends[].weight': {
    does: 'The share of new connections that this backend gets. A backend of weight 2 gets twice as many as one of weight 1',
    takes: 'number, `1` to `1000`',
    default: '`1`',
    zero: 'an error. `millrace backend --weight 0` stops new connections, until a reload that changes the weight or a restart',
  },
  'clusters.NAME.balance': {
    does: 'How millrace chooses a backend for a new connection. `round-robin`: each in turn, by weight. Each worker has its own turn',
    takes: '`round-robin`',
    default: '`round-robin`',
  },
  'clusters.NAME.halfClose': {
    does: 'What happens when one side sends FIN. `propagate`: millrace passes the FIN on, and the other direction stays open. `close`: millrace delivers the bytes in flight and then closes both sides. If a peer takes nothing for 30 s, millrace resets it. A client that sends FIN and then waits for the answer gets none. Use `close` where one side closes and the other would keep its socket open for a long time',
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
      'the host of the backend. For an IP address: no name, and the certificate must be for the address',
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
