/** The order of an opening's steps, with everything at hand that its client says. */
import { beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../../src/config/listener-input.js'
import { validateConfig } from '../../../src/config/validate.js'
import { createListenerPolicy } from '../../../src/connection/listener-policy.js'
import { KnownClient } from '../../../src/connection/opening/known-client.js'
import { chooseCluster } from '../../../src/connection/opening/opening.js'
import type { TlsTermination } from '../../../src/tls/tls-termination.js'
import { helloOf } from '../../support/hello.js'
import { startUpOf } from '../../support/postgres-packets.js'
import { ScriptedDialogue } from '../scripted-dialogue.js'

const FACTS = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' }

/** Server names that handshakes of ours were begun for. */
let accepted: unknown[]
beforeEach(() => {
  accepted = []
})

/** Every handshake succeeds. */
const termination = {
  accept: (_: unknown, serverName: unknown) => {
    accepted.push(serverName)
    return { done: Promise.resolve({ stream: {}, facts: FACTS }), cancel: () => {} }
  },
} as unknown as TlsTermination

function clientOf(dialogue: ScriptedDialogue, listener: Partial<ListenerInput>): KnownClient {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] }, nameless: { backends: ['127.0.0.1:3'] } },
  })
  const config = listeners[0]!
  // Where TLS ends here, that is as if the certificates were there.
  const policy = createListenerPolicy(config, 5000, () => true, termination)!
  return new KnownClient(policy, dialogue.asDialogue, undefined)
}

it('a client that names no server has its handshake before it goes where those go', async () => {
  const dialogue = new ScriptedDialogue(await helloOf({}))
  const client = clientOf(dialogue, { onNoSni: 'nameless' })
  expect(await chooseCluster(client)).toMatchObject({ cluster: 'nameless' })
  expect(accepted).toEqual([undefined])
  expect(client.tls).toEqual(FACTS)
})

it('a Postgres client that asks for no TLS has no handshake', async () => {
  const dialogue = new ScriptedDialogue(startUpOf({ user: 'app' }))
  const client = clientOf(dialogue, { startTls: 'postgres' })
  expect(await chooseCluster(client)).toMatchObject({ cluster: 'back' })
  expect([accepted, client.tls]).toEqual([[], undefined])
  expect(client.startUp).toMatchObject({ user: 'app' })
})

it('a hello is looked for once, also where TLS has ended since', async () => {
  const dialogue = new ScriptedDialogue(await helloOf({ servername: 'a.test' }))
  const client = clientOf(dialogue, { onNoSni: 'nameless' })
  await chooseCluster(client)
  const { looks } = dialogue
  expect(await client.readHello()).toMatchObject({ serverName: 'a.test' })
  expect(dialogue.looks).toBe(looks)
})
