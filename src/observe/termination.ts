/**
 * HAProxy's two-letter termination code (its configuration manual, "Session state at disconnection"), because
 * operators grep for it. First letter: whose doing. Second: what the connection was waiting for. Pure.
 */
import type { EndCause, RecordEnding } from './record.js'

/** Causes that mean the same in every phase. */
const FIRST_LETTERS: Partial<Record<EndCause, string>> = {
  finished: '-',
  'no-backend': 'S',
  'client-gone': 'C',
  'connect-timeout': 's',
  'out-of-resources': 'R',
  lifetime: 'K',
  ordered: 'K',
  drained: 'K',
  killed: 'K',
  'infinite-loop': 'I',
  'internal-error': 'I',
  'first-bytes-timeout': 'c',
  'response-timeout': 's',
  'backend-gone': 'S',
}

const SECOND_LETTERS: Readonly<Record<RecordEnding['phase'], string>> = {
  opening: 'R',
  connect: 'C',
  response: 'H',
  data: 'D',
}

export function terminationCode(ending: RecordEnding): string {
  if (ending.cause === 'finished') return '--'
  return firstLetter(ending) + SECOND_LETTERS[ending.phase]
}

function firstLetter({ by, cause, waitedFor }: RecordEnding): string {
  if (cause === 'reset') return by === 'client' ? 'C' : 'S'
  if (cause === 'idle-timeout' || cause === 'half-closed-timeout')
    return (waitedFor ?? by) === 'backend' ? 's' : 'c'
  // A route function that is too slow is nobody's but ours.
  if (cause === 'first-bytes-timeout' && by === 'proxy') return 'P'
  return FIRST_LETTERS[cause] ?? 'P'
}
