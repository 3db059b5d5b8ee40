/** TLS sessions with backends: which of them are kept, and for how long. */
import { EventEmitter } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { Sessions } from '../../src/tls/sessions.js'

const LATEST = Buffer.from('latest')

/** A TLS connection whose handshake ends when the test says so. */
function handshake(sessions: Sessions, key: string) {
  const stream = new EventEmitter()
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  sessions.watch(key, stream as TLSSocket, done)
  return { receive: (session: Buffer) => stream.emit('session', session), ...settle! }
}

describe('TLS sessions with backends', () => {
  it('a session with a backend is kept once the backend is verified, and replaced by a later one', async () => {
    const sessions = new Sessions()
    const { receive, resolve } = handshake(sessions, 'a')
    receive(Buffer.from('first'))
    expect(sessions.get('a')).toBeUndefined()
    resolve()
    await Promise.resolve()
    expect(sessions.get('a')?.toString()).toBe('first')
    receive(LATEST)
    expect(sessions.get('a')).toBe(LATEST)
  })

  it('the session with a backend is forgotten if a handshake fails', async () => {
    const sessions = new Sessions()
    const good = handshake(sessions, 'a')
    good.receive(LATEST)
    good.resolve()
    const bad = handshake(sessions, 'a')
    bad.receive(Buffer.from('bad'))
    await Promise.resolve()
    expect(sessions.get('a')).toBe(LATEST)
    bad.reject(new Error('refused'))
    await Promise.resolve()
    expect(sessions.get('a')).toBeUndefined()
  })

  it('at most 1000 sessions with backends are kept, and the oldest goes first', async () => {
    const sessions = new Sessions()
    for (let name = 0; name < 1002; name++) {
      const { receive, resolve } = handshake(sessions, `${name}`)
      receive(LATEST)
      resolve()
    }
    await Promise.resolve()
    expect(['0', '1', '2', '1001'].map((key) => sessions.get(key))).toEqual([
      undefined,
      undefined,
      LATEST,
      LATEST,
    ])
  })
})
