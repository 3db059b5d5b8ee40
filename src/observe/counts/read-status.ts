/**
 * Reads the status of another process, which may be of another version. It keeps what the description in src/status/ knows. What
 * is missing or of another type becomes a value that changes nothing in a merge. Pure.
 */
import { CONNECTION } from '../../status/connection.js'
import type { Field, Fields, HistogramStatus, KeyField, Told } from '../../status/fields.js'
import { STATUS } from '../../status/status.js'
import type { ProxyStatus } from '../status.js'
import type { Values } from './merge.js'

export function readStatus(told: unknown): ProxyStatus {
  return readValues(STATUS, told) as unknown as ProxyStatus
}

/** Open connections. One that lacks something is left out. */
export function readConnections(told: unknown): Told<typeof CONNECTION>[] {
  const needed = Object.entries<Field>(CONNECTION).filter(([, { isOptional }]) => !isOptional)
  const read = readRows(CONNECTION, told)
  return read.filter((row) => needed.every(([name]) => row[name] !== undefined)) as unknown as Told<
    typeof CONNECTION
  >[]
}

function readValues(fields: Fields, told: unknown): Values {
  const values = Object(told) as Values
  const read: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) read[name] = readField(field, values[name])
  return read
}

function readField(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case 'count':
    case 'common-count':
    case 'gauge':
    case 'highest':
    case 'lowest':
      return isNumber(value) ? value : field.isOptional ? undefined : 0
    case 'setting':
    case 'finding':
      return typeof value === 'string' ? value : undefined
    case 'earliest':
    case 'latest':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined
    case 'choice':
      return field.order.find((each) => each === value)
    case 'key':
      return isKey(field, value) ? value : undefined
    case 'texts':
      return rows(value).filter((each) => typeof each === 'string')
    case 'histogram':
      return isHistogram(value) ? value : undefined
    case 'part':
      return value === undefined && field.isOptional ? undefined : readValues(field.fields, value)
    default:
      return readRows(field.fields, value)
  }
}

/** A row without its keys cannot be told from others. */
function readRows(fields: Fields, value: unknown): Values[] {
  const keys = Object.entries(fields).filter(([, { kind, isOptional }]) => kind === 'key' && !isOptional)
  return rows(value)
    .map((row) => readValues(fields, row))
    .filter((row) => keys.every(([name]) => row[name] !== undefined))
}

const rows = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const isNumber = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0

function isKey({ choices, parts, isNumber: isCount }: KeyField, value: unknown): boolean {
  if (choices !== undefined) return choices.includes(value)
  if (parts === undefined) return isCount ? isNumber(value) : typeof value === 'string'
  return typeof value === 'object' && value !== null && Object.values(value).every(isText)
}

const isText = (value: unknown): boolean => typeof value === 'string'

function isHistogram(value: unknown): value is HistogramStatus {
  const { bounds, counts, sum } = Object(value) as Partial<HistogramStatus>
  if (!Array.isArray(bounds) || !Array.isArray(counts) || !isNumber(sum)) return false
  return counts.length === bounds.length + 1 && [...bounds, ...counts].every(isNumber)
}
