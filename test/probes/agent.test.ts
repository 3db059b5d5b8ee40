/** Questions to agents over connections. agent-reply.test.ts has what the answers mean. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AgentTarget, askAgent } from '../../src/probes/agent.js'
import type { AgentReply } from '../../src/probes/agent-reply.js'
import { closedPort } from '../support/closed-port.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing, freePort, listeningOn, Program } from '../support/programs.js'
import { BRIEF_MS, PATIENT_MS, serving } from './rig.js'

const folder = temporaryFolder()

const ask = (port: number, more: Partial<AgentTarget> = {}): Promise<AgentReply | undefined> =>
  new Promise((resolve) => {
    const address = { kind: 'tcp', host: '127.0.0.1', port } as const
    askAgent({ address, send: '', timeoutMs: PATIENT_MS, ...more }, resolve)
  })

describe('askAgent()', () => {
  it('an agent that speaks at once is heard, whether or not it closes', async () => {
    expect(await ask(await serving((socket) => socket.end('up 50%\n')))).toEqual({
      isUp: true,
      weightPercent: 50,
    })
    expect(await ask(await serving((socket) => socket.write('drain\r\n')))).toEqual({ admin: 'drain' })
  })

  it('an agent gets the bytes that it is sent', async () => {
    const port = await serving((socket) =>
      socket.once('data', (bytes) => socket.end(`down #${bytes.toString('hex')}\n`)),
    )
    expect(await ask(port, { send: 'web\xff\n' })).toEqual({ isUp: false, reason: '776562ff0a' })
  })

  it('an answer that comes in pieces is read as a whole', async () => {
    const port = await serving((socket) => {
      socket.write('weight:7')
      setImmediate(() => socket.write('5%\n'))
    })
    expect(await ask(port)).toEqual({ weightPercent: 75 })
  })

  it('an agent that closes within a line, resets, is closed or is silent has said nothing', async () => {
    expect(await ask(await serving((socket) => socket.end('weight:7')))).toBeUndefined()
    expect(await ask(await serving((socket) => socket.resetAndDestroy()))).toBeUndefined()
    expect(await ask(await closedPort())).toBeUndefined()
    expect(await ask(await serving(() => {}), { timeoutMs: BRIEF_MS })).toBeUndefined()
  })

  it('an agent that sends 16 KiB without the end of a line has said nothing', async () => {
    const flooding = (bytes: number) => serving((socket) => socket.write(`${' '.repeat(bytes)}up\n`))
    expect(await ask(await flooding(16_000))).toEqual({ isUp: true })
    expect(await ask(await flooding(16 * 1024))).toBeUndefined()
  })

  it.skipIf(areMissing('socat', 'sh'))('a shell script behind socat is an agent', async () => {
    const file = join(folder, 'agent.sh')
    writeFileSync(file, 'read -r name; echo "ready up weight:75% maxconn:30 # $name is fine"')
    const port = await freePort()
    const listen = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`
    await listeningOn(port, new Program('socat', [listen, `SYSTEM:sh ${file}`]))
    expect(await ask(port, { send: 'web-1\n' })).toEqual({
      admin: 'ready',
      isUp: true,
      weightPercent: 75,
      maxConnections: 30,
      reason: 'web-1 is fine',
    })
  })
})
