/**
 * HAProxy's two-letter termination code (its configuration manual, "Session state at disconnection"), because
 * operators grep for it. The first letter says who caused the end, the second what the connection waited for.
 * Pure.
 */
import { type Ending, kindOf, PHASE_LETTERS } from '../endings.js'

export function terminationCode(ending: Ending): string {
  const { letter } = kindOf(ending)
  return letter === '-' ? '--' : letter + PHASE_LETTERS[ending.phase]
}
