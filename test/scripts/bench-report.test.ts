/** Results, targets and tables of the bench, from made-up rounds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { benchPart } from './bench-part.js'

const { bestOf, ratioOf } = await benchPart('results')
const { checkTargets, countVerdicts } = await benchPart('targets')
const { standing } = await benchPart('standing')
const { drawChart } = await benchPart('chart')
const { readmeTable } = await benchPart('readme')
const { loadStored, storeLoads } = await benchPart('store')

const labels: Record<string, string> = { 'haproxy-splice': 'HAProxy splice', 'c-splice': 'C splice loop' }

type Rounds = Record<string, number[]>

function contender(name: string, figures: Rounds) {
  const count = Math.max(...Object.values(figures).map((values) => values.length))
  const rounds = Array.from({ length: count }, (_, round) => ({
    round,
    ...Object.fromEntries(Object.entries(figures).map(([figure, values]) => [figure, values[round]])),
  }))
  const kind = name.startsWith('millrace') ? 'ours' : name === 'c-splice' ? 'reference' : 'rival'
  return { name, label: labels[name] ?? name, kind, rounds }
}

function load(name: string, contenders: Record<string, Rounds>) {
  const entries = Object.entries(contenders).map(([who, figures]) => contender(who, figures))
  return { name, family: name.split('-')[0], title: name, date: '2026-11-27', contenders: entries }
}

const six = (value: number) => Array.from({ length: 6 }, (_, i) => value * (1 + i / 1000))

const bulk = load('bulk-8-down-cubic', {
  'c-splice': { cpuPerGb: six(0.13), gbPerSecond: six(6) },
  'haproxy-splice': { cpuPerGb: six(0.14), gbPerSecond: six(6) },
  nginx: { cpuPerGb: six(0.33), gbPerSecond: six(3) },
  millrace: { cpuPerGb: six(0.21), gbPerSecond: six(2) },
})
const idle = load('idle-cubic', {
  nginx: { kibPerConnection: six(9) },
  millrace: { kibPerConnection: six(0.6), kernelPipes: [0, 0, 0] },
})

describe('the results of the bench', () => {
  it('the results of the bench know the best rival of each figure', () => {
    expect(bestOf(bulk, ['haproxy-splice', 'nginx'], 'cpuPerGb')).toBe('haproxy-splice')
    expect(bestOf(bulk, ['nginx'], 'gbPerSecond')).toBe('nginx')
    expect(bestOf(bulk, ['nobody'], 'cpuPerGb')).toBeUndefined()
    expect(ratioOf(bulk, 'millrace', 'haproxy-splice', 'cpuPerGb').median).toBeCloseTo(1.5)
  })
})

describe('the targets of the bench', () => {
  const checks = checkTargets([bulk, idle])
  const find = (words: string) => checks.find(({ what }: { what: string }) => what.includes(words))

  it('each target of the bench names the contender that millrace is compared to', () => {
    expect(find('millrace / HAProxy splice: proxy CPU s/GB')).toMatchObject({
      limit: 0.95,
      verdict: 'missed',
    })
    expect(find('millrace / C splice loop: proxy CPU s/GB')).toMatchObject({ limit: 1.05, verdict: 'missed' })
    expect(find('millrace / HAProxy splice: GB/s')).toMatchObject({ limit: 1, verdict: 'missed' })
  })

  it('a target of the bench may have its own unit', () => {
    expect(find('KiB/connection')).toMatchObject({ limit: 0.7, verdict: 'met' })
    expect(find('kernel pipes')).toMatchObject({ limit: 0, verdict: 'met' })
  })

  it('the bench counts how many targets are met, unclear and missed', () => {
    expect(countVerdicts(checks)).toEqual({ met: 2, unclear: 0, missed: 3 })
  })

  it('a target of the bench compares connects with limits with those without', () => {
    const connect = load('connect-cubic', {
      millrace: { cpuMicros: six(70) },
      'millrace-limits': { cpuMicros: six(71) },
      'millrace-workers': { cpuMicros: six(70) },
      'millrace-workers-limits': { cpuMicros: six(80) },
    })
    expect(checkTargets([connect])).toMatchObject([
      { what: expect.stringContaining('millrace-limits / millrace:'), limit: 1.03, verdict: 'met' },
      {
        what: expect.stringContaining('millrace-workers-limits / millrace-workers:'),
        limit: 1.03,
        verdict: 'missed',
      },
    ])
  })

  it('a target of the bench compares a load beside others with the same load alone', () => {
    const beside = load('paused-8MiB-beside-10-cubic', {
      millrace: { p99Micros: six(300), perSecond: six(90) },
    })
    const alone = load('paused-8MiB-beside-0-cubic', {
      millrace: { p99Micros: six(100), perSecond: six(90) },
    })
    const verdicts = checkTargets([alone, beside]).map(({ load: name, verdict }: Record<string, string>) => [
      name,
      verdict,
    ])
    expect(verdicts).toEqual([
      ['paused-8MiB-beside-10-cubic', 'missed'],
      ['paused-8MiB-beside-10-cubic', 'met'],
    ])
  })
})

describe('the tables of the bench', () => {
  it('the tables of the bench show the worst family first', () => {
    const setbacks = standing([idle, bulk]).map(
      ({ title, setback }: { title: string; setback: { median: number } }) => [
        title,
        Number(setback.median.toFixed(2)),
      ],
    )
    expect(setbacks).toEqual([
      ['bulk', 3],
      ['bulk', 1.5],
      ['idle connections', 0.07],
    ])
  })

  it('README shows loads beside every rival, and of each family the figure at which millrace is worst', () => {
    const setting = { commit: 'abc', machine: { cpu: 'x', cores: 2 }, versions: { millrace: '1' } }
    const lines = readmeTable([idle, bulk], setting).split('\n')
    expect(lines).toContain('| idle-cubic | KiB/connection | **0.60** | – | 9.02 | – | – |')
    const [worst, next] = lines.filter((line: string) => /^\| (bulk|idle connections) \|/.test(line))
    expect(worst).toContain('bulk-8-down-cubic: GB/s | **2.01** | 6.02 HAProxy splice | 3.00 (3.00–3.00) |')
    expect(next).toContain('idle-cubic: KiB/connection | **0.60** | 9.02 nginx | 0.07 (0.07–0.07) |')
  })

  it('the bench draws a chart, or none if it has nothing to compare', () => {
    expect(drawChart([bulk])).toContain('bulk: GB/s')
    expect(drawChart([])).toBeUndefined()
  })
})

it('the bench keeps the results of several runs together, by commit and machine', () => {
  const cache = mkdtempSync(join(tmpdir(), 'bench-store-'))
  try {
    const setting = { commit: 'abcdef1', machine: {}, versions: {}, date: '2026-11-27' }
    const failure = { load: idle.name, contender: 'go', message: 'reset' }
    storeLoads([idle], setting, [failure], cache)
    storeLoads([bulk], { ...setting, date: '2026-11-28' }, [], cache)
    storeLoads([bulk], { ...setting, commit: 'abcdef1 with changes (1)' }, [], cache)
    const { loads, failures } = loadStored(setting, cache)
    expect(loads.map(({ name, date }: Record<string, string>) => [name, date])).toEqual([
      [bulk.name, '2026-11-28'],
      [idle.name, '2026-11-27'],
    ])
    expect(failures).toEqual([failure])
  } finally {
    rmSync(cache, { recursive: true })
  }
})
