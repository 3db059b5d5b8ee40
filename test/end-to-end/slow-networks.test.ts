/** A slow network between millrace and one of its peers: `tc` limits it in a network of the test's own, and the record names it. */
import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { cannotHaveNetworks, Network } from '../support/network.js'
import { areMissing, cannotTest, listeningOn, Program } from '../support/programs.js'

const LISTENER = '127.0.0.2'
const BACKEND = '127.0.0.3'
const PORT = 7000
const BACKEND_PORT = 7001
const BYTES = 1024 * 1024

const folder = temporaryFolder()
const programs: Program[] = []
afterAll(async () => {
  await Promise.all(programs.splice(0).map((program) => program.kill()))
})

/** Everything from `source` to `destination` shares 20 Mbit/s, in a queue of 50 ms. Packets are as small as in an Ethernet. */
function slowDown({ name }: Network, source: string, destination: string): boolean {
  const shaped = ['parent', '1:', 'classid', '1:1', 'htb', 'rate', '20mbit']
  const chosen = ['u32', 'match', 'ip', 'src', source, 'match', 'ip', 'dst', destination, 'flowid', '1:1']
  const tbf = ['parent', '1:1', 'tbf', 'rate', '20mbit', 'burst', '70kb', 'latency', '50ms']
  return [
    ['ip', '-n', name, 'link', 'set', 'lo', 'mtu', '1500'],
    ...[
      ['qdisc', 'add', 'dev', 'lo', 'root', 'handle', '1:', 'htb'],
      ['class', 'add', 'dev', 'lo', ...shaped],
      ['qdisc', 'add', 'dev', 'lo', ...tbf],
      ['filter', 'add', 'dev', 'lo', 'parent', '1:', 'protocol', 'ip', ...chosen],
    ].map((args) => ['tc', '-n', name, ...args]),
  ].every(([program, ...args]) => spawnSync(program!, args).status === 0)
}

function cannotSlowDown(): boolean {
  const network = new Network('cubic')
  const isSlow = slowDown(network, LISTENER, '127.0.0.1')
  network.remove()
  return !isSlow && cannotTest('slow networks: the kernel has no htb, tbf or u32')
}

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`TCP_INFO: ${kernelLoop()}`)) &&
  !areMissing('socat', 'sh', 'tc') &&
  !cannotHaveNetworks() &&
  !cannotSlowDown()

/** One side sends 1 MiB to the other through millrace. Returns what limited the connection. */
async function limiting(network: Network, sender: 'client' | 'backend'): Promise<string | undefined> {
  const inside = (script: string): Program => {
    const program = new Program(network.beneath[0], [...network.beneath.slice(1), 'sh', '-c', script])
    programs.push(program)
    return program
  }
  const bytes = `head -c ${BYTES} /dev/zero`
  const server = `TCP-LISTEN:${BACKEND_PORT},bind=${BACKEND},reuseaddr`
  const backend = inside(
    sender === 'backend'
      ? `exec socat -u SYSTEM:'${bytes}' ${server}`
      : `exec socat -u ${server} OPEN:/dev/null`,
  )
  await listeningOn(BACKEND_PORT, backend)
  const file = writeConfig(folder, {
    listeners: [{ address: `${LISTENER}:${PORT}`, cluster: 'back' }],
    clusters: { back: { backends: [`${BACKEND}:${BACKEND_PORT}`] } },
    admin: false,
  })
  const millrace = new Millrace(['--config', file], { through: network.beneath })
  programs.push(millrace.program)
  await millrace.logged(({ msg }) => msg.startsWith('listening on'))
  const here = `TCP:${LISTENER}:${PORT}`
  inside(sender === 'client' ? `${bytes} | socat -u STDIN ${here}` : `socat -u ${here} OPEN:/dev/null`)
  const [record] = await millrace.records(1)
  expect(record).toMatchObject({ ended: { cause: 'finished' } })
  expect(record!.bytesUp + record!.bytesDown).toBe(BYTES)
  return record!.limitedBy
}

describe.runIf(isTestable).concurrent('slow networks', () => {
  it.each(['cubic', 'bbr'] as const)('the network to a client is named under %s', async (congestion) => {
    const network = new Network(congestion)
    slowDown(network, LISTENER, '127.0.0.1')
    expect(await limiting(network, 'backend')).toBe('client-network')
  })

  it.each(['cubic', 'bbr'] as const)('the network to a backend is named under %s', async (congestion) => {
    const network = new Network(congestion)
    slowDown(network, '127.0.0.1', BACKEND)
    expect(await limiting(network, 'client')).toBe('backend-network')
  })
})
