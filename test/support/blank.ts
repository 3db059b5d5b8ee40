/** A status in which nothing has happened yet: it has every field of its description. */
import type { Field, Fields, Told } from '../../src/status/fields.js'

export function blank<Of extends Fields>(fields: Of): Told<Of> {
  const told = Object.entries<Field>(fields).map(([name, field]) => [name, blankField(field)])
  return Object.fromEntries(told) as Told<Of>
}

function blankField(field: Field): unknown {
  if (field.isOptional) return undefined
  switch (field.kind) {
    case 'setting':
    case 'finding':
    case 'key':
      return ''
    case 'earliest':
    case 'latest':
      return '2026-01-01T00:00:00.000Z'
    case 'choice':
      return field.order[0]
    case 'histogram':
      return { bounds: [0.001, 0.01, 0.1], counts: [0, 0, 0, 0], sum: 0 }
    case 'part':
      return blank(field.fields)
    case 'texts':
    case 'each':
    case 'running':
    case 'tally':
    case 'past':
    case 'things':
      return []
    default:
      return 0
  }
}
