/** docs/status.md has every field of a status, with its kind and its unit as src/status/ describes them. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BY_AGENT } from '../../src/cluster/health/active-verdicts.js'
import { NOT_CHECKED_YET } from '../../src/cluster/health/verdict.js'
import { PROBE_REASONS } from '../../src/probes/check.js'
import { TRAFFIC } from '../../src/status/common.js'
import type { Field, Fields } from '../../src/status/fields.js'
import { STATUS } from '../../src/status/status.js'

const text = readFileSync(new URL('../../docs/status.md', import.meta.url), 'utf8')

/** The first three cells of a row: name, kind, and unit or values. */
function cells(name: string, field: Field): string {
  const values = field.kind === 'choice' ? field.order : field.kind === 'key' ? (field.choices ?? []) : []
  const unit = 'unit' in field ? field.unit : values.map((value) => `\`${value}\``).join(', ')
  return `| \`${name}\` | ${field.kind} |${unit === '' ? ' ' : ` ${unit} `}|`
}

/** Traffic has a table of its own. The entries of a `past` list have the fields of the list that they left. */
function rowsOf(fields: Fields, path = ''): string[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    const name = path + key
    if (field.kind === 'past') return [cells(`${name}[]`, field)]
    if (field.kind === 'part')
      return key === 'traffic' ? [cells(name, field)] : rowsOf(field.fields, `${name}.`)
    return 'fields' in field
      ? [cells(`${name}[]`, field), ...rowsOf(field.fields, `${name}[].`)]
      : [cells(name, field)]
  })
}

function told(section: string): string[] {
  const part = text.slice(text.indexOf(`\n## ${section}\n`) + 4).split('\n## ')[0]!
  return (part.match(/^\| `.*$/gm) ?? []).map((row) => /^(?:\|[^|]*){3}\|/.exec(row)![0])
}

describe('docs/status.md', () => {
  it('docs/status.md has every field with its kind and its unit, and no other', () => {
    expect(told('Every field')).toEqual(rowsOf(STATUS))
  })

  it('docs/status.md has every count of traffic', () => {
    expect(told('Traffic')).toEqual(rowsOf(TRAFFIC, 'traffic.'))
  })

  it('docs/status.md explains every reason of a backend', () => {
    const reasons = told('Reasons').map((row) => /`(\w+)`/.exec(row)?.[1])
    expect(reasons).toEqual([...PROBE_REASONS, NOT_CHECKED_YET, BY_AGENT])
  })

  it('docs/status.md explains every kind of field', () => {
    const kinds = new Set(rowsOf(STATUS).map((row) => row.split(' | ')[1]!.replace(/ \|.*/, '')))
    const part = text.slice(text.indexOf('## Kinds'), text.indexOf('## Every'))
    const named = [...part.matchAll(/^\| ([a-z, -]+) \|/gm)].flatMap(([, names = '']) => names.split(', '))
    expect([...kinds].filter((kind) => !named.includes(kind))).toEqual([])
  })
})
