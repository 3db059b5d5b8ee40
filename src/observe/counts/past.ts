/**
 * What stays of a process that is gone: its counts. Nothing that it had is present any more, unless another
 * process has it and is merged with it. All other values are such that they change nothing in a merge. Pure.
 */
import type { Field, Fields } from '../../status/fields.js'
import { STATUS } from '../../status/status.js'
import type { ProxyStatus } from '../status.js'
import { asValues, mergeStatuses, type Values } from './merge.js'

/** Of listeners, and of clusters, over all configs. */
const MOST_REMEMBERED = 1000

export function pastOf(status: ProxyStatus): ProxyStatus {
  return pastValues(STATUS, asValues(status)) as unknown as ProxyStatus
}

/** Merges two pasts. If there are too many names, the oldest go. */
export function addPasts(some: ProxyStatus, others: ProxyStatus): ProxyStatus {
  const all = mergeStatuses([some, others])
  return {
    ...all,
    pastListeners: all.pastListeners.slice(-MOST_REMEMBERED),
    pastClusters: all.pastClusters.slice(-MOST_REMEMBERED),
  }
}

export function pastValues(fields: Fields, values: Values): Values {
  const left: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name]
    if (field.kind === 'things') {
      left[name] = []
      left[field.past] = pastRows(field.fields, [value, values[field.past]].flat())
    } else if (field.kind !== 'past') left[name] = value === undefined ? undefined : pastField(field, value)
  }
  return left
}

function pastField(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case 'gauge':
      return 0
    case 'finding':
      return undefined
    case 'texts':
    case 'each':
    case 'running':
      return []
    case 'choice':
      return field.whenGone ?? value
    case 'part':
      return pastValues(field.fields, value as Values)
    case 'tally':
      return pastRows(field.fields, value)
    default:
      return value
  }
}

const pastRows = (fields: Fields, rows: unknown): Values[] =>
  (rows as Values[]).map((row) => pastValues(fields, row))
