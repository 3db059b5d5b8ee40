/** What is an error: docs/records.md, the list that is counted from 0, and every query of the docs say the same. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isError } from '../../src/observe/access.js'
import {
  type Ending,
  HTTP_ERRORS,
  JOINING_ERRORS,
  MEETING_ERRORS,
  OPENING_ERRORS,
} from '../../src/observe/error-endings.js'
import type { RecordEnding } from '../../src/observe/record.js'

const docs = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const FAMILY = 'millrace_connections_ended_total'

interface Row extends Ending {
  readonly isError: boolean
}

/** Every end, once for each of its phases. */
const ROWS = [...docs('records.md').matchAll(/^\| (client|backend|proxy) \|.*$/gm)].flatMap(
  ([line]): Row[] => {
    const [by = '', phases = '', cause = '', , error] = line
      .split(' | ')
      .map((cell) => cell.replace('| ', ''))
    const name = /`(.*)`/.exec(cause)![1]!
    return phases.split(', ').map((phase) => ({ by, phase, cause: name, isError: error === 'yes' }) as Row)
  },
)
const tell = ({ by, phase, cause }: Ending): string => `${by} ${phase} ${cause}`

/** Whether one of the selectors of `query` takes this series. */
function isTaken(query: string, labels: Readonly<Record<string, string>>): boolean {
  return [...query.matchAll(new RegExp(`${FAMILY}\\{([^}]*)\\}`, 'g'))].some(([, selector = '']) =>
    [...selector.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].every(([, label = '', operator, text = '']) => {
      const value = labels[label] ?? ''
      const isSame = operator?.endsWith('~') ? new RegExp(`^(?:${text})$`).test(value) : value === text
      return operator?.startsWith('!') ? !isSame : isSame
    }),
  )
}

const dashboard = JSON.parse(docs('grafana-dashboard.json')) as {
  panels: { title: string; targets: { expr: string }[] }[]
}
const panel = dashboard.panels.find(({ title }) => title.startsWith('Connections that could not be served'))

describe('an error', () => {
  it('is in the list of those that are counted from 0 on, where the docs say so, and nothing else is', () => {
    const listed = [...OPENING_ERRORS, ...JOINING_ERRORS, ...MEETING_ERRORS, ...HTTP_ERRORS]
    expect(listed.map(tell).sort()).toEqual(
      ROWS.filter((row) => row.isError)
        .map(tell)
        .sort(),
    )
    expect(listed.filter((ending) => !isError(ending as RecordEnding))).toEqual([])
  })

  it.each([
    ['docs/metrics.md', /could not be served.*/.exec(docs('metrics.md'))?.[0]],
    ['the alerts', /MillraceConnectionsFail[\s\S]*?\) \//.exec(docs('prometheus-alerts.yaml'))?.[0]],
    ['the dashboard', panel?.targets[0]?.expr.replaceAll(/"\$\w+"/g, '".*"')],
  ])('is what the query of %s takes', (_, query = '') => {
    expect(ROWS.length).toBeGreaterThan(40)
    for (const row of ROWS)
      expect([tell(row), isTaken(query, { ...row, isError: '' })]).toEqual([tell(row), row.isError])
  })
})
