/** The docs have every field of a record, and every ending of a connection and of a pipe as in the table of endings. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { REDACTABLE } from '../../../src/config/schemas/log-schema.js'
import { ENDINGS, type Ending, type EndingKind, outcomeOf } from '../../../src/observe/endings.js'
import { terminationCode } from '../../../src/observe/records/termination.js'
import type { PipeCause } from '../../../src/pipe/options.js'
import { PARTIES } from '../../../src/status/common.js'
import { recordSchema } from '../../support/record-fields.js'

const docs = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
const text = docs('records.md')

/** The row of an ending in docs/records.md, without links. */
function lineOf({ by, phases, cause, waitedFor, status, means }: EndingKind): string {
  const subject = waitedFor === undefined ? `\`${cause}\`` : `\`${cause}\` for the ${waitedFor}`
  const codes = phases.map((phase) => `\`${terminationCode({ by, phase, cause, waitedFor } as Ending)}\``)
  const outcome = outcomeOf({ by, phase: phases[0]!, cause })
  const cells = [by, phases.join(', '), subject, codes.join(', '), outcome, status ?? '', means]
  return `| ${cells.join(' | ')} |`.replace('|  |', '| |')
}

const withoutLinks = (markdown: string): string => markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')

/** The path of every field, such as `ended.by`. */
function fieldsOf(schema: z.ZodType, path = ''): string[] {
  if (schema instanceof z.ZodOptional) return fieldsOf(schema.unwrap() as z.ZodType, path)
  if (!(schema instanceof z.ZodObject)) return [path]
  return Object.entries(schema.shape).flatMap(([key, inner]) =>
    fieldsOf(inner as z.ZodType, path === '' ? key : `${path}.${key}`),
  )
}

describe('docs/records.md', () => {
  it('docs/records.md has every field of a record and no other', () => {
    const [, part = ''] = /## Every field\n(.*?)\n## /s.exec(text) ?? []
    const told = [...part.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, field]) => field)
    expect(told.sort()).toEqual(fieldsOf(recordSchema).sort())
  })

  it('docs/records.md has an example that is a record', () => {
    const [, line = ''] = /```json\n(.*?)\n```/s.exec(text) ?? []
    const { level, time, pid, hostname, msg, ...record } = JSON.parse(line)
    expect(() => recordSchema.parse(record)).not.toThrow()
    expect({ level, msg }).toEqual({ level: 30, msg: 'connection' })
  })

  it('docs/records.md has the same endings as the table of endings', () => {
    const lines = text.match(/^\| (client|backend|proxy) \|.*$/gm) ?? []
    expect(lines.map(withoutLinks)).toEqual(ENDINGS.map(lineOf))
  })

  it('docs/records.md has every field that can be redacted', () => {
    const [, part = ''] = /## Redaction\n(.*?)\n## /s.exec(text) ?? []
    const told = [...part.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = '']) =>
      names.split(', ').map((name) => name.slice(1, -1)),
    )
    expect(told.filter((name) => name !== 'redact').sort()).toEqual([...REDACTABLE].sort())
  })
})

describe('docs/first-bytes.md', () => {
  const firstBytes = docs('first-bytes.md')

  it('docs/first-bytes.md has every HTTP status that an ending has', () => {
    const [, part = ''] = /\n\| status \| when \|\n(.*?)\n\n/s.exec(firstBytes) ?? []
    const told = [...part.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) =>
      codes.split(', ').map(Number),
    )
    const missing = ENDINGS.filter(({ status }) => status !== undefined && !told.includes(status))
    expect(missing).toEqual([])
  })

  it('docs/first-bytes.md has every error of the first bytes and of the response, and no unknown cause', () => {
    const [, part = ''] = /\n\| `ended.cause` \| whose doing \|\n(.*?)\n\n/s.exec(firstBytes) ?? []
    const told = new Set([...part.matchAll(/`([\w-]+)[^`]*`/g)].map(([, cause]) => cause))
    const isDue = ({ error, phases }: EndingKind): boolean =>
      error !== undefined && (phases.includes('opening') || phases.includes('response'))
    const due = ENDINGS.filter(isDue).map(({ cause }) => cause)
    expect(due.filter((cause) => !told.has(cause))).toEqual([])
    const known = ENDINGS.map(({ cause }) => cause)
    expect([...told].filter((cause) => !known.includes(cause!))).toEqual([])
  })
})

describe('docs/library.md', () => {
  /** Without the causes of limits, orders and backends, which only connections of a proxy can have. */
  const OF_A_PIPE: Readonly<
    Record<
      Exclude<
        PipeCause,
        | 'quota'
        | 'source-limit: bytes-today'
        | 'drained'
        | 'killed'
        | 'evicted'
        | 'backend-down'
        | 'backend-recovered'
      >,
      true
    >
  > = {
    finished: true,
    reset: true,
    'idle-timeout': true,
    'half-closed-timeout': true,
    lifetime: true,
    ordered: true,
    'infinite-loop': true,
  }

  it('docs/library.md has every cause of the end of a pipe(), and who can end it', () => {
    const told = /^\| `ended\.by` \| (.*) \|\n\| `ended\.cause` \| (.*) \|$/m.exec(docs('library.md'))!
    const [by, causes] = told.slice(1).map((list) => [...list.matchAll(/`(.*?)`/g)].map(([, name]) => name))
    expect(by).toEqual(PARTIES)
    const ofData = new Set(ENDINGS.filter(({ phases }) => phases.includes('data')).map(({ cause }) => cause))
    expect(causes).toEqual([...ofData].filter((cause) => cause in OF_A_PIPE))
    expect(causes).toHaveLength(Object.keys(OF_A_PIPE).length)
  })
})
