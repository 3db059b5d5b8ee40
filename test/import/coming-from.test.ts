/** docs/coming-from.md and the tables of `millrace import` say the same of each directive. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { Directive } from '../../src/import/directive.js'
import { BIND_PARAMETERS } from '../../src/import/haproxy/bind.js'
import { readFact } from '../../src/import/haproxy/conditions.js'
import { PROXY_DIRECTIVES } from '../../src/import/haproxy/directives.js'
import { GLOBAL_DIRECTIVES, RESOLVERS_DIRECTIVES } from '../../src/import/haproxy/general.js'
import { SERVER_PARAMETERS } from '../../src/import/haproxy/server.js'
import { importConfig } from '../../src/import/import.js'
import { MAIN_DIRECTIVES, SERVER_DIRECTIVES, STREAM_DIRECTIVES } from '../../src/import/nginx/directives.js'
import { LISTEN_PARAMETERS } from '../../src/import/nginx/listen.js'
import { UPSTREAM_DIRECTIVES, UPSTREAM_PARAMETERS } from '../../src/import/nginx/upstream.js'

type AnyDirective = Directive<never>

interface Row {
  /** The texts in code of the first cell. */
  readonly names: readonly string[]
  readonly ours: string
}

const page = readFileSync(new URL('../../docs/coming-from.md', import.meta.url), 'utf8')

function rowsOf(heading: string): Row[] {
  const [section = ''] = page.split(`\n## ${heading}\n`)[1]?.split('\n## ') ?? []
  return [...section.matchAll(/^\| (.+?) \| (.+?) \|/gm)].slice(1).map(([, theirs = '', ours = '']) => ({
    names: Array.from(theirs.matchAll(/`([^`]+)`/g), ([, name = '']) => name),
    ours,
  }))
}

const tableOf = (...tables: readonly object[]): readonly (readonly [string, AnyDirective])[] =>
  tables.flatMap((table) => Object.entries(table) as [string, AnyDirective][])

const isNone = ({ ours }: Row): boolean => /^(none|not yet)/.test(ours)
const wordsOf = ({ names }: Row): string[] => names.flatMap((name) => name.split(/[\s/…]+/))

/** Directives that are read, and no row says so: the last word of the name, and the key. */
const untold = (rows: readonly Row[], table: readonly (readonly [string, AnyDirective])[]): string[] =>
  table
    .filter(([name, { read, becomes = '' }]) => {
      const last = name.split(' ').at(-1)!
      return (
        read !== undefined && !rows.some((row) => wordsOf(row).includes(last) && row.ours.includes(becomes))
      )
    })
    .map(([name, { becomes }]) => `${name}: ${becomes}`)

/** Directives that are read, although a row says that nothing does the same. */
const denied = (rows: readonly Row[], table: readonly (readonly [string, AnyDirective])[]): string[] =>
  table.flatMap(([name, { read }]) =>
    read !== undefined && rows.some((row) => isNone(row) && row.names.includes(name)) ? [name] : [],
  )

describe('docs/coming-from.md about HAProxy', () => {
  const rows = rowsOf('HAProxy')
  const sections = tableOf(PROXY_DIRECTIVES, GLOBAL_DIRECTIVES, RESOLVERS_DIRECTIVES)
  const all = [...sections, ...tableOf(BIND_PARAMETERS, SERVER_PARAMETERS)]

  it('has a row with the key for each directive that the import reads, and denies none of them', () => {
    expect(rows.length).toBeGreaterThan(100)
    expect(untold(rows, all)).toEqual([])
    expect(denied(rows, sections)).toEqual([])
  })

  it('has no row with a key that the import neither reads nor leaves to people', () => {
    const read = new Set(
      all.flatMap(([name, { read }]) => (read === undefined ? [] : [name.split(' ').at(-1)!])),
    )
    const known = ({ names }: Row): boolean =>
      names.some((name) => typeof readFact(name.split(' ')) !== 'string')
    const left = rows.filter(
      (row) =>
        row.names.length > 0 && !isNone(row) && !wordsOf(row).some((word) => read.has(word)) && !known(row),
    )
    expect(left.map(({ names: [first = ''] }) => first)).toEqual(BY_HAND)
  })
})

describe('docs/coming-from.md about nginx', () => {
  const rows = rowsOf('nginx stream')
  const servers = tableOf(SERVER_DIRECTIVES, STREAM_DIRECTIVES, MAIN_DIRECTIVES, LISTEN_PARAMETERS)
  const all = [...servers, ...tableOf(UPSTREAM_DIRECTIVES)]

  it('has a row with the key for each directive that the import reads, and denies none of them', () => {
    expect(rows.length).toBeGreaterThan(40)
    expect(untold(rows, all)).toEqual([])
    expect(denied(rows, all)).toEqual([])
    const parameters = Object.entries(UPSTREAM_PARAMETERS)
    const isTold = ([name, becomes]: [string, string]): boolean =>
      rows.some((row) => row.names.some((each) => each.includes(name)) && row.ours.includes(becomes))
    expect(parameters.filter((each) => !isTold(each))).toEqual([])
  })
})

it.each(['haproxy', 'nginx'] as const)(
  'the example of %s on the page becomes the listeners and clusters beside it',
  (from) => {
    const [, theirs = '', ours = ''] =
      new RegExp(`\`\`\`${from}\n(.*?)\`\`\`\n\n\`\`\`yaml\n(.*?)\`\`\``, 's').exec(page) ?? []
    const { yaml = '' } = importConfig(theirs, { file: 'example', from: undefined, read: () => [] })
    const [imported, written] = [parse(yaml), parse(ours)]
    const leads = ({ address, routes, cluster }: ListenerInput) => ({ address, routes, cluster })
    expect(imported.listeners.map(leads)).toEqual(written.listeners.map(leads))
    expect(imported.clusters).toMatchObject(written.clusters)
    expect(imported.timeouts).toMatchObject(written.timeouts)
  },
)

/** The first name of each row that only a person can translate, because it is no directive, has no one counterpart, or needs nothing. */
const BY_HAND: readonly string[] = [
  'req.len 0',
  'errorfile',
  'option ldap-check',
  'option log-health-checks',
  'use-server … if',
  'do-resolve(…) req.ssl_sni',
  'set-dst-port',
  'option http_proxy',
  'option abortonclose',
  'sc_http_req_rate',
  'filter bwlim-in',
  'filter bwlim-in',
  'retries',
  'frontend',
  'option clitcpka',
  'http-request redirect scheme https',
  '-f FILE',
  'option splice-auto',
  'tune.pipesize',
  'log',
  'option logasap',
  'option dontlognull',
  'CD',
  'stats socket',
  'stats uri',
  '-c -f FILE',
  '-sf',
  '-x',
  'hold valid',
  'hold nx',
  'option http-tunnel',
  'option http-server-close',
  'option forwardfor',
]
