/** docs/records.md tells every field of a record, and every end with the letters the program writes. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { REDACTABLE } from '../../src/config/log-schema.js'
import { isError } from '../../src/observe/access.js'
import type { EndCause, RecordEnding } from '../../src/observe/record.js'
import { terminationCode } from '../../src/observe/termination.js'
import { recordSchema } from '../support/record-fields.js'

const text = readFileSync(new URL('../../docs/records.md', import.meta.url), 'utf8')

type WithoutDetail<Cause> = Cause extends `${infer Head}: ${string}` ? Head : Cause

/** The compiler sees to it that none is missing. */
const CAUSES: Record<WithoutDetail<EndCause>, true> = {
  finished: true,
  reset: true,
  'idle-timeout': true,
  'half-closed-timeout': true,
  lifetime: true,
  ordered: true,
  drained: true,
  killed: true,
  'infinite-loop': true,
  'no-backend': true,
  'connect-timeout': true,
  'out-of-resources': true,
  'client-gone': true,
  'proxy-header': true,
  'bad-hello': true,
  'no-sni': true,
  'tls-handshake': true,
  'bad-request': true,
  'bad-start-up': true,
  'no-session': true,
  'upgrade-required': true,
  'no-route': true,
  rejected: true,
  'route-failed': true,
  'first-bytes-timeout': true,
  'backend-tls': true,
  'bad-response': true,
  'response-timeout': true,
  'backend-gone': true,
  'internal-error': true,
}

interface Row {
  readonly ending: RecordEnding
  readonly code: string
  readonly isError: boolean
}

/** A row of the table of ends, once for each of its phases. */
function rowsOf(line: string): Row[] {
  const [by = '', phases = '', cause = '', codes = '', error = ''] = line
    .split('|')
    .slice(1)
    .map((cell) => cell.trim())
  const waitedFor = / for the (\w+)$/.exec(cause)?.[1]
  const each = codes.split(', ')
  return phases.split(', ').map((phase, index) => ({
    ending: {
      by,
      phase,
      cause: /`(.*)`/.exec(cause)?.[1],
      ...(waitedFor !== undefined && { waitedFor }),
    } as RecordEnding,
    code: each[index]?.slice(1, -1) ?? 'none',
    isError: error === 'yes',
  }))
}

const rows = [...text.matchAll(/^\| (?:client|backend|proxy) \|.*$/gm)].flatMap(([line]) => rowsOf(line))

/** Every field, with those within it: `ended.by`. */
function fieldsOf(schema: z.ZodType, path = ''): string[] {
  if (schema instanceof z.ZodOptional) return fieldsOf(schema.unwrap() as z.ZodType, path)
  if (!(schema instanceof z.ZodObject)) return [path]
  return Object.entries(schema.shape).flatMap(([key, inner]) =>
    fieldsOf(inner as z.ZodType, path === '' ? key : `${path}.${key}`),
  )
}

describe('docs/records.md', () => {
  it('tells of every field and of no other', () => {
    const [, part = ''] = /## Every field\n(.*?)\n## /s.exec(text) ?? []
    const told = [...part.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, field]) => field)
    expect(told.sort()).toEqual(fieldsOf(recordSchema).sort())
  })

  it('has an example that is a record', () => {
    const [, line = ''] = /```json\n(.*?)\n```/s.exec(text) ?? []
    const { level, time, pid, hostname, msg, ...record } = JSON.parse(line)
    expect(() => recordSchema.parse(record)).not.toThrow()
    expect({ level, msg }).toEqual({ level: 30, msg: 'connection' })
  })

  it('tells of every cause and of no other', () => {
    expect([...new Set(rows.map(({ ending }) => ending.cause))].sort()).toEqual(Object.keys(CAUSES).sort())
  })

  it.each(rows)('tells the code of $ending: $code', ({ ending, code, isError: isTold }) => {
    expect(terminationCode(ending)).toBe(code)
    expect(isError(ending)).toBe(isTold)
  })

  it('tells of everything that can be redacted', () => {
    const [, part = ''] = /## Redaction\n(.*?)\n## /s.exec(text) ?? []
    const told = [...part.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = '']) =>
      names.split(', ').map((name) => name.slice(1, -1)),
    )
    expect(told.filter((name) => name !== 'redact').sort()).toEqual([...REDACTABLE].sort())
  })
})
