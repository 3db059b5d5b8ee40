/**
 * Makes the schema of a status from the descriptions in src/status/, for the OpenAPI document. It is strict.
 * It says the unit of each number, and how the numbers of several workers become one. Pure.
 */
import * as z from 'zod'
import type {
  ChoiceField,
  Field,
  Fields,
  KeyField,
  NumberField,
  NumberKind,
  Unit,
} from '../../status/fields.js'

const FRACTIONS: ReadonlySet<Unit> = new Set(['seconds', 'ms', 'share', 'weight'])

const OF_SEVERAL: Readonly<Record<NumberKind, string>> = {
  count: 'only grows; the sum of all workers',
  'common-count': 'only grows; the highest of all workers',
  gauge: 'the sum of all workers',
  highest: 'the highest of all workers',
  lowest: 'the lowest of all workers',
}

const count = z.int().min(0)

const histogram = z.strictObject({
  bounds: z.array(z.number()),
  counts: z.array(count),
  sum: z.number(),
})

/** A field without a description is a bug. `isOfAll`: the values are those of all workers, not of one. */
export function toldSchema(fields: Fields, isOfAll = true): z.ZodType {
  const shape = Object.entries(fields).map(([name, field]) => {
    const schema = schemaOf(field, isOfAll)
    return [name, field.isOptional ? schema.optional() : schema] as const
  })
  return z.strictObject(Object.fromEntries(shape))
}

function schemaOf(field: Field, isOfAll: boolean): z.ZodType {
  switch (field.kind) {
    case 'setting':
    case 'finding':
      return z.string()
    case 'earliest':
    case 'latest':
      return z.iso.datetime()
    case 'choice':
      return choiceSchema(field)
    case 'key':
      return keySchema(field)
    case 'texts':
      return z.array(z.string())
    case 'histogram':
      return histogram
    case 'part':
      return toldSchema(field.fields, isOfAll)
    case 'each':
      return z.array(toldSchema(field.fields, false))
    case 'running':
    case 'tally':
    case 'things':
      return z.array(toldSchema(field.fields, isOfAll))
    case 'past':
      return z
        .array(toldSchema(field.fields, isOfAll))
        .describe('no longer in the config, and without connections')
    default:
      return numberSchema(field, isOfAll)
  }
}

function numberSchema({ kind, unit }: NumberField, isOfAll: boolean): z.ZodType {
  const number = FRACTIONS.has(unit) ? z.number().min(0) : count
  return number.describe(isOfAll ? `${unit}; ${OF_SEVERAL[kind]}` : unit)
}

function choiceSchema({ order, about }: ChoiceField): z.ZodType {
  const schema = isText(order) ? z.enum(order) : z.boolean()
  return about === undefined ? schema : schema.describe(about)
}

function keySchema({ choices, parts, isNumber }: KeyField): z.ZodType {
  if (choices !== undefined) return z.enum(choices as string[])
  if (parts !== undefined) {
    return z.strictObject(Object.fromEntries(parts.map((name) => [name, z.string().optional()])))
  }
  return isNumber ? count : z.string()
}

const isText = (values: readonly unknown[]): values is readonly string[] => typeof values[0] === 'string'
