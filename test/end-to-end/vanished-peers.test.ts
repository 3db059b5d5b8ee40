/**
 * Peers that vanish without FIN or reset: in a network of the test's own their address suddenly leads nowhere. The
 * connection ends although nobody sends and no timeout is set. The kernel decides how long that takes, so all tests of
 * this file run at the same time.
 */
import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { cannotHaveNetworks, Network } from '../support/network.js'
import { areMissing, cannotTest, listeningOn, Program } from '../support/programs.js'

const PORT = 7000
const BACKEND_PORT = 7001
const CLIENT = '127.0.0.2'
const BACKEND = '127.0.0.3'

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`what Node cannot set: ${kernelLoop()}`)) &&
  !areMissing('socat') &&
  !cannotHaveNetworks()
const folder = temporaryFolder()
const programs: Program[] = []
afterAll(async () => {
  await Promise.all(programs.splice(0).map((program) => program.kill()))
})

function inside(network: Network, ...command: string[]): Program {
  const [name, ...args] = [...network.beneath, ...command] as [string, ...string[]]
  const program = new Program(name, args)
  programs.push(program)
  return program
}

/** From now on, the kernel drops everything to this address and from it. */
function vanish({ name }: Network, address: string): void {
  const route = ['route', 'replace', 'blackhole', `${address}/32`, 'table', 'local']
  expect(spawnSync('ip', ['-n', name, ...route]).status).toBe(0)
}

/** Starts millrace, a backend and a client that has got its first bytes. */
async function join(config: Partial<ProxyConfig>) {
  const network = new Network('cubic')
  const backend = inside(network, 'socat', '-u', '-', `TCP-LISTEN:${BACKEND_PORT},bind=${BACKEND}`)
  await listeningOn(BACKEND_PORT, backend)
  const file = writeConfig(folder, {
    listeners: [{ address: `127.0.0.1:${PORT}`, cluster: 'back' }],
    clusters: { back: { backends: [`${BACKEND}:${BACKEND_PORT}`] } },
    admin: false,
    ...config,
    timeouts: { idleMs: 0, ...config.timeouts },
  })
  const millrace = new Millrace(['--config', file], { through: network.beneath })
  programs.push(millrace.program)
  await millrace.logged(({ msg }) => msg.startsWith('listening on'))
  const client = inside(network, 'socat', '-u', `TCP:127.0.0.1:${PORT},bind=${CLIENT}`, '-')
  backend.child.stdin.write('hello')
  await client.seen(() => client.stdout.includes('hello'))
  return { network, millrace, backend }
}

const QUICK = { idleMs: '1s', everyMs: '1s', count: 2 }

describe.runIf(isTestable).concurrent('vanished peers', () => {
  it.each([
    ['client', CLIENT],
    ['backend', BACKEND],
  ] as const)('keepalive ends the connection of a silent %s that vanishes', async (by, address) => {
    const { network, millrace } = await join({ keepalive: QUICK })
    vanish(network, address)
    const [record] = await millrace.records(1)
    expect(record!.ended).toMatchObject({ by, phase: 'data', cause: 'reset' })
    expect(record!.ended.errno).toMatch(/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/)
  })

  it('deadPeerMs ends the connection of a vanished client that does not acknowledge', async () => {
    const { network, millrace, backend } = await join({ keepalive: false, timeouts: { deadPeerMs: '1s' } })
    vanish(network, CLIENT)
    backend.child.stdin.write('are you there?')
    const [record] = await millrace.records(1)
    expect(record!.ended).toMatchObject({ by: 'client', phase: 'data', cause: 'reset' })
  })
})
