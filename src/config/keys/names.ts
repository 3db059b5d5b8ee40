/** Keys about the names of backends: whom millrace asks what they mean, and how long it believes an answer. */
import type { KeyTable } from './key-words.js'

const TIME = '[duration](#durations-and-sizes), `1ms` to `24d`'
const AS_THE_SYSTEM = 'as `resolv.conf` says'

export const NAMES_KEYS: KeyTable = {
  names: {
    does: 'How millrace resolves the host names of backends. [names.md](names.md) explains it',
    takes: 'map',
    default: 'the default of each key',
  },
  'names.servers': {
    does: 'The DNS servers. millrace asks them in this order, and takes the first answer',
    takes: 'list of at least one: IP address, or IP address and port',
    default: 'those of `resolv.conf`',
  },
  'names.timeoutMs': {
    does: 'How long millrace waits for the answer of one server. Then it asks the next one',
    takes: TIME,
    default: AS_THE_SYSTEM,
    zero: 'an error',
  },
  'names.tries': {
    does: 'How often millrace asks each server that does not answer',
    takes: 'number, `1` to `10`',
    default: AS_THE_SYSTEM,
    zero: 'an error',
  },
  'names.minTtlMs': {
    does: 'millrace uses an answer for at least this long, even if its TTL is shorter or 0',
    takes: TIME,
    default: '`1s`',
    zero: 'an error',
  },
  'names.maxTtlMs': {
    does: 'millrace uses an answer for at most this long. It cannot be shorter than `minTtlMs`',
    takes: TIME,
    default: '`5m`',
    zero: 'an error',
  },
  'names.jitterPercent': {
    does: 'How much longer or shorter each pause between two questions is, at random. So many processes do not ask at the same moment',
    takes: 'number, `0` to `50`',
    default: '`10`',
    zero: 'the pauses are exact',
  },
  'names.emptyAnswers': {
    does: 'How many [empty answers](names.md#empty-answers) in a row millrace needs until it believes that a name means nothing',
    takes: 'number, `1` to `100`',
    default: '`3`',
    zero: 'an error',
  },
  'names.emptyForMs': {
    does: 'How long the empty answers must go on until millrace believes them',
    takes: '[duration](#durations-and-sizes), `0` to `24d`',
    default: '`30s`',
    zero: 'their number is enough',
  },
}
