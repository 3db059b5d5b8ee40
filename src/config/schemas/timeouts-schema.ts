/** Timeouts as people write them: for everything, and for one listener or cluster. */
import type * as z from 'zod'
import { explainForeign } from '../foreign-keys.js'
import {
  LEVELS_OF,
  type OwnTimeouts,
  TIMEOUT_NAMES,
  TIMEOUTS,
  type TimeoutLevel,
  type TimeoutName,
  type TimeoutsConfig,
  timeoutsAt,
} from '../timeouts.js'
import * as fields from './fields.js'

export const timeoutsSchema: z.ZodType<TimeoutsConfig> = fields.strictMap(
  'a map of timeouts',
  fieldsFor(TIMEOUT_NAMES, (name) => fields.durationField.default(TIMEOUTS[name].usualMs)),
  explainForeign('timeouts'),
)

/** The timeouts of one listener or cluster. */
export function ownTimeoutsField(level: TimeoutLevel): z.ZodType<OwnTimeouts> {
  const optional = fields.optional(fields.durationField)
  const shape = fieldsFor(timeoutsAt(level), () => optional)
  return fields.strictMap('a map, such as { idleMs: 1h }', shape, whereElse).prefault({} as never)
}

function fieldsFor<Field>(
  names: readonly TimeoutName[],
  fieldOf: (name: TimeoutName) => Field,
): Record<TimeoutName, Field> {
  return Object.fromEntries(names.map((name) => [name, fieldOf(name)])) as Record<TimeoutName, Field>
}

/** A timeout that exists, but not at this level, gets a better answer than the name of a similar one. */
function whereElse(key: string): string | undefined {
  const name = TIMEOUT_NAMES.find((each) => each === key)
  if (name === undefined) return explainForeign('timeouts')(key)
  const [level] = LEVELS_OF[TIMEOUTS[name].of]
  const place = level === undefined ? '"timeouts" of the config' : `"timeouts" of a ${level} or of the config`
  return `cannot stand here: write it under ${place}`
}
