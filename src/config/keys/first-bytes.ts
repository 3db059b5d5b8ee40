/** Keys of a listener that decide what millrace does with a client's first bytes. */
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

const PEM = 'PEM text, or the path of a PEM file'

export const ACCEPT_PROXY_KEYS: KeyTable = {
  'listeners[].acceptProxy': {
    does: 'millrace reads a [PROXY header](first-bytes.md#proxy-protocol) from clients. The header says who the real client is',
    takes: 'map',
    default: 'millrace reads no PROXY header',
  },
  'listeners[].acceptProxy.from': {
    does: 'The proxies that may send a PROXY header. millrace reads no header from other clients',
    takes: '[address range](#address-ranges), or a list',
    default: REQUIRED,
  },
  'listeners[].acceptProxy.required': {
    does: 'Whether every client must send a header. `true`: millrace resets a client without a valid header, and every client outside `from`. `false`: the header may be missing. In both cases a broken header from a client in `from` ends in a reset',
    takes: '`true`, `false`',
    default: '`true`',
  },
  'listeners[].acceptProxy.logTlvs': {
    does: 'Types of vendor TLVs that millrace writes to the [record](records.md), such as `0xEA` of AWS',
    takes: 'list of numbers, `0xE0` to `0xFF`',
    default: 'none',
  },
  'listeners[].acceptProxy.timeoutMs': {
    does: 'How long millrace waits for the whole header. After that it resets the client. Only with `required: false` it then serves a client that has sent no byte, without a header. A MySQL client waits for the server to speak, so it waits this long',
    takes: 'duration, `0` to `24d`',
    default: '`5s`',
    zero: 'no limit',
  },
}

export const TLS_KEYS: KeyTable = {
  'listeners[].tls': {
    does: 'millrace terminates the [TLS of clients](first-bytes.md#tls-ends-here). It then copies and does not splice. Ciphers are those of Node, and no key changes them',
    takes: 'map',
    default: 'TLS passes through to the backend',
  },
  'listeners[].tls.cert': {
    does: 'The certificate, followed by its intermediate certificates. Clients that ask for no known name get this one',
    takes: PEM,
    default: REQUIRED,
  },
  'listeners[].tls.key': {
    does: 'The private key of `cert`, without a passphrase',
    takes: PEM,
    default: REQUIRED,
  },
  'listeners[].tls.certificates': {
    does: 'More certificates. millrace chooses one by the server name, then by the [kind](first-bytes.md#tls-ends-here) that the client can check (RSA, ECDSA, Ed25519)',
    takes: 'list of at least one',
    default: 'none',
  },
  'listeners[].tls.certificates[].cert': {
    does: 'The certificate, followed by its intermediate certificates',
    takes: PEM,
    default: REQUIRED,
  },
  'listeners[].tls.certificates[].key': {
    does: 'The private key of this `cert`, without a passphrase',
    takes: PEM,
    default: REQUIRED,
  },
  'listeners[].tls.alpn': {
    does: 'The protocols that millrace accepts by ALPN, best first',
    takes: '[protocol](#names), or a list',
    default: 'no ALPN. With `startTls`: `postgresql`',
  },
  'listeners[].tls.minVersion': {
    does: 'The oldest TLS version that millrace accepts. The handshake of an older client fails',
    takes: '`TLSv1.2`, `TLSv1.3`',
    default: '`TLSv1.2`',
  },
  'listeners[].tls.clientCa': {
    does: 'The CA that must have signed client certificates. Without it, millrace asks clients for none',
    takes: PEM,
    default: NOT_SET,
  },
  'listeners[].tls.clientCert': {
    does: 'Whether a client must send a certificate. `require`: the handshake fails without one. `request`: the client need not send one. In both cases the handshake fails if the certificate of the client is not valid. Without `clientCa` this key does nothing',
    takes: '`require`, `request`',
    default: '`require`',
  },
  'listeners[].startTls': {
    does: 'Clients speak this protocol and ask for TLS in it, before the ClientHello. A client that asks for none is served in plain text: [postgres.md](postgres.md) says how to refuse it',
    takes: '`postgres`',
    default: 'TLS, if any, begins with the first byte',
  },
  'listeners[].onNoSni': {
    does: 'What millrace does with a TLS client that sends no server name. `reject`: it resets the client. A cluster: the client goes there',
    takes: '`reject`, or name of a cluster',
    default: 'the client goes to a route without `sni` that it matches, else to `cluster`',
  },
  'listeners[].onBadHello': {
    does: 'What millrace does with a client whose first bytes are no valid TLS ClientHello. It applies where the listener needs one: with `tls`, `onNoSni`, `routes[].sni` or `routes[].alpn`. A client that speaks no TLS and matches a route with `speaks` needs none. `reject`: it resets the client. A cluster: the client goes there, in plain text. A client that sends nothing is a matter of `firstBytesMs`. With `startTls` only `reject` is allowed, for a client that has asked for TLS',
    takes: '`reject`, or name of a cluster',
    default: '`reject`',
  },
  'listeners[].onSilent': {
    does: 'Where millrace sends clients that send nothing, because they wait for the [server to speak](routing.md#silent-clients): SMTP, MySQL, FTP. Needs `protocol: tcp`, and a listener that waits for bytes',
    takes: 'map',
    default: 'such a client waits for `firstBytesMs`',
  },
  'listeners[].onSilent.afterMs': {
    does: 'How long a client may send nothing, after its PROXY header if there is one. Then millrace dials for it. Less than `timeouts.firstBytesMs`',
    takes: 'duration, `1ms` to `24d`',
    default: REQUIRED,
    zero: 'an error',
  },
  'listeners[].onSilent.cluster': {
    does: 'The cluster for these clients',
    takes: 'name of a cluster',
    default: REQUIRED,
  },
}
