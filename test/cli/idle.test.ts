/** The command does nothing while no client is connected and nobody asks for the status, except for a sample every 10 s. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sleepsForMs } from '../support/asleep.js'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing } from '../support/programs.js'
import { until } from '../support/wait.js'

const REST_MS = 1000
const folder = temporaryFolder()

/** Starts millrace and lets it serve one client to the end; returns the ids of all its processes. */
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
  'each process of an idle millrace wakes at most once a second, with workers or without, with the addon or without',
  async () => {
    const backend = (await Backend.listen()).echo()
    const pids: number[] = []
    for (const native of ['off', undefined] as const) {
      for (const workers of [1, 2]) pids.push(...(await startAndServe(native, workers, backend)))
    }
    expect(pids).toHaveLength(8)
    await until(() => pids.every((pid) => sleepsForMs(pid) >= REST_MS))
    await backend.close()
  },
)
