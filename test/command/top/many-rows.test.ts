/** `top` with 50 listeners and 200 backends: what is down comes first, and the user finds every row in a terminal of any size. */
import { describe, expect, it } from 'vitest'
import { frame, printed, type Size } from '../../../src/command/top/frame.js'
import type { Moment } from '../../../src/command/top/rows.js'
import { FIRST_VIEW, KEYS, keysIn, press, type View } from '../../../src/command/top/view.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { BackendReport, ProxyStatus } from '../../../src/observe/status.js'
import { RunningProxy } from '../../../src/proxy/running-proxy.js'

const LISTENERS = 50
const CLUSTERS = 20
const BACKENDS_OF_A_CLUSTER = 10
const SIZES = [24, 40, 60].flatMap((rows) => [80, 200].map((columns) => ({ columns, rows })))
const [ROOMY, SMALL] = [
  { columns: 200, rows: 60 },
  { columns: 80, rows: 24 },
]
const [UP, DOWN, PAGE_DOWN, HOME, END] = ['\x1b[A', '\x1b[B', '\x1b[6~', '\x1b[H', '\x1b[F']
const [TAB, ESCAPE, BACKSPACE] = ['\t', '\x1b', '\x7f']

const cluster = (at: number): string => `customer-${at}-with-a-long-name`
const backend = (of: number, at: number): string => `node-${at}.rack-${of}.frankfurt.example.com:5432`
const WHOLE = new RunningProxy(
  validateConfig({
    listeners: Array.from({ length: LISTENERS }, (_, at) => ({
      name: `listener-${at}`,
      address: `127.0.0.1:${1000 + at}`,
      cluster: cluster(at % CLUSTERS),
    })),
    clusters: Object.fromEntries(
      Array.from({ length: CLUSTERS }, (_, of) => [
        cluster(of),
        { backends: Array.from({ length: BACKENDS_OF_A_CLUSTER }, (_, at) => backend(of, at)) },
      ]),
    ),
    log: { level: 'silent' },
  }),
).status()

/** Everything is up, but for the backends that `fields` changes. */
function moment(fields: (address: string) => Partial<BackendReport> = () => ({})): Moment {
  const status: ProxyStatus = {
    ...WHOLE,
    listeners: WHOLE.listeners.map((each) => ({ ...each, isListening: true })),
    clusters: WHOLE.clusters.map((each) => ({
      ...each,
      backends: each.backends.map((one) => ({ ...one, state: 'up', ...fields(one.address) })),
    })),
  }
  return { at: 0, status, connections: [] }
}

/** A user who presses keys, and the screen in front of them. */
class User {
  #view: View = FIRST_VIEW
  readonly #now: Moment
  readonly #size: Size

  constructor(size: Size, now = moment()) {
    this.#size = size
    this.#now = now
  }

  get lines(): readonly string[] {
    const { lines, offset } = this.#frame
    this.#view = { ...this.#view, offset }
    return lines
  }

  press(...keys: readonly string[]): this {
    for (const key of keys) {
      const { offset, page } = this.#frame
      this.#view = press({ ...this.#view, offset }, key, page)
    }
    return this
  }

  /** Names of backends on the screen, without their cluster. */
  get backends(): string[] {
    return this.lines.flatMap((line) => /node-\d+\.rack-\d+/.exec(line)?.[0] ?? [])
  }

  get #frame() {
    return frame({ before: undefined, now: this.#now, note: '' }, this.#view, this.#size)
  }
}

describe('top with many rows', () => {
  it.each(SIZES)('shows all tables and says how many rows are not there, in $columns x $rows', (size) => {
    const { lines } = new User(size)
    expect(lines.length).toBeLessThanOrEqual(size.rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(size.columns)
    for (const title of ['LISTENER', 'CLUSTER', 'BACKEND', 'CLIENT'])
      expect(lines.filter((line) => line.startsWith(title))).toHaveLength(1)
    const listeners = lines.filter((line) => line.startsWith('listener-')).length
    expect(lines).toContain(`${LISTENERS - listeners} more`)
    const shown = lines.filter(
      (line) => line.includes('frankfurt') || line.includes('.example.com:5432'),
    ).length
    expect(lines).toContain(`${CLUSTERS * BACKENDS_OF_A_CLUSTER - shown} more`)
    expect(lines.at(-1)).toMatch(/^\? keys {2}q leave/)
  })

  it.each(SIZES)('shows first which backends are down, in $columns x $rows', (size) => {
    const down = backend(17, 8)
    const out = backend(3, 3)
    const now = moment((address) => ({
      ...(address === down && { state: 'down', judgedBy: 'check', reason: 'L4TOUT' }),
      ...(address === out && { setTo: 'maint' }),
    }))
    const user = new User(size, now)
    expect(user.backends.slice(0, 3)).toEqual(['node-8.rack-17', 'node-3.rack-3', 'node-0.rack-0'])
    expect(user.press('n').backends.slice(0, 2)).toEqual(['node-8.rack-17', 'node-3.rack-3'])
    const clusters = user.lines.filter((line) => line.startsWith('customer-') && line.includes(' of 10 up'))
    expect(clusters[0]).toContain('9 of 10 up')
  })

  it('shows names whole if they fit, and else their end', () => {
    const name = `${cluster(0)}/${backend(0, 0)}`
    expect(new User(ROOMY).lines.some((line) => line.startsWith(`${name} `))).toBe(true)
    const narrow = new User(SMALL).lines.find((line) => line.includes('rack-0.'))!
    expect(narrow).toMatch(/^c\S*…\S*e\/node-0\.rack-0\.frankfurt\.example\.com:5432 +up +0 +0 B\/s +0 B\/s$/)
  })

  it.each(SIZES)('End and PgDn reach the last row, in $columns x $rows', (size) => {
    const last = 'node-9.rack-19'
    const user = new User(size).press(END)
    expect(user.backends.at(-1)).toBe(last)
    expect(user.lines.some((line) => /^\d+ above$/.test(line))).toBe(true)
    expect(user.press(HOME).backends[0]).toBe('node-0.rack-0')
    for (let pages = 0; pages < 30; pages++) user.press(PAGE_DOWN)
    expect(user.backends.at(-1)).toBe(last)
  })

  it('arrows scroll by one row, and not over the ends', () => {
    const user = new User(SMALL)
    const first = user.backends
    expect(user.press(UP).backends).toEqual(first)
    expect(user.press(DOWN).backends.slice(0, -1)).toEqual(first.slice(1))
    expect(user.lines.some((line) => /^1 above, \d+ more$/.test(line))).toBe(true)
    const last = user.press(END).backends
    expect(user.press(DOWN, DOWN).backends).toEqual(last)
    expect(user.press(UP).backends.slice(1)).toEqual(last.slice(0, -1))
  })

  it('Tab chooses the table that scrolls, and Enter shows it alone', () => {
    const user = new User(SMALL).press(TAB, TAB)
    expect(user.lines.some((line) => line.startsWith('LISTENER') && line.endsWith('<'))).toBe(true)
    user.press(END)
    expect(user.lines.some((line) => line.startsWith('listener-49'))).toBe(true)
    user.press('\r')
    expect(user.lines.filter((line) => line.startsWith('listener-')).length).toBeGreaterThan(15)
    expect(user.backends).toEqual([])
    expect(user.press(ESCAPE).backends).not.toEqual([])
    expect(new User(SMALL).press('\x1b[Z').lines.some((line) => /^CLUSTER.*<$/.test(line))).toBe(true)
  })

  it('a terminal that is too low for all tables shows the one that scrolls', () => {
    const user = new User({ columns: 80, rows: 12 })
    expect(user.lines).toHaveLength(12)
    expect(user.backends.length).toBeGreaterThan(5)
    expect(user.press(END).backends.at(-1)).toBe('node-9.rack-19')
  })

  it('a search shows the rows with its text, says what it leaves out, and Esc ends it', () => {
    const user = new User(SMALL).press('/', ...'RACK-7.')
    expect(user.lines.at(-1)).toBe('/RACK-7._')
    expect(user.backends.every((name) => name.endsWith('.rack-7'))).toBe(true)
    expect(user.lines).toContain('nothing found in 50 rows')
    user.press(BACKSPACE, BACKSPACE, '1', '9', '\r')
    expect(user.lines.at(-1)).toContain('search "RACK-19", Esc ends it')
    expect(user.backends[0]).toBe('node-0.rack-19')
    expect(user.press(ESCAPE).backends[0]).toBe('node-0.rack-0')
  })

  it('q is a letter while the user types a search, and control characters are none', () => {
    const user = new User(SMALL).press('/', 'q', '\x01', '\x1b[A', '\u202e')
    expect(user.lines.at(-1)).toBe('/q_')
  })

  it('r, c and n order the rows, and numbers in names count as numbers', () => {
    const busy = backend(12, 5)
    const now = moment((address) => (address === busy ? { active: 7 } : {}))
    const user = new User(ROOMY, now)
    expect(user.press('c').backends[0]).toBe('node-5.rack-12')
    expect(user.press('n').backends.slice(0, 2)).toEqual(['node-0.rack-0', 'node-1.rack-0'])
    const shown = user.press(TAB, TAB).lines.filter((line) => line.startsWith('listener-'))
    expect(shown.slice(1, 3).map((line) => line.split(' ')[0])).toEqual(['listener-1', 'listener-2'])
    expect(user.lines.at(-1)).toContain('by name')
    expect(user.press('r').lines.at(-1)).toContain('by rate')
  })

  it('? shows every key, and the next key shows the tables again', () => {
    const user = new User(SMALL).press('?')
    for (const [keys, what] of KEYS)
      expect(user.lines.some((line) => line.startsWith(keys) && line.includes(what.slice(0, 30)))).toBe(true)
    expect(user.press('x').backends).not.toEqual([])
  })

  it('an output that is no screen gets all rows with whole names', () => {
    const lines = printed(
      { before: undefined, now: moment(), note: '' },
      FIRST_VIEW,
      Number.POSITIVE_INFINITY,
    )
    expect(lines.filter((line) => line.startsWith('listener-'))).toHaveLength(LISTENERS)
    expect(lines.filter((line) => line.includes('.frankfurt.example.com:5432 '))).toHaveLength(200)
  })
})

describe('the keys of top', () => {
  it('keysIn finds the keys in what a terminal sends at once', () => {
    expect(keysIn('\x1b[Aq\x1bOB\x1b[6~é\x1b')).toEqual(['\x1b[A', 'q', '\x1bOB', '\x1b[6~', 'é', '\x1b'])
  })
})
