/**
 * What the command costs while nobody connects and nobody looks: wake-ups, counted by the kernel. A rate needs time, so
 * this is one of few tests that wait; they wait until it is idle, however long it takes to come to rest.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing } from '../support/programs.js'

const OBSERVED_MS = 4000
const folder = temporaryFolder()

/** How often threads of a process have waited so far; each wait ended, or will end, with a wake-up. */
function waits(pid: number): number {
  const counts = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')
    return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])
  })
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Resolves when each of them has woken at most once a second for a while. */
async function comeToRest(pids: readonly number[]): Promise<void> {
  for (let most = Number.POSITIVE_INFINITY; most > OBSERVED_MS / 1000; ) {
    const before = pids.map(waits)
    await sleep(OBSERVED_MS)
    most = Math.max(...pids.map((pid, index) => waits(pid) - before[index]!))
  }
}

/** Serves one client and has forgotten it; answers with the ids of all processes. */
async function startAndServe(
  native: 'off' | undefined,
  workers: number,
  backend: Backend,
): Promise<number[]> {
  const config = writeConfig(folder, {
    workers,
    listeners: [
      { name: 'plain', address: '127.0.0.1:0', cluster: 'only' },
      { name: 'tls', address: '127.0.0.1:0', cluster: 'only', tls: await selfSigned(folder) },
    ],
    clusters: { only: { backends: [backend.address] }, named: { backends: ['localhost:9'] } },
    timeouts: { connectMs: 50, idleMs: 100 },
  })
  const millrace = new Millrace(['--config', config], { native })
  await millrace.logged(({ msg }) => msg.startsWith('admin on'))
  const { address } = await millrace.logged(({ listener, address }) => listener === 'plain' && !!address)
  const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: Number(address!.split(':').at(-1)) })
  await client.ended
  client.end()
  const { pid } = millrace.program
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  expect(children).toHaveLength(workers === 1 ? 0 : workers)
  return [pid, ...children.map(Number)]
}

it.skipIf(areMissing('openssl'))(
  'every process, alone, supervisor or worker, with the addon and without, wakes at most once a second when idle',
  async () => {
    const backend = (await Backend.listen()).echo()
    const pids: number[] = []
    for (const native of ['off', undefined] as const) {
      for (const workers of [1, 2]) pids.push(...(await startAndServe(native, workers, backend)))
    }
    expect(pids).toHaveLength(8)
    await comeToRest(pids)
    await backend.close()
  },
)
