/** The table of endings has no contradictions. Its errors are those of docs/records.md and of the queries in docs/. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type CountedEnding,
  DENIALS,
  ENDINGS,
  ERRORS,
  kindOf,
  type Outcome,
  outcomeOf,
  whyDenied,
} from '../../src/observe/endings.js'

const docs = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const FAMILY = 'millrace_connections_ended_total'

interface Row extends CountedEnding {
  readonly outcome: string
}

/** The endings of docs/records.md, once for each of their phases. */
const ROWS = [...docs('records.md').matchAll(/^\| (client|backend|proxy) \|.*$/gm)].flatMap(
  ([line]): Row[] => {
    const [by = '', phases = '', cause = '', , outcome] = line
      .split(' | ')
      .map((cell) => cell.replace('| ', ''))
    const name = /`(.*)`/.exec(cause)![1]!
    return phases.split(', ').map((phase) => ({ by, phase, cause: name, outcome }) as Row)
  },
)
const tell = ({ by, phase, cause, waitedFor = '' }: CountedEnding & { waitedFor?: string | undefined }) =>
  `${by} ${phase} ${cause} ${waitedFor}`.trimEnd()

/** Whether one of the selectors of `query` matches this series. */
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

/** Causes that are never an error, and causes that are an error only by one party. */
const ORDINARY = new Set(ENDINGS.filter(({ error }) => error === undefined).map(({ cause }) => cause))

describe('the table of endings', () => {
  it('the table of endings has every ending once', () => {
    const endings = ENDINGS.flatMap(({ by, phases, cause, waitedFor }) =>
      phases.map((phase) => tell({ by, phase, cause, waitedFor })),
    )
    expect(endings.filter((each, index) => endings.indexOf(each) !== index)).toEqual([])
  })

  it('all entries of a cause in the table of endings agree on its details', () => {
    const differing = ENDINGS.filter((a) => ENDINGS.some((b) => a.cause === b.cause && a.detail !== b.detail))
    expect(differing).toEqual([])
  })

  it('kindOf finds an ending with details of its cause and without', () => {
    for (const kind of ENDINGS)
      for (const phase of kind.phases) {
        expect(kindOf({ ...kind, phase })).toBe(kind)
        expect(kindOf({ ...kind, phase, cause: `${kind.cause}: by a colon: or two` })).toBe(kind)
      }
  })

  it('kindOf finds the general entry of a timeout that waited for a side without an entry', () => {
    const idle = { by: 'proxy', phase: 'data', cause: 'idle-timeout' } as const
    expect(kindOf({ ...idle, waitedFor: 'client' })).toBe(kindOf(idle))
    expect(kindOf({ ...idle, waitedFor: 'backend' })).not.toBe(kindOf(idle))
  })
})

describe('errors among the endings', () => {
  it.each<[Outcome, CountedEnding]>([
    ['ordinary', { by: 'client', phase: 'data', cause: 'finished' }],
    ['error', { by: 'backend', phase: 'connect', cause: 'no-backend' }],
    ['ordinary', { by: 'client', phase: 'data', cause: 'reset' }],
    ['error', { by: 'backend', phase: 'data', cause: 'reset' }],
    ['ordinary', { by: 'proxy', phase: 'data', cause: 'idle-timeout' }],
    ['ordinary', { by: 'proxy', phase: 'data', cause: 'drained' }],
    ['error', { by: 'proxy', phase: 'opening', cause: 'bad-hello: not TLS' }],
    ['denied', { by: 'proxy', phase: 'opening', cause: 'rejected' }],
    ['denied', { by: 'proxy', phase: 'data', cause: 'source-limit: bytes-today' }],
  ])('the outcome is %s for %j', (outcome, ending) => {
    expect(outcomeOf(ending)).toBe(outcome)
  })

  it('ERRORS lists every ending that docs/records.md calls an error, and no other', () => {
    const listed = Object.values(ERRORS).flat()
    expect(listed.map(tell).sort()).toEqual(
      ROWS.filter((row) => row.outcome === 'error')
        .map(tell)
        .sort(),
    )
    expect(listed.filter((ending) => outcomeOf(ending) !== 'error')).toEqual([])
  })

  it.each([
    ['docs/metrics.md', /could not be served.*/.exec(docs('metrics.md'))?.[0]],
    ['the alerts', /MillraceConnectionsFail[\s\S]*?\) \//.exec(docs('prometheus-alerts.yaml'))?.[0]],
    ['the dashboard', panel?.targets[0]?.expr.replaceAll(/"\$\w+"/g, '".*"')],
  ])('the query for errors in %s matches every error and nothing else', (_, query = '') => {
    expect(ROWS.length).toBeGreaterThan(40)
    const [, leftOut = ''] = /cause!~"([^"]*)"/.exec(query) ?? []
    expect(new Set(leftOut.split('|'))).toEqual(ORDINARY)
    for (const row of ROWS)
      expect([tell(row), isTaken(query, { ...row })]).toEqual([tell(row), row.outcome === 'error'])
  })
})

describe('denied clients', () => {
  it.each([
    ['rejected', 'rejected'],
    ['rejected: no such tenant', 'rejected'],
    ['denied: list deny.txt', 'list'],
    ['denied: not-allowed', 'not-allowed'],
    ['denied: banned', 'banned'],
    ['source-limit: rate', 'rate'],
    ['source-limit: rate (listener front)', 'rate'],
    ['source-limit: rates', 'source-limit'],
    ['no-route', undefined],
  ])('whyDenied says of %j: %s', (cause, why) => {
    expect(whyDenied({ by: 'proxy', phase: 'opening', cause })).toBe(why)
  })

  it('no ending is both an error and denied, and each reason of a denial occurs once', () => {
    expect(ENDINGS.filter(({ error, isDenied }) => error !== undefined && isDenied)).toEqual([])
    expect(new Set(DENIALS).size).toBe(DENIALS.length)
  })
})
