/**
 * The metrics of the fields whose description names one. Things of the past have no gauges any more, but keep
 * their counters, so that a sum over them never falls. Things that are leaving keep what can be added up, and
 * no longer show their settings or their health. Pure.
 */
import { type Field, type Fields, keysOf, type MetricText, type ThingsField } from '../../status/fields.js'
import { asValues, mergeValues, type Values } from '../counts/merge.js'
import type { HistogramStatus, ProxyStatus } from '../status.js'
import type { Family, Labels, Sample } from './exposition.js'
import type { Metric } from './metric.js'

/** A thing in a status that has fields. */
interface Place {
  readonly labels: Labels
  readonly values: Values
  readonly isPast: boolean
}

/** How to find the places of a description. */
interface Reach {
  readonly labels: readonly string[]
  find(status: ProxyStatus): readonly Place[]
}

const WHOLE: Reach = {
  labels: [],
  find: (status) => [{ labels: {}, values: asValues(status), isPast: false }],
}

/** In the order of the description. */
export function describedMetrics(fields: Fields, reach = WHOLE): Metric[] {
  return Object.entries(fields).flatMap(([name, field]) => metricsOf(name, field, reach))
}

function metricsOf(name: string, field: Field, reach: Reach): Metric[] {
  switch (field.kind) {
    case 'part':
      return describedMetrics(
        field.fields,
        inner(reach, [], (values) => [values[name] as Values]),
      )
    case 'each':
      return describedMetrics(
        field.fields,
        inner(reach, [], (values) => [mergeValues(field.fields, values[name] as Values[])]),
      )
    case 'tally':
    case 'running':
      return describedMetrics(
        field.fields,
        inner(reach, keysOf(field.fields), (values) => values[name] as Values[]),
      )
    case 'things':
      return describedMetrics(field.fields, namedThings(name, field, reach))
    default:
      return field.metric === undefined ? [] : [metricOf(name, field, field.metric, reach)]
  }
}

function metricOf(name: string, field: Field, { name: family, help }: MetricText, reach: Reach): Metric {
  const type = typeOf(field)
  const isTold = ({ isPast, values }: Place): boolean =>
    type !== 'gauge' || (!isPast && (field.kind === 'gauge' || values.isLeaving !== true))
  return {
    name: family,
    type,
    help,
    labels: reach.labels,
    samples: (status) =>
      reach
        .find(status)
        .filter(isTold)
        .flatMap(({ labels, values }) => sampleOf(field, values[name], labels)),
  }
}

function typeOf({ kind }: Field): Family['type'] {
  if (kind === 'histogram') return 'histogram'
  return kind === 'count' || kind === 'common-count' ? 'counter' : 'gauge'
}

function sampleOf(field: Field, value: unknown, labels: Labels): Sample[] {
  if (value === undefined) return []
  const shown = valueOf(field, value)
  return [Object.keys(labels).length === 0 ? { value: shown } : { labels, value: shown }]
}

function valueOf(field: Field, value: unknown): number | HistogramStatus {
  switch (field.kind) {
    case 'choice':
      return Number(value === field.order[0])
    case 'earliest':
    case 'latest':
      return Date.parse(value as string) / 1000
    case 'texts':
      return (value as string[]).length
    default:
      return value as number | HistogramStatus
  }
}

/** The places inside each place, with these labels added. Undefined: there are none. */
function inner(
  { labels, find }: Reach,
  keys: readonly string[],
  within: (values: Values) => readonly (Values | undefined)[],
): Reach {
  return {
    labels: [...labels, ...keys],
    find: (status) =>
      find(status).flatMap((place) =>
        within(place.values).flatMap((values) => {
          if (values === undefined) return []
          const told = keys.map((key) => [key, values[key] as string] as const)
          return [{ ...place, values, labels: { ...place.labels, ...Object.fromEntries(told) } }]
        }),
      ),
  }
}

/** The things that are present, and those of the past. */
function namedThings(name: string, { fields, past, label }: ThingsField, { labels, find }: Reach): Reach {
  const [key] = keysOf(fields)
  const placed = (place: Place, list: string, isPast: boolean): Place[] =>
    (place.values[list] as Values[]).map((values) => ({
      labels: { ...place.labels, [label]: values[key!] as string },
      values,
      isPast,
    }))
  return {
    labels: [...labels, label],
    find: (status) =>
      find(status).flatMap((place) => [...placed(place, name, place.isPast), ...placed(place, past, true)]),
  }
}
