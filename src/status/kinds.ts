/**
 * How to write a description: one function for each kind of field. fields.ts explains the kinds. Pure.
 */
import type {
  ChoiceField,
  Field,
  Fields,
  HistogramField,
  KeyField,
  ListField,
  ListKind,
  MetricText,
  NumberField,
  NumberKind,
  PartField,
  TextField,
  TextsField,
  ThingsField,
  TimeField,
  Unit,
} from './fields.js'

export const metric = (name: string, help: string): MetricText => ({ name, help })

const numberOf =
  <Kind extends NumberKind>(kind: Kind) =>
  (unit: Unit, metric?: MetricText): NumberField<Kind> => ({ kind, unit, metric })

export const count = numberOf('count')
export const commonCount = numberOf('common-count')
export const gauge = numberOf('gauge')
export const highest = numberOf('highest')
export const lowest = numberOf('lowest')

export const setting = (): TextField => ({ kind: 'setting' })
export const finding = (more: { readonly ofEarliest?: string } = {}): TextField => ({
  kind: 'finding',
  ...more,
})
export const earliest = (metric?: MetricText): TimeField => ({ kind: 'earliest', metric })
export const latest = (metric?: MetricText): TimeField => ({ kind: 'latest', metric })
export const texts = (metric?: MetricText): TextsField => ({ kind: 'texts', metric })
export const histogram = (metric?: MetricText): HistogramField => ({ kind: 'histogram', metric })

export function choice<const Value extends string | boolean>(
  order: readonly Value[],
  more: { readonly whenGone?: NoInfer<Value>; readonly about?: string; readonly metric?: MetricText } = {},
): ChoiceField<Value> {
  return { kind: 'choice', order, ...more }
}

export const key = (): KeyField<string> => ({ kind: 'key' })
export const numberKey = (): KeyField<number> => ({ kind: 'key', isNumber: true })
export const keyOf = <const Value extends string>(choices: readonly Value[]): KeyField<Value> => ({
  kind: 'key',
  choices,
})

/** Some of these parts, each a text. */
export function keyOfParts<const Part extends string>(
  parts: readonly Part[],
): KeyField<{ readonly [Name in Part]?: string | undefined }> {
  return { kind: 'key', parts }
}

export const part = <Part extends Fields>(fields: Part): PartField<Part> => ({ kind: 'part', fields })

const listOf =
  (kind: ListKind) =>
  <Row extends Fields>(fields: Row): ListField<Row> => ({ kind, fields })

export const each = listOf('each')
export const running = listOf('running')
export const tally = listOf('tally')
export const past = listOf('past')

export function things<Row extends Fields>(
  fields: Row,
  names: { readonly past: string; readonly label: string },
): ThingsField<Row> {
  return { kind: 'things', fields, ...names }
}

/** A field whose value may be undefined. */
export const optional = <Of extends Field>(field: Of): Of & { readonly isOptional: true } => ({
  ...field,
  isOptional: true,
})
