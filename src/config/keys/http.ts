/** Keys of a listener with `protocol: http`. */
import { type KeyTable, REQUIRED } from './key-words.js'

export const HTTP_KEYS: KeyTable = {
  'listeners[].http': {
    does: 'What millrace does with requests. `reject`: it serves upgrades to WebSocket, and answers 426 to all others. `forward`: it also forwards one other request per connection, with `Connection: close`, and reads no second one. `pass`: it reads only the first head, and then [everything passes through unchanged](routing.md#http-pass)',
    takes: '`reject`, `forward`, `pass`',
    default: '`reject`',
  },
  'listeners[].redirect': {
    does: 'millrace answers requests that match no route with a [redirect to HTTPS](first-bytes.md#redirect-to-https), at the same host and path. Stands instead of `cluster`, and not beside `tls`',
    takes: '`https`, or a map',
    default: 'no redirect',
  },
  'listeners[].redirect.to': {
    does: 'Where to',
    takes: '`https`',
    default: REQUIRED,
  },
  'listeners[].redirect.port': {
    does: 'The port of HTTPS. The answer names it if it is not 443',
    takes: 'number, `1` to `65535`',
    default: '`443`',
    zero: 'an error',
  },
  'listeners[].redirect.status': {
    does: 'The status of the answer. With 301 a browser may make a GET of a POST. With 308 it keeps the method',
    takes: '`301`, `308`',
    default: '`301`',
    zero: 'an error',
  },
  'listeners[].allowEncodedSlash': {
    does: 'Whether a request path may hold `%2F`. `true`: millrace [compares](first-bytes.md#paths-in-routes) it as `/`. `false`: millrace answers 400. Needs a route with a `path`, or a `route` function',
    takes: '`true`, `false`',
    default: '`false`',
  },
  'listeners[].xForwarded': {
    does: 'How millrace tells backends who the client is, in [fields of the request](first-bytes.md#forwarding-fields). `replace`: it drops what the client sent and sets `X-Forwarded-For`, `-Proto` and `-Host`. `append`: it adds the client to `X-Forwarded-For`. `forwarded`: as `replace`, but it sets `Forwarded`. `off`: it changes nothing. What `http: pass` passes through stays as it is. If nothing else is served, only `off` may be written',
    takes: '`replace`, `append`, `forwarded`, `off`',
    default: '`replace`',
  },
  'listeners[].clientFrom': {
    does: 'millrace takes the address of the client from a [field of the request](first-bytes.md#forwarding-fields) that a trusted proxy sent. Not beside `http: pass`',
    takes: 'map',
    default: 'the address of the connection, or of its PROXY header',
  },
  'listeners[].clientFrom.field': {
    does: 'The name of that field. millrace reads `forwarded` as RFC 7239 says, and every other field like `X-Forwarded-For`',
    takes: 'name of a field',
    default: '`x-forwarded-for`',
  },
  'listeners[].clientFrom.trusted': {
    does: 'The proxies that may send the field. The client is the last address in the field that is not one of them. From all others, millrace ignores the field',
    takes: '[address range](#address-ranges), or a list',
    default: REQUIRED,
  },
  'listeners[].logQuery': {
    does: 'Whether the record holds the query of a request. Queries often hold secrets',
    takes: '`true`, `false`',
    default: '`false`',
  },
}
