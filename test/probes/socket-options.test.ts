/** Checks and questions to agents whose sockets are set up, as ss(8) shows them while the server is silent. */
import { spawnSync } from 'node:child_process'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { whyNotSet } from '../../src/io/kernel/socket-probe.js'
import { askAgent } from '../../src/probes/agent.js'
import { areMissing, cannotTest } from '../support/programs.js'
import { check, expected, PATIENT_MS, script, serving, TCP, targetAt } from './rig.js'

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`socket options: ${kernelLoop()}`)) &&
  (whyNotSet({ options: { mark: 1 } }) === undefined || !cannotTest('SO_MARK: it needs a capability')) &&
  !areMissing('ss')

const setup = { options: { mark: 5, dscp: 8 }, source: { host: '127.0.0.9' } }

/** A server that says this line once ss(8) was asked. Returns its port, and what ss shows of the connection to it. */
async function shownBefore(line: string): Promise<{ port: number; shown: () => string }> {
  let shown = ''
  const answer = (socket: Socket): void => {
    const filter = ['state', 'established', `dport = :${port}`]
    shown = spawnSync('ss', ['-tnaeiH', '--tos', ...filter], { encoding: 'utf8' }).stdout
    socket.end(line)
  }
  const port: number = await serving(answer)
  return { port, shown: () => shown }
}

function expectSetUp(shown: string): void {
  expect(shown).toMatch(/ 127\.0\.0\.9:\d+ /)
  expect(shown).toMatch(/tos:0x20/)
  expect(shown).toMatch(/fwmark:0x5/)
}

test.runIf(isTestable)('a check connects with the options of the sockets of its cluster', async () => {
  const { port, shown } = await shownBefore('ready\n')
  const result = await check(script(expected('ready')), targetAt(port, { setup }))
  expect(result).toMatchObject({ passed: true, reason: 'L7OK' })
  expectSetUp(shown())
})

test.runIf(isTestable)('a question to an agent has the same options', async () => {
  const { port, shown } = await shownBefore('50%\n')
  const { address } = targetAt(port)
  const target = { address, setup, send: '', timeoutMs: PATIENT_MS }
  expect(await new Promise((resolve) => askAgent(target, resolve))).toMatchObject({ weightPercent: 50 })
  expectSetUp(shown())
})

test.runIf(isTestable)('a check with options of its socket fails as every other check does', async () => {
  const port = await serving(() => {})
  expect(await check(TCP, targetAt(port, { setup }))).toMatchObject({ passed: true })
  expect(await check(TCP, targetAt(1, { setup }))).toMatchObject({ reason: 'L4CON', detail: 'ECONNREFUSED' })
  const far = { ...setup, source: { host: '192.0.2.1' } }
  expect(await check(TCP, targetAt(port, { setup: far }))).toMatchObject({
    reason: 'SOCKERR',
    detail: 'EADDRNOTAVAIL',
  })
  const late = targetAt(port, { setup, timeoutMs: 50 })
  expect(await check(script(expected('x')), late)).toMatchObject({ reason: 'L7TOUT' })
})
