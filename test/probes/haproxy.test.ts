/** HAProxy checks the same backends, and gives the same reasons. */
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Check } from '../../src/probes/check.js'
import { PROXIES } from '../beside/rig.js'
import { closedPort } from '../support/closed-port.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { SilentBackend } from '../support/silent-backend.js'
import { untilAnswer } from '../support/wait.js'
import { check, expected, HTTP, PATIENT_MS, script, serving, TCP, TLS, TLS_SETTING, targetAt } from './rig.js'

const folder = temporaryFolder()
/** A busy machine is no reason for a time-out, unless the test wants one. */
const timeoutFor = (reason: string): number => (reason.endsWith('TOUT') ? 200 : PATIENT_MS)
const PING = script({ send: 'PING\r\n' }, expected('+PONG'))

/** What HAProxy has in its config for the same check. */
const LINES = new Map<Check, readonly string[]>([
  [TCP, []],
  [TLS, []],
  [HTTP, ['option httpchk', 'http-check expect status 200-399']],
  [PING, ['option tcp-check', 'tcp-check send "PING\\r\\n"', 'tcp-check expect string +PONG']],
])

/** The reason that HAProxy gives in the end. */
async function reasonOfHaproxy(what: Check, port: number, timeoutMs: number): Promise<string> {
  const serverOptions = `check inter ${timeoutMs} ${what === TLS ? 'check-ssl verify none' : ''}`
  const servers = [{ name: 'one', port }]
  const lines = [`timeout check ${timeoutMs}`, `timeout connect ${timeoutMs}`, ...LINES.get(what)!]
  const haproxy = await PROXIES.HAProxy(folder, { lines, serverOptions, cluster: {}, servers })
  const { reason } = await untilAnswer(
    () => haproxy.stateOf('one'),
    (state) => /^L\d/.test(state.reason),
  )
  await haproxy.end()
  return reason
}

const answering = (bytes: string) => (socket: Socket) => void socket.once('data', () => socket.end(bytes))
const silent = (): void => {}

describe.skipIf(areMissing('haproxy'))('HAProxy', () => {
  it.each<[string, string, Check, (socket: Socket) => void]>([
    ['L4OK', 'accepts', TCP, silent],
    ['L6RSP', 'speaks no TLS', TLS, answering('SSH-2.0-x\r\n')],
    ['L6RSP', 'resets TLS', TLS, (socket) => void socket.once('data', () => socket.resetAndDestroy())],
    ['L6TOUT', 'is silent in the handshake', TLS, silent],
    ['L7OK', 'answers 200', HTTP, answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')],
    ['L7STS', 'answers 503', HTTP, answering('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n')],
    ['L7RSP', 'answers no HTTP', HTTP, answering('SSH-2.0-OpenSSH_9.9\r\n\r\n')],
    ['L7TOUT', 'is silent after a request', HTTP, silent],
    ['L7OK', 'says what is expected', PING, answering('+PONG\r\n')],
    ['L7RSP', 'says something else and closes', PING, answering('-LOADING\r\n')],
    ['L7TOUT', 'is silent in a script', PING, silent],
  ])('millrace gives the reason %s as HAProxy does to a backend that %s', async (reason, _, what, serve) => {
    const port = await serving(serve)
    const timeoutMs = timeoutFor(reason)
    const target = targetAt(port, {
      timeoutMs,
      tls: what === TLS ? { ...TLS_SETTING, verify: false } : undefined,
    })
    const { reason: ours } = await check(what, target)
    expect([ours, await reasonOfHaproxy(what, port, timeoutMs)]).toEqual([reason, reason])
  })

  it('millrace gives the reasons L4CON and L4TOUT as HAProxy does', async () => {
    const closed = await closedPort()
    const full = await SilentBackend.listen()
    const briefMs = timeoutFor('L4TOUT')
    const reasons = [
      (await check(TCP, targetAt(closed))).reason,
      await reasonOfHaproxy(TCP, closed, PATIENT_MS),
      (await check(TCP, targetAt(full.port, { timeoutMs: briefMs }))).reason,
      await reasonOfHaproxy(TCP, full.port, briefMs),
    ]
    await full.close()
    expect(reasons).toEqual(['L4CON', 'L4CON', 'L4TOUT', 'L4TOUT'])
  })
})
