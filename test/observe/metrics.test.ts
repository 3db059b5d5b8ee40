/** The metrics of a status: promtool accepts them, and the docs say the same of them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { DURATION_BOUNDS, Histogram, LATENCY_BOUNDS } from '../../src/observe/counts/histogram.js'
import { mergeStatuses } from '../../src/observe/counts/merge.js'
import { exposition } from '../../src/observe/metrics/exposition.js'
import { METRICS, renderMetrics } from '../../src/observe/metrics/metrics.js'
import type { BackendReport, ProxyStatus } from '../../src/observe/status.js'
import { BACKEND, CLUSTER } from '../../src/status/cluster.js'
import { STATUS } from '../../src/status/status.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { blank } from '../support/blank.js'
import { samplesOf } from '../support/exposition.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing, run } from '../support/programs.js'

const docs = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const folder = temporaryFolder()
const HOW_COPIED = kernelLoop() instanceof KernelLoop ? 'small' : 'switched-off'

/** The value of one sample. */
function valueOf(text: string, sample: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `))
  if (line === undefined) throw new Error(`there is no ${sample}`)
  return Number(line.slice(sample.length + 1))
}

describe('the metrics of a proxy with traffic', () => {
  let backend: Backend
  let bed: Bed
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  async function traffic(): Promise<string> {
    backend = (await Backend.listen()).echo()
    const health = { eject: { failures: 1 } }
    bed = await Bed.start({ clusters: { back: { backends: [backend.address, '127.0.0.1:1'], health } } })
    const running = await bed.connect()
    running.send(Buffer.alloc(300))
    await running.receive(300)
    const over = await bed.connect()
    over.send(Buffer.alloc(200))
    over.end()
    await over.ended
    await bed.recorded(1)
    return renderMetrics(bed.proxy.status())
  }

  it.skipIf(areMissing('promtool'))('promtool finds no fault in the metrics', async () => {
    const text = await traffic()
    const checked = await run('promtool', ['check', 'metrics'], { input: text })
    expect(checked).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  it('the metrics count ended and open connections', async () => {
    const text = await traffic()
    const { address } = bed.proxy.status().clusters[0]!.backends[0]!
    const backendLabels = `{cluster="back",backend="${address}"}`
    expect(valueOf(text, 'millrace_listener_accepted_total{listener="front"}')).toBe(2)
    expect(valueOf(text, 'millrace_listener_connections{listener="front"}')).toBe(1)
    const copiedUp = '{listener="front",direction="up",how="copied"}'
    const splicedUp = '{listener="front",direction="up",how="spliced"}'
    const up = valueOf(text, `millrace_listener_bytes_total${copiedUp}`)
    expect(up + valueOf(text, `millrace_listener_bytes_total${splicedUp}`)).toBe(500)
    const ended = '{listener="front",cluster="back",by="client",phase="data",cause="finished"}'
    expect(valueOf(text, `millrace_connections_ended_total${ended}`)).toBe(1)
    expect(valueOf(text, `millrace_backend_connects_total${backendLabels}`)).toBe(2)
    expect(valueOf(text, 'millrace_backend_up{cluster="back",backend="127.0.0.1:1"}')).toBe(0)
    expect(valueOf(text, `millrace_connect_seconds_count${backendLabels}`)).toBe(2)
    expect(valueOf(text, `millrace_first_byte_seconds_count${backendLabels}`)).toBe(2)
    expect(valueOf(text, 'millrace_connect_seconds_count{cluster="back",backend="127.0.0.1:1"}')).toBe(0)
    expect(bed.proxy.status().clusters[0]!.connectSeconds.counts.reduce((sum, count) => sum + count)).toBe(2)
    expect(valueOf(text, 'millrace_listener_received_bytes_total{listener="front",side="client"}')).toBe(500)
    expect(valueOf(text, 'millrace_listener_received_bytes_total{listener="front",side="backend"}')).toBe(500)
    const why = `{listener="front",reason="${HOW_COPIED}"}`
    expect(valueOf(text, `millrace_not_spliced_connections_total${why}`)).toBe(1)
    expect(valueOf(text, `millrace_not_spliced_bytes_total${why}`)).toBe(400)
    expect(valueOf(text, 'millrace_connection_seconds_count{listener="front"}')).toBe(1)
    expect(valueOf(text, 'millrace_records_written_total')).toBe(1)
    expect(valueOf(text, 'millrace_infinite_loops_total')).toBe(0)
    expect(valueOf(text, 'millrace_state{state="running"}')).toBe(1)
  })

  it('the metrics leave out details of causes, so that clients cannot make new series', async () => {
    backend = await Backend.listen()
    const acceptProxy = { from: ['127.0.0.1'] }
    const front = { name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy }
    bed = await Bed.start({ listeners: [front], backends: [backend] })
    for (const nonsense of ['GET / HTTP/1.1\r\n\r\n', 'PROXY nonsense\r\n', 'PROXY TCP4 1\r\n']) {
      const client = await bed.connect()
      client.send(Buffer.from(nonsense))
      await client.ended
    }
    const records = await bed.recorded(3)
    expect(new Set(records.map(({ ended }) => ended.cause)).size).toBeGreaterThan(1)
    const lines = renderMetrics(bed.proxy.status()).match(/^millrace_connections_ended_total.* [^0]$/gm)
    expect(lines).toEqual([expect.stringMatching(/cause="proxy-header"} 3$/)])
  })

  it('the metrics of several workers are the sums of all workers', async () => {
    await traffic()
    const status = bed.proxy.status()
    expect(mergeStatuses([status])).toEqual(status)
    const three = renderMetrics(mergeStatuses([status, status, status]))
    expect(valueOf(three, 'millrace_workers')).toBe(3)
    expect(valueOf(three, 'millrace_listener_accepted_total{listener="front"}')).toBe(6)
    const { address } = status.clusters[0]!.backends[0]!
    expect(valueOf(three, `millrace_connect_seconds_count{cluster="back",backend="${address}"}`)).toBe(6)
    expect(samplesOf(three).size).toBe(samplesOf(renderMetrics(status)).size)
    const delays = { bounds: [0.1], counts: [3, 1], sum: 0.5 }
    const slow = { ...status, eventLoopDelaySeconds: delays }
    const all = renderMetrics(mergeStatuses([slow, slow, { ...status, eventLoopDelaySeconds: undefined }]))
    expect(valueOf(all, 'millrace_event_loop_delay_seconds_count')).toBe(8)
    const draining = mergeStatuses([status, { ...status, state: 'draining' }])
    expect(draining.state).toBe('draining')
  })
})

describe('workers with different listeners and clusters', () => {
  it('a listener that only one worker still has counts for both workers, and no sample is there twice', async () => {
    const backend = await Backend.listen()
    const bed = await Bed.start({ backends: [backend] })
    const first = bed.proxy.status()
    await bed.end()
    const { listeners, clusters } = first
    const down = { state: 'down', restingMs: 1000, lastError: 'ECONNREFUSED' } as const
    const status: ProxyStatus = {
      ...first,
      clusters: clusters.map((each) => ({
        ...each,
        backends: each.backends.map((one) => ({ ...one, ...down })),
      })),
    }
    const behind: ProxyStatus = {
      ...first,
      listeners: [],
      clusters: [],
      pastListeners: listeners.map((each) => ({ ...each, isLeaving: true, accepted: 5 })),
      pastClusters: clusters.map((each) => ({
        ...each,
        isLeaving: true,
        backends: [],
        pastBackends: each.backends.map((one) => ({ ...one, isLeaving: true, connections: 7 })),
      })),
    }
    for (const order of [
      [status, behind],
      [behind, status],
    ]) {
      const merged = mergeStatuses(order)
      expect(merged).toMatchObject({
        listeners: [{ name: 'front', isLeaving: false, isListening: true, accepted: 5 }],
        pastListeners: [],
        clusters: [
          { name: 'back', isLeaving: false, backends: [{ ...down, connections: 7 }], pastBackends: [] },
        ],
        pastClusters: [],
      })
      expect(samplesOf(renderMetrics(merged)).size).toBe(samplesOf(renderMetrics(status)).size)
    }
    expect(mergeStatuses([behind, behind]).pastListeners).toMatchObject([{ accepted: 10 }])
  })
})

describe('the text format of the metrics', () => {
  it('the text format of the metrics escapes what would end a label or a line', () => {
    const labels = { name: 'a"b\\c\nd' }
    const text = exposition([
      { name: 'x_total', type: 'counter', help: 'a\\b\nc', samples: [{ labels, value: 1 }] },
      { name: 'empty', type: 'gauge', help: '-', samples: [] },
    ])
    expect(text).toBe('# HELP x_total a\\\\b\\nc\n# TYPE x_total counter\nx_total{name="a\\"b\\\\c\\nd"} 1\n')
  })
})

describe('a histogram', () => {
  it.each([
    ['latencies', LATENCY_BOUNDS, 60],
    ['durations', DURATION_BOUNDS, 24 * 60 * 60],
  ])(
    'a histogram of %s counts each value in the first bucket that holds it, and adds up the values',
    (_, ends, last) => {
      expect(ends.at(-1)).toBe(last)
      fc.assert(
        fc.property(fc.array(fc.double({ min: 0, max: 2 * last, noNaN: true })), (values) => {
          const histogram = new Histogram(ends)
          for (const value of values) histogram.observe(value)
          const { bounds, counts, sum } = histogram.status()
          expect(bounds).toBe(ends)
          expect(counts.reduce((total, count) => total + count, 0)).toBe(values.length)
          expect(sum).toBeCloseTo(
            values.reduce((total, value) => total + value, 0),
            1,
          )
          let cumulative = 0
          for (const [index, bound] of bounds.entries()) {
            cumulative += counts[index]!
            expect(cumulative).toBe(values.filter((value) => value <= bound).length)
          }
        }),
      )
    },
  )
})

describe('docs/metrics.md', () => {
  it('docs/metrics.md has every metric with its type, labels and meaning, and no other', () => {
    const rows = docs('metrics.md').match(/^\| `millrace_.*$/gm)
    const told = METRICS.map(({ name, type, labels, help }) => {
      const labelled = labels.map((label) => `\`${label}\``).join(', ')
      return `| \`${name}\` | ${type} | ${labelled} | ${help} |`
    })
    expect(rows).toEqual(told)
  })
})

describe('the metrics of health', () => {
  const told = (fields: Partial<BackendReport>): string[] => {
    const row = { ...blank(BACKEND), address: 'a:1', weight: 1, ...fields }
    const cluster = { ...blank(CLUSTER), name: 'db', backends: [row] }
    const text = renderMetrics({ ...blank(STATUS), clusters: [cluster] } as ProxyStatus)
    return text.split('\n').filter((line) => /^millrace_backend_(reason|in_use|changed|tier)/.test(line))
  }

  it('a backend has a metric with its reason and with what decides, and only if they are known', () => {
    expect(told({}).some((line) => line.startsWith('millrace_backend_reason'))).toBe(false)
    expect(told({ judgedBy: 'check', reason: 'L7STS', reasonDetail: '503' })).toContain(
      'millrace_backend_reason{cluster="db",backend="a:1",judged_by="check",reason="L7STS"} 1',
    )
    expect(told({ judgedBy: 'check', reason: 'L4OK', isLeaving: true })).toEqual([])
  })

  it('the metrics say in which tier a backend is, and when it last changed', () => {
    expect(told({ tier: 2, changedAt: '1970-01-01T00:01:30.000Z' })).toEqual(
      expect.arrayContaining([
        'millrace_backend_tier{cluster="db",backend="a:1"} 2',
        'millrace_backend_changed_time_seconds{cluster="db",backend="a:1"} 90',
      ]),
    )
  })

  it.each([
    [{}, 1],
    [{ agentSet: 'ready' }, 1],
    [{ agentSet: 'drain' }, 0],
    [{ agentSet: 'maint' }, 0],
    [{ setTo: 'drain' }, 0],
    [{ weight: 0 }, 0],
  ] as const)('a backend with %j is in use: %i', (fields, value) => {
    expect(told(fields)).toContain(`millrace_backend_in_use{cluster="db",backend="a:1"} ${value}`)
  })
})

describe('the dashboard and the alerts', () => {
  const NAMES = new Set(
    METRICS.flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
  const expressions = (): string[] => {
    const { panels } = JSON.parse(docs('grafana-dashboard.json')) as {
      panels: { targets?: { expr: string }[] }[]
    }
    return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  }

  it('the dashboard and the alerts ask only for metrics that exist', () => {
    const asked = [...expressions(), docs('prometheus-alerts.yaml')].join(' ').match(/millrace_\w+/g) ?? []
    expect(asked.length).toBeGreaterThan(20)
    expect(asked.filter((name) => !NAMES.has(name))).toEqual([])
  })

  it.skipIf(areMissing('promtool'))(
    'promtool accepts the alerts and the queries of the dashboard',
    async () => {
      const alerts = new URL('../../docs/prometheus-alerts.yaml', import.meta.url).pathname
      expect(await run('promtool', ['check', 'rules', alerts])).toMatchObject({ code: 0 })
      const rules = expressions().map((expr, index) => ({
        record: `panel:${index}`,
        expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, '.*'),
      }))
      const file = join(folder, 'panels.json')
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }))
      const checked = await run('promtool', ['check', 'rules', file])
      expect(checked).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`${rules.length} rules found`),
      })
    },
  )

  it.skipIf(areMissing('promtool'))(
    'the alerts fire for a backend that is down, a flapping one, a failover and a cluster that is down',
    async () => {
      const alerts = new URL('../../docs/prometheus-alerts.yaml', import.meta.url).pathname
      const file = join(folder, 'alert-tests.json')
      writeFileSync(file, JSON.stringify({ rule_files: [alerts], tests: [ALERT_TEST] }))
      expect(await run('promtool', ['test', 'rules', file])).toMatchObject({ code: 0 })
    },
  )
})

/**
 * Of cluster `a`, the backend `main` is down by its checks, and its backup is up. Cluster `b` has one backend, which flaps.
 * In cluster `c`, an operator has taken out the backend that is down.
 */
const ALERT_TEST = (() => {
  const series = (name: string, labels: string, value: number) => ({
    series: `millrace_backend_${name}{instance="i",${labels}}`,
    values: `${value}+0x10`,
  })
  const servingTier = (cluster: string, tier: number) => ({
    series: `millrace_cluster_serving_tier{instance="i",cluster="${cluster}"}`,
    values: `${tier}+0x10`,
  })
  const backend = (labels: string, tier: number, up: number, inUse: number) => [
    series('tier', labels, tier),
    series('up', labels, up),
    series('in_use', labels, inUse),
  ]
  const main = 'cluster="a",backend="main"'
  const alone = 'cluster="b",backend="alone"'
  const fired = (alertname: string, severity: string, labels: object, summary: string) => ({
    eval_time: '2m',
    alertname,
    exp_alerts: [
      { exp_labels: { severity, instance: 'i', ...labels }, exp_annotations: { summary } },
    ] as object[],
  })
  const down = fired(
    'MillraceBackendDown',
    'warning',
    { cluster: 'a', backend: 'main' },
    'a: backend main is down: L4TOUT by check',
  )
  const alsoDown = fired(
    'MillraceBackendDown',
    'warning',
    { cluster: 'b', backend: 'alone' },
    'b: backend alone is down',
  )
  return {
    interval: '30s',
    input_series: [
      ...backend(main, 0, 0, 1),
      ...backend('cluster="a",backend="backup"', 100, 1, 1),
      ...backend(alone, 0, 0, 1),
      ...backend('cluster="c",backend="out"', 0, 0, 0),
      ...backend('cluster="c",backend="in"', 0, 1, 1),
      series('reason', `${main},judged_by="check",reason="L4TOUT"`, 1),
      series('flapping', alone, 1),
      series('flapping', main, 0),
      servingTier('a', 100),
      servingTier('c', 0),
    ],
    alert_rule_test: [
      { ...down, exp_alerts: [...down.exp_alerts, ...alsoDown.exp_alerts] },
      fired(
        'MillraceBackendFlapping',
        'warning',
        { cluster: 'b', backend: 'alone' },
        'b: backend alone goes down and comes back too often, and stays down for a while',
      ),
      fired('MillraceClusterDown', 'critical', { cluster: 'b' }, 'cluster b has no backend that is up'),
      fired('MillraceFailedOver', 'warning', { cluster: 'a' }, 'cluster a runs on its backups of tier 100'),
    ],
  }
})()
