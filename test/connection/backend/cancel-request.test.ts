/** A Postgres cancel request: where its session is, and when the request is done. */
import { describe, expect, it } from 'vitest'
import type { Dialled } from '../../../src/cluster/dial.js'
import {
  findSession,
  passCancelOn,
  type Session,
  watchForKey,
} from '../../../src/connection/backend/cancel-request.js'
import type { Destination } from '../../../src/connection/service.js'
import { type Dialogue, DialogueOver } from '../../../src/io/dialogue.js'
import { sessionName } from '../../../src/postgres/first-packet.js'
import { type SessionPlace, Sessions, sessionOf } from '../../../src/postgres/sessions.js'

const KNOWN = { name: 'b:5432' }
const destination = {
  cluster: { name: 'back', backend: (name: string) => (name === KNOWN.name ? KNOWN : undefined) },
} as unknown as Destination
const AUTHENTICATION_OK = Buffer.from('R\0\0\0\x08\0\0\0\0', 'latin1')
/** BackendKeyData of process 1 with key 2. */
const KEY_DATA = Buffer.from('K\0\0\0\x0c\0\0\0\x01\0\0\0\x02', 'latin1')
const SESSION = sessionOf('front', sessionName(KEY_DATA.subarray(5)))
const destinations = new Map([['back', destination]])

describe('a session of another process', () => {
  const find = (place: SessionPlace | undefined) => {
    const sessions = new Sessions<Session>()
    sessions.askOthers = async () => place
    return findSession('key', sessions, destinations)
  }
  const place = { cluster: 'back', backend: KNOWN.name, address: '192.0.2.1:5432' }

  it('a session of another process is found at the address of a backend that this process knows', async () => {
    const address = { kind: 'tcp', host: '192.0.2.1', port: 5432 }
    expect(await find(place)).toEqual({ place, at: { backend: KNOWN, address }, destination })
  })

  it.each([
    ['no place', undefined],
    ['an unknown cluster', { ...place, cluster: 'gone' }],
    ['an unknown backend', { ...place, backend: 'gone:1' }],
    ['an invalid address', { ...place, address: 'x' }],
    ['a forward proxy that its cluster no longer has', { ...place, via: 'socks5://192.0.2.9:1080' }],
  ])('a session of another process is not found at %s', async (_, at) => {
    expect(await find(at)).toBeUndefined()
  })
})

it('a session of this process is found as long as its cluster keeps its forward proxy', async () => {
  const [sessions, cluster] = [new Sessions<Session>(), { name: 'back', via: 'socks5://192.0.2.9:1080' }]
  const dialled = {
    backend: KNOWN,
    address: { kind: 'tcp', host: 'b', port: 5432 },
    via: { name: cluster.via },
  } as unknown as Dialled
  const watch = watchForKey(
    dialled,
    { listener: 'front', destination: { cluster } as unknown as Destination },
    sessions,
    () => {},
  )
  watch(AUTHENTICATION_OK)
  watch(KEY_DATA)
  const find = () => findSession(SESSION, sessions, new Map())
  expect(await find()).toMatchObject({ at: { backend: KNOWN } })
  cluster.via = 'socks5://192.0.2.10:1080'
  expect(await find()).toBeUndefined()
})

it('a session can be found once its key has come, until it is forgotten', async () => {
  const sessions = new Sessions<Session>()
  const dialled = {
    backend: KNOWN,
    address: { kind: 'tcp', host: '192.0.2.1', port: 5432 },
  } as unknown as Dialled
  let forget = (): void => {}
  const watch = watchForKey(dialled, { listener: 'front', destination }, sessions, (_key, found) => {
    forget = found
  })
  watch(AUTHENTICATION_OK)
  expect(sessions.size).toBe(0)
  watch(KEY_DATA)
  expect(sessions.size).toBe(1)
  forget()
  expect(sessions.size).toBe(0)
})

describe('a cancel request', () => {
  const pass = async (end: 'ended' | 'broken' | 'timed-out') => {
    const backend = {
      say: async () => {},
      show: async () => {
        if (end !== 'ended') throw new DialogueOver(backend, end)
      },
    } as unknown as Dialogue
    await passCancelOn({ session: 'key', bytes: Buffer.from('x') }, backend)
  }

  it('a cancel request is done when its backend has ended or reset the connection', async () => {
    await pass('ended')
    await pass('broken')
  })

  it('a cancel request fails if its backend stays silent', async () => {
    await expect(pass('timed-out')).rejects.toThrow('timed-out')
  })
})
