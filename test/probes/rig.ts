/** What tests of checks have in common: targets, servers that a test plays, and the results as a table shows them. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type {
  Check,
  HttpCheck,
  ProbeResult,
  ProbeTarget,
  ProbeTls,
  ScriptStep,
} from '../../src/probes/check.js'
import { probe } from '../../src/probes/probe.js'

/** Longer than any test: a result that comes is no time-out. */
export const PATIENT_MS = 60_000
/** For backends that never answer. */
export const BRIEF_MS = 150

export const TCP: Check = { kind: 'tcp' }
export const TLS: Check = { kind: 'tls' }
export const HTTP: HttpCheck = {
  kind: 'http',
  method: 'GET',
  path: '/',
  host: undefined,
  status: [{ from: 200, to: 399 }],
}

export const script = (...steps: ScriptStep[]): Check => ({ kind: 'script', steps })
export const expected = (expect: string, at?: number): ScriptStep => ({ expect, at })

export const TLS_SETTING: ProbeTls = {
  serverName: undefined,
  ca: undefined,
  verify: true,
  alpn: [],
  cert: undefined,
  key: undefined,
}

export function targetAt(port: number, more: Partial<ProbeTarget> = {}): ProbeTarget {
  return {
    address: { kind: 'tcp', host: '127.0.0.1', port },
    host: 'localhost',
    sendProxy: undefined,
    startTls: undefined,
    tls: undefined,
    timeoutMs: PATIENT_MS,
    ...more,
  }
}

export const check = (what: Check, target: ProbeTarget): Promise<ProbeResult> =>
  new Promise((resolve) => probe(what, target, resolve))

/** The result in one line, such as `L7STS (status 503)`. A check that passed has `+` in front. */
export async function told(what: Check, target: ProbeTarget): Promise<string> {
  const { passed, reason, detail } = await check(what, target)
  return `${passed ? '+' : ''}${reason}${detail === undefined ? '' : ` (${detail})`}`
}

/** A server for one test. It ends with the test, and its connections with it. Returns its port. */
export async function serving(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  return await listening(server)
}

export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
