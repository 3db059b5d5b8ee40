/**
 * How a field of the status is described: its kind, its unit and its metric. The kind says how the values of
 * several workers become one, and what stays of a value when its process is gone. Types, schema, merging,
 * metrics and the counters themselves follow from descriptions. Pure. It imports nothing, because the status
 * page takes its types from here.
 */

export type Unit =
  | 'bans'
  | 'bytes'
  | 'bytes per second'
  | 'calls'
  | 'changes'
  | 'checks'
  | 'connections'
  | 'connects'
  | 'directions'
  | 'entries'
  | 'file descriptors'
  | 'kernel pipes'
  | 'messages'
  | 'ms'
  | 'pipes'
  | 'processes'
  | 'records'
  | 'reloads'
  | 'seconds'
  | 'share'
  | 'sockets'
  | 'tier'
  | 'times'
  | 'weight'

/** The metric of a field: its name, and its meaning in one sentence. */
export interface MetricText {
  readonly name: string
  readonly help: string
}

export type NumberKind =
  /** Only grows. Several workers: the sum. Stays when its process is gone. */
  | 'count'
  /**
   * Only grows, and every process counts the same. Several workers: the highest. Stays when its process is
   * gone.
   */
  | 'common-count'
  /** The amount at this moment. Several workers: the sum. Ends with its process. */
  | 'gauge'
  | 'highest'
  | 'lowest'

/** What every kind of field can have. */
interface Common {
  /** The value may be undefined. Set by `optional`. */
  readonly isOptional?: true
  readonly metric?: MetricText | undefined
}

export interface NumberField<Kind extends NumberKind = NumberKind> extends Common {
  readonly kind: Kind
  readonly unit: Unit
}

/**
 * `setting`: the same in all processes. `finding`: that of the first process that has one. It ends with its
 * process.
 */
export interface TextField extends Common {
  readonly kind: 'setting' | 'finding'
  /** A field of kind `earliest`. The text is that of the process or row with the earliest of these times. */
  readonly ofEarliest?: string | undefined
}

/** A time in ISO 8601. */
export interface TimeField extends Common {
  readonly kind: 'earliest' | 'latest'
}

/**
 * One of several values. Several processes: the one that comes first in `order`. Its metric is 1 for the
 * first of `order`, else 0.
 */
export interface ChoiceField<Value = string | boolean> extends Common {
  readonly kind: 'choice'
  readonly order: readonly Value[]
  /** The value of a process that is gone. Default: its last value. */
  readonly whenGone?: Value | undefined
  /** The description in the schema. */
  readonly about?: string | undefined
}

/**
 * What tells the rows of a list apart: a text, one of `choices`, a number, or some of `parts`, each a text.
 */
export interface KeyField<Value = unknown> extends Common {
  readonly kind: 'key'
  readonly choices?: readonly Value[] | undefined
  readonly parts?: readonly string[]
  readonly isNumber?: true
}

/** Several texts. Several processes: all their texts, each once. They end with their process. */
export interface TextsField extends Common {
  readonly kind: 'texts'
}

/** Of seconds. Several processes: the sum. Stays when its process is gone. */
export interface HistogramField extends Common {
  readonly kind: 'histogram'
}

/** Fields that belong together. */
export interface PartField<Part extends Fields = Fields> extends Common {
  readonly kind: 'part'
  readonly fields: Part
}

export type ListKind =
  /** The rows of all processes, one after another. They end with their process. */
  | 'each'
  /** Rows with the same keys become one. They end with their process. */
  | 'running'
  /** Rows with the same keys become one. They stay when their process is gone. */
  | 'tally'
  /** Rows that `things` once had and no process has any more. */
  | 'past'

export interface ListField<Row extends Fields = Fields> extends Common {
  readonly kind: ListKind
  readonly fields: Row
}

/**
 * Things with a name, such as listeners. Those with the same name become one. When no process has a thing any
 * more, it moves to the list `past`.
 */
export interface ThingsField<Row extends Fields = Fields> extends Common {
  readonly kind: 'things'
  readonly fields: Row
  /** The field that lists things which no process has any more. */
  readonly past: string
  /** The label that tells the things apart in metrics. */
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

/** A histogram, in seconds as Prometheus wants them. */
export interface HistogramStatus {
  /** Upper bounds, ascending. Values above the last bound have a count of their own. */
  readonly bounds: readonly number[]
  /** One count for each bucket, not cumulative, so there is one more than bounds. */
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

/** The values of these fields. */
export type Told<Of extends Fields> = {
  readonly [Name in keyof Of]: Of[Name] extends { readonly isOptional: true }
    ? ValueOf<Of[Name]> | undefined
    : ValueOf<Of[Name]>
}

/** A counter for each `count` of these fields. */
export type Counters<Of extends Fields> = {
  -readonly [Name in keyof Of as Of[Name] extends NumberField<'count'> ? Name : never]: number
}

/** Makes a counter of 0 for each of these fields that is a count. */
export function countersOf<Of extends Fields>(fields: Of): Counters<Of> {
  const counts = Object.entries<Field>(fields).filter(([, { kind }]) => kind === 'count')
  return Object.fromEntries(counts.map(([name]) => [name, 0])) as Counters<Of>
}

/** The names of the fields that tell rows apart. */
export function keysOf(fields: Fields): string[] {
  return Object.keys(fields).filter((name) => fields[name]!.kind === 'key')
}
