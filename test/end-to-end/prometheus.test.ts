/** A real Prometheus scrapes the admin address of a real millrace. The tests ask Prometheus what it has seen. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort, Program } from '../support/programs.js'

const ASK_AGAIN_MS = 100

const docs = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

interface Result {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** Each job scrapes a millrace of its own, so no test sees the counts of another. */
const JOBS = ['counted', 'failing', 'asked'] as const
type Job = (typeof JOBS)[number]

interface Scraped {
  readonly backend: Backend
  readonly millrace: Millrace
  readonly port: number
  /** The address of its admin server. */
  readonly target: string
}

/** One Prometheus for all tests, because it waits five seconds before its first scrape. */
/** The default of `health.eject.failures`. */
const FAILURES_UNTIL_DOWN = 5

describe.skipIf(areMissing('prometheus'))('Prometheus', () => {
  const folder = temporaryFolder()
  const scraped = new Map<Job, Scraped>()
  let prometheus: Program
  let api: string

  const of = (job: Job): Scraped => scraped.get(job)!

  async function startOne(): Promise<Scraped> {
    const backend = (await Backend.listen()).echo()
    const { millrace, ports } = await startWith(
      folder,
      {
        listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
        clusters: { back: { backends: [backend.address] } },
        admin: { address: '127.0.0.1:0', role: 'observe' },
      },
      { splice: 'auto', native: undefined },
    )
    const { address } = await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    return { backend, millrace, port: ports.front!, target: address! }
  }

  beforeAll(async () => {
    for (const job of JOBS) scraped.set(job, await startOne())
    const jobs = [...scraped].map(([job, { target }]) => ({
      job_name: job,
      scrape_interval: '200ms',
      scrape_timeout: '200ms',
      static_configs: [{ targets: [target] }],
    }))
    const config = join(folder, 'prometheus.json')
    writeFileSync(config, JSON.stringify({ scrape_configs: jobs }))
    const own = await freePort()
    api = `http://127.0.0.1:${own}/api/v1`
    prometheus = new Program('prometheus', [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}/data-${own}`,
      `--web.listen-address=127.0.0.1:${own}`,
    ])
  })
  afterAll(async () => {
    await prometheus.kill()
    for (const { millrace, backend } of scraped.values()) {
      await millrace.program.kill()
      await backend.close()
    }
  })

  /** Repeats the query until its results are those that the test waits for; returns them. */
  async function until(
    query: string,
    isThere: (results: readonly Result[]) => boolean,
  ): Promise<readonly Result[]> {
    for (;;) {
      const results = await ask<{ result: Result[] }>(`query?query=${encodeURIComponent(query)}`)
      if (results !== undefined && isThere(results.result)) return results.result
      await pause(ASK_AGAIN_MS)
    }
  }

  /** The answer of Prometheus, or undefined while it does not answer yet. */
  async function ask<Data>(path: string): Promise<Data | undefined> {
    try {
      const response = await fetch(`${api}/${path}`)
      return response.ok ? ((await response.json()) as { data: Data }).data : undefined
    } catch {
      return undefined
    }
  }

  async function visit(job: Job): Promise<void> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: of(job).port })
    client.send(Buffer.alloc(1000))
    client.end()
    await client.ended
  }

  it('Prometheus finds millrace up and reads its counts', async () => {
    for (let i = 0; i < 3; i++) await visit('counted')
    await of('counted').millrace.records(3)
    const job = 'job="counted"'
    await until(`up{${job}}`, ([up]) => up?.value[1] === '1')
    const accepted = await until(
      `millrace_listener_accepted_total{${job}}`,
      ([first]) => first?.value[1] === '3',
    )
    expect(accepted).toMatchObject([{ metric: { job: 'counted', listener: 'front' } }])
    const bytes = `sum(millrace_cluster_bytes_total{${job},cluster="back"})`
    await until(bytes, ([sum]) => sum?.value[1] === '6000')
    await until(`millrace_connection_seconds_count{${job}}`, ([count]) => count?.value[1] === '3')
    const metadata = await ask<Record<string, { type: string; help: string }[]>>('metadata')
    expect(metadata!.millrace_connect_seconds).toEqual([
      { type: 'histogram', help: 'From the dial to a connected backend, retries included.', unit: '' },
    ])
  }, 30_000)

  it('Prometheus sees the first failed connection as an increase', async () => {
    const failures = 'millrace_connections_ended_total{job="failing",cause="no-backend"}'
    await until(failures, ([first]) => first?.value[1] === '0')
    await of('failing').backend.close()
    await visit('failing').catch(() => {})
    await until(failures, ([first]) => first?.value[1] === '1')
    await until(`increase(${failures}[1m])`, ([first]) => Number(first?.value[1]) > 0)
  }, 30_000)

  it('Prometheus has an answer to every query of the docs and of the dashboard', async () => {
    for (let i = 0; i < 2; i++) await visit('asked')
    await of('asked').millrace.records(2)
    // Some queries are about a backend that is down.
    for (let i = 0; i < FAILURES_UNTIL_DOWN; i++) await visit('failing').catch(() => {})
    const questions = [...docs('metrics.md').matchAll(/^- .*: `(.*)`$/gm)].map(([, query]) => query!)
    const { panels } = JSON.parse(docs('grafana-dashboard.json')) as {
      panels: { targets: { expr: string }[] }[]
    }
    const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    expect(questions.length).toBeGreaterThan(4)
    expect(asked.length).toBeGreaterThan(40)
    // Further connections come while the test asks, because some queries need counts that grow.
    const growing = setInterval(() => void visit('asked').catch(() => {}), ASK_AGAIN_MS)
    try {
      for (const query of [...questions, ...asked]) {
        const filled = query.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, '.*')
        await until(filled, (results) => results.length > 0)
      }
    } finally {
      clearInterval(growing)
    }
  }, 30_000)
})
