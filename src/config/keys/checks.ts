/** Keys of active checks and agents. */
import { BACKEND_TLS_KEYS } from './cluster.js'
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

const TIME = '[duration](#durations-and-sizes), `1ms` to `24d`'
const COUNT = 'number, `1` to `1000`'
const AN_ERROR = 'an error'
const BYTES =
  'text of 1 to 4096 bytes. `"PING\\r\\n"` in quotes, or `hex:` and the bytes in hex. Spaces between those do not matter'

export const CHECK_KEYS: KeyTable = {
  'clusters.NAME.health.check': {
    does: 'millrace [checks](health.md#checks) each backend again and again, also without clients. `tcp`: it connects. `tls`: it does the TLS handshake, too. `http`: it also sends a request',
    takes: '`tcp`, `tls`, `http`, or a map',
    default: 'millrace makes no checks',
  },
  'clusters.NAME.health.check.http': {
    does: 'The check sends a request, and looks at the status of the answer. `true`: the defaults. An error beside `script`',
    takes: 'map, or `true`, `false`',
    default: '`false`',
  },
  'clusters.NAME.health.check.http.method': {
    does: 'The method of the request',
    takes: 'text of 1 to 20 capitals',
    default: '`GET`',
  },
  'clusters.NAME.health.check.http.path': {
    does: 'The path of the request. It can have a query',
    takes: 'text that begins with `/`',
    default: '`/`',
  },
  'clusters.NAME.health.check.http.host': {
    does: 'The `Host` field of the request',
    takes: 'host, with or without a port',
    default: 'the host of the backend',
  },
  'clusters.NAME.health.check.http.status': {
    does: 'The check passes if the status of the answer is one of these',
    takes: 'status such as `200`, range such as `200-399`, or a list',
    default: '`200-399`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.script': {
    does: 'The check [sends and expects](health.md#scripts) these texts, in this order. It passes after the last step',
    takes: 'list of 1 to 20 steps',
    default: NOT_SET,
  },
  'clusters.NAME.health.check.script[].send': {
    does: 'What the check sends. A step has either `send` or `expect`',
    takes: BYTES,
    default: NOT_SET,
  },
  'clusters.NAME.health.check.script[].expect': {
    does: 'What must occur in the bytes that came since the last `send`. Only the first 16 KiB count',
    takes: BYTES,
    default: NOT_SET,
  },
  'clusters.NAME.health.check.script[].at': {
    does: 'How many bytes stand before the expected ones. Works only beside `expect`',
    takes: 'number, `0` to `16383`',
    default: 'any number of bytes',
    zero: 'the answer must begin with the expected bytes',
  },
  'clusters.NAME.health.check.port': {
    does: 'The port that the check connects to. Without it, a check does what connections of clients do: it has the `tls`, the `startTls` and the `sendProxy` of the cluster. With it, the check has none of them unless it says so',
    takes: 'number, `1` to `65535`',
    default: 'the port of the backend',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.tls': {
    does: 'Whether the check speaks TLS. `true`: with the `tls` of the cluster, or with its defaults. A map: with this',
    takes: 'map, or `true`, `false`',
    default: 'without `port` the `tls` of the cluster. With `port` no TLS',
  },
  ...Object.fromEntries(
    Object.entries(BACKEND_TLS_KEYS)
      .filter(([key]) => key.startsWith('clusters.NAME.tls.'))
      .map(([key, words]) => [
        key.replace('clusters.NAME.tls.', 'clusters.NAME.health.check.tls.'),
        { ...words, does: `As \`${key.replace('clusters.NAME.', '')}\` of the cluster, for the check` },
      ]),
  ),
  'clusters.NAME.health.check.sendProxy': {
    does: 'The check sends a PROXY header of this version first. It names no client: `UNKNOWN` in v1, `LOCAL` in v2',
    takes: '`off`, `v1`, `v2`',
    default: 'without `port` the `sendProxy` of the cluster. With `port` `off`',
  },
  'clusters.NAME.health.check.everyMs': {
    does: 'How long after the end of a check the next one begins',
    takes: TIME,
    default: '`2s`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.fastMs': {
    does: 'The same while the state changes: after a failure of a backend that is up, or a pass of one that is down',
    takes: TIME,
    default: '`everyMs`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.downMs': {
    does: 'The same while the backend is down',
    takes: TIME,
    default: '`everyMs`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.timeoutMs': {
    does: 'How long the whole check may take. A check that takes longer has failed',
    takes: TIME,
    default: '`everyMs`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.rise': {
    does: 'How many checks in a row have to pass until a backend that is down is up',
    takes: COUNT,
    default: '`2`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.fall': {
    does: 'How many checks in a row have to fail until a backend that is up is down',
    takes: COUNT,
    default: '`3`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.check.jitterPercent': {
    does: 'How much longer or shorter each time between two checks may be. Many backends are then not checked at the same moment',
    takes: 'number, `0` to `50`',
    default: '`10`',
    zero: 'each time is the same',
  },
  'clusters.NAME.health.check.init': {
    does: 'What a backend counts as until its first check ends. One check against it is then enough to change that',
    takes: '`up`, `down`',
    default: '`up`',
  },
  'clusters.NAME.health.agent': {
    does: 'millrace asks an [agent](health.md#agent) beside each backend how much the backend can take. The agent can also drain it, or call it down',
    takes: 'map',
    default: 'millrace asks no agent',
  },
  'clusters.NAME.health.agent.port': {
    does: 'The port of the agent, at the address of the backend',
    takes: 'number, `1` to `65535`',
    default: REQUIRED,
    zero: AN_ERROR,
  },
  'clusters.NAME.health.agent.send': {
    does: 'What millrace sends the agent first',
    takes: BYTES,
    default: 'nothing',
  },
  'clusters.NAME.health.agent.everyMs': {
    does: 'How long after an answer millrace asks again. Each time is up to 10 % longer or shorter',
    takes: TIME,
    default: '`2s`',
    zero: AN_ERROR,
  },
  'clusters.NAME.health.agent.timeoutMs': {
    does: 'How long the agent may take. An agent that takes longer has said nothing',
    takes: TIME,
    default: '`everyMs`',
    zero: AN_ERROR,
  },
}
