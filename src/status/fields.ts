/**
 * How a field of the status is described: its kind, its unit, and the metric that tells it. The kind says what the values
 * of several workers come to, and what of a value outlives its process. Types, schema, merging, metrics and the counters
 * themselves are made of descriptions. Pure and without an import: the status page takes its types from here.
 */

export type Unit =
  | 'bytes'
  | 'bytes per second'
  | 'calls'
  | 'connections'
  | 'connects'
  | 'directions'
  | 'file descriptors'
  | 'kernel pipes'
  | 'ms'
  | 'pipes'
  | 'processes'
  | 'records'
  | 'reloads'
  | 'seconds'
  | 'sockets'
  | 'times'
  | 'weight'

/** The metric of a field: its name, and its meaning in one sentence. */
export interface MetricText {
  readonly name: string
  readonly help: string
}

export type NumberKind =
  /** Only grows. Added up; outlives its process. */
  | 'count'
  /** Only grows, and every process counts the same. The highest; outlives its process. */
  | 'common-count'
  /** What there is at this moment. Added up; gone with its process. */
  | 'gauge'
  | 'highest'
  | 'lowest'

/** What each of these fields may say. */
interface Common {
  /** Undefined where there is none. Set by `optional`. */
  readonly isOptional?: true
  readonly metric?: MetricText | undefined
}

export interface NumberField<Kind extends NumberKind = NumberKind> extends Common {
  readonly kind: Kind
  readonly unit: Unit
}

/** `setting`: the same in all. `finding`: that of the first process that has one; gone with its process. */
export interface TextField extends Common {
  readonly kind: 'setting' | 'finding'
}

/** ISO 8601. */
export interface TimeField extends Common {
  readonly kind: 'earliest' | 'latest'
}

/** One of several values. Of several processes the one that comes first in `order`; its metric is 1 for the first, else 0. */
export interface ChoiceField<Value = string | boolean> extends Common {
  readonly kind: 'choice'
  readonly order: readonly Value[]
  /** What it is of a process that is gone. Default: what it was. */
  readonly whenGone?: Value | undefined
  /** What the schema says of it. */
  readonly about?: string | undefined
}

/** What tells the rows of a list apart: a text, one of `choices`, a number, or some of these `parts`, each a text. */
export interface KeyField<Value = unknown> extends Common {
  readonly kind: 'key'
  readonly choices?: readonly Value[] | undefined
  readonly parts?: readonly string[]
  readonly isNumber?: true
}

/** Texts. Those of all processes, each once; gone with its process. */
export interface TextsField extends Common {
  readonly kind: 'texts'
}

/** Of seconds. Added up; outlives its process. */
export interface HistogramField extends Common {
  readonly kind: 'histogram'
}

/** Fields that belong together. */
export interface PartField<Part extends Fields = Fields> extends Common {
  readonly kind: 'part'
  readonly fields: Part
}

export type ListKind =
  /** Those of all processes, one after another; gone with its process. */
  | 'each'
  /** Rows of the same keys are one; gone with its process. */
  | 'running'
  /** Rows of the same keys are one; outlive their process. */
  | 'tally'
  /** Those that `things` had, and nobody has any more. */
  | 'past'

export interface ListField<Row extends Fields = Fields> extends Common {
  readonly kind: ListKind
  readonly fields: Row
}

/** What has a name, such as listeners. Those of the same name are one; when nobody has it, it is in the list `past`. */
export interface ThingsField<Row extends Fields = Fields> extends Common {
  readonly kind: 'things'
  readonly fields: Row
  /** The field that lists what nobody has any more. */
  readonly past: string
  /** The label of metrics that tells one from another. */
  readonly label: string
}

export type Field =
  | NumberField
  | TextField
  | TimeField
  | ChoiceField
  | KeyField
  | TextsField
  | HistogramField
  | PartField
  | ListField
  | ThingsField

export interface Fields {
  readonly [name: string]: Field
}

/** A histogram, in seconds as Prometheus has it. */
export interface HistogramStatus {
  /** Upper bounds, ascending; what is above the last is in one more count. */
  readonly bounds: readonly number[]
  /** Per bucket, not cumulative; one more than there are bounds. */
  readonly counts: readonly number[]
  readonly sum: number
}

type ValueOf<Of> = Of extends NumberField
  ? number
  : Of extends TextField | TimeField
    ? string
    : Of extends ChoiceField<infer Value>
      ? Value
      : Of extends KeyField<infer Value>
        ? Value
        : Of extends TextsField
          ? readonly string[]
          : Of extends HistogramField
            ? HistogramStatus
            : Of extends PartField<infer Part extends Fields>
              ? Told<Part>
              : Of extends ListField<infer Row extends Fields> | ThingsField<infer Row extends Fields>
                ? readonly Told<Row>[]
                : never

/** What is told of these fields. */
export type Told<Of extends Fields> = {
  readonly [Name in keyof Of]: Of[Name] extends { readonly isOptional: true }
    ? ValueOf<Of[Name]> | undefined
    : ValueOf<Of[Name]>
}

/** A counter for each `count` of these fields. */
export type Counters<Of extends Fields> = {
  -readonly [Name in keyof Of as Of[Name] extends NumberField<'count'> ? Name : never]: number
}

/** All of them 0. */
export function countersOf<Of extends Fields>(fields: Of): Counters<Of> {
  const counts = Object.entries<Field>(fields).filter(([, { kind }]) => kind === 'count')
  return Object.fromEntries(counts.map(([name]) => [name, 0])) as Counters<Of>
}

/** The names of those that tell rows apart. */
export function keysOf(fields: Fields): string[] {
  return Object.keys(fields).filter((name) => fields[name]!.kind === 'key')
}
