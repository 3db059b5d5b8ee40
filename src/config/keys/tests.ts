/** The tests of a config: clients, and what must become of each. */
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

const ADDRESS = 'IP address'

export const TEST_KEYS: KeyTable = {
  tests: {
    does: 'Clients, and what must become of each. [`millrace check`](tests.md) runs them without opening a socket. Starts and reloads do not run them, but check their keys and names',
    takes: 'list of at least one',
    default: 'no tests',
  },
  'tests[].listener': {
    does: 'The name of the listener to which the client connects. With several addresses: that of one of them, such as `web@0.0.0.0:80`. `web` is the first one',
    takes: 'name of a listener',
    default: 'the only listener',
  },
  'tests[].from': {
    does: 'The address from which the client connects. `unix`: the client connects to a unix socket',
    takes: 'IP address, or `unix`',
    default: '`192.0.2.1`. For a listener on a unix socket: `unix`',
  },
  'tests[].proxyHeader': {
    does: 'The client that a PROXY header names. The header comes before all other bytes. Needs `acceptProxy` on the listener',
    takes: ADDRESS,
    default: 'the client sends no header',
  },
  'tests[].tls': {
    does: 'Whether the client speaks TLS. With `startTls: postgres` it asks for TLS first. It has no certificate of its own',
    takes: '`true`, `false`',
    default: '`true` with `sni` or `alpn`. Without these and `speaks`: whether the listener has `tls`',
  },
  'tests[].sni': {
    does: 'The server name in the ClientHello',
    takes: 'server name',
    default: 'no server name',
  },
  'tests[].alpn': {
    does: 'The protocols that the client offers by ALPN',
    takes: '[protocol](#names), or a list',
    default: 'none',
  },
  'tests[].speaks': {
    does: 'What the first bytes of the client begin, as in `routes[].speaks`. With TLS these bytes come inside TLS. `nothing`: it sends nothing and stays. Not with `protocol: http` on the listener',
    takes: 'as `routes[].speaks`, one value, or `nothing`',
    default:
      'what the listener needs: a request with `protocol: http`, a Postgres startup packet with `startTls`. Else `nothing`',
  },
  'tests[].host': {
    does: 'The host of the request. Needs `protocol: http` on the listener, as do `path`, `fields` and `websocket`',
    takes: 'host',
    default: '`sni`, or `localhost`',
  },
  'tests[].path': {
    does: 'The path of the request',
    takes: 'text that begins with `/`',
    default: '`/`',
  },
  'tests[].fields': {
    does: 'Further fields of the request, such as `x-forwarded-for`',
    takes: 'map of texts',
    default: 'none',
  },
  'tests[].websocket': {
    does: 'Whether the request asks for WebSocket',
    takes: '`true`, `false`',
    default: '`false`',
  },
  'tests[].user': {
    does: 'The user that a Postgres client names. Needs `startTls: postgres` on the listener',
    takes: 'text',
    default: '`postgres`',
  },
  'tests[].database': {
    does: 'The database that a Postgres client names. Needs `startTls: postgres` on the listener',
    takes: 'text',
    default: 'the user',
  },
  'tests[].nth': {
    does: 'So many clients alike connect, one after the other, and all stay. The test is about the last one. No time passes meanwhile',
    takes: 'whole number, `1` to `10000`',
    default: '`1`',
    zero: 'an error',
  },
  'tests[].expect': {
    does: 'What must become of the client. `rejected`: it gets no backend. `waits`: it waits at its listener or in the queue of a cluster. A map: see below',
    takes: '`rejected`, `waits`, or a map with one key',
    default: REQUIRED,
  },
  'tests[].expect.cluster': {
    does: 'The client goes to this cluster. No backend is dialled',
    takes: 'name of a cluster',
    default: NOT_SET,
  },
  'tests[].expect.rejected': {
    does: 'The client is rejected for this [cause](records.md), such as `no-route` or `denied: not-allowed`. The text before the colon is enough',
    takes: 'cause of a record',
    default: NOT_SET,
  },
}
