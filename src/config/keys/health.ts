/** Keys of a cluster's health: when backends count as down, and what follows from that. */
import type { KeyTable } from './key-words.js'

const TIME = '[duration](#durations-and-sizes), `1ms` to `24d`'

export const HEALTH_KEYS: KeyTable = {
  'clusters.NAME.health': {
    does: 'When a backend counts as down, and what follows from that. [health.md](health.md) explains it',
    takes: 'map',
    default: 'the default of each key',
  },
  'clusters.NAME.health.answerMs': {
    does: 'How long a backend may be silent after it has taken bytes of a client. A backend that is silent for longer, and answers nobody meanwhile, has failed. That counts for `eject`. The connection goes on. Leave it out where backends need not answer, as receivers of logs do',
    takes: '[duration](#durations-and-sizes), `0` to `24d`',
    default: '`0`',
    zero: 'a backend may be silent for ever',
  },
  'clusters.NAME.health.eject': {
    does: 'When millrace skips a backend because its [connections fail](health.md#failed-connects). `true`: the defaults. `false`: it never does',
    takes: 'map, or `true`, `false`',
    default: '`true`',
  },
  'clusters.NAME.health.eject.failures': {
    does: 'How many failures in a row eject a backend',
    takes: 'number, `1` to `1000`',
    default: '`5`',
    zero: 'an error',
  },
  'clusters.NAME.health.eject.forMs': {
    does: 'How long millrace skips the backend. The second time it is twice as long, and so on',
    takes: TIME,
    default: '`30s`',
    zero: 'an error. Write `eject: false`',
  },
  'clusters.NAME.health.eject.maxForMs': {
    does: 'The longest time for which millrace skips a backend. It cannot be shorter than `forMs`',
    takes: TIME,
    default: '`5m`',
    zero: 'an error',
  },
  'clusters.NAME.health.eject.maxPercent': {
    does: 'How much of a tier millrace skips at once, in percent of the backends that are in service, rounded down. It can always skip one, unless no other backend could serve',
    takes: 'number, `0` to `100`',
    default: '50 for fewer than 10 backends, else 10',
    zero: 'one backend at once',
  },
  'clusters.NAME.health.flapping': {
    does: 'When a backend [stays down](health.md#flapping) because it goes down and comes back too often. `true`: the defaults. `false`: never',
    takes: 'map, or `true`, `false`',
    default: '`true`',
  },
  'clusters.NAME.health.flapping.changes': {
    does: 'How many changes of state within `withinMs` are too many. Going down is one, and coming back is another. The last one has to be going down',
    takes: 'number, `2` to `100`',
    default: '`4`',
    zero: 'an error',
  },
  'clusters.NAME.health.flapping.withinMs': {
    does: 'The time in which millrace counts changes',
    takes: TIME,
    default: '`5m`',
    zero: 'an error. Write `flapping: false`',
  },
  'clusters.NAME.health.flapping.maxForMs': {
    does: 'The longest time for which the backend stays down. The first time is 30 s, and each further one is twice as long',
    takes: TIME,
    default: '`5m`',
    zero: 'an error',
  },
  'clusters.NAME.health.onDown': {
    does: 'What happens to the connections of a backend that checks or its agent call down. `keep`: they go on. `end`: millrace closes those with nothing in flight and resets the others. `reset`: millrace resets all of them',
    takes: '`keep`, `end`, `reset`',
    default: '`keep`',
  },
  'clusters.NAME.health.onRecovered': {
    does: 'What happens to connections of later tiers when an earlier tier works again. `keep`: they go on. `return`: millrace ends them one by one within `drainMs`, quiet ones first, so that their clients come back',
    takes: '`keep`, `return`',
    default: '`keep`',
  },
  'clusters.NAME.health.failback': {
    does: 'Whether the cluster goes back to an earlier tier by itself. `manual`: it stays at the later tier until you run `millrace failback`, or until the later tier is down, too',
    takes: '`auto`, `manual`',
    default: '`auto`',
  },
  'clusters.NAME.health.whenAllDown': {
    does: 'What clients get when [all backends are down](health.md#when-all-backends-are-down). `refuse`: a reset, or 503 with `protocol: http`. `try-all`: millrace tries the backends all the same. `wait`: they wait for a backend, for at most `connectMs`',
    takes: '`refuse`, `try-all`, `wait`',
    default:
      'millrace does not try backends that checks or their agents call down. It tries those that it only skips',
  },
}
