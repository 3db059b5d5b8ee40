/** How a Postgres client and a Postgres backend agree on TLS. Both have already said everything. */
import { expect, it } from 'vitest'
import { agreeOnTls, askForTls, readPacket } from '../../src/connection/start-tls.js'
import { cancelOf, GSS_REQUEST, startUpOf, TLS_REQUEST } from '../support/postgres-packets.js'
import { ScriptedDialogue } from './scripted-dialogue.js'

const START_UP = startUpOf({ user: 'app' })
const HELLO = Buffer.from([22, 3, 1])

const agree = async (client: ScriptedDialogue): Promise<unknown> =>
  agreeOnTls(client.asDialogue).catch((error) => error.message)

it.each([
  ['asks for TLS and waits', [TLS_REQUEST], 'asked', ['S']],
  ['begins TLS at once', [HELLO], 'at-once', []],
  ['does without TLS', [START_UP], 'none', []],
  ['sends a cancel request', [cancelOf(1, Buffer.from('key!'))], 'none', []],
])('millrace recognises a Postgres client that %s', async (_, said, how, told) => {
  const client = new ScriptedDialogue(...said)
  expect([await agree(client), client.told]).toEqual([how, told])
  expect(client.left).toBe(how === 'asked' ? '' : Buffer.concat(said).toString('latin1'))
})

it('a Postgres client that asks for GSSAPI encryption gets the answer no, and may then ask for TLS', async () => {
  const client = new ScriptedDialogue(GSS_REQUEST)
  const say = client.say.bind(client)
  client.say = async (bytes) => {
    await say(bytes)
    if (client.told.length === 1) client.arrive(TLS_REQUEST)
  }
  expect([await agree(client), client.told]).toEqual(['asked', ['N', 'S']])
})

it('a Postgres client that sends bytes in the clear before its handshake is refused (CVE-2021-23214)', async () => {
  const client = new ScriptedDialogue(TLS_REQUEST)
  client.late = Buffer.from('Q')
  expect([await agree(client), client.told]).toEqual(['bad-start-up: bytes before the handshake', []])
})

it('a start-up packet stays for the backend, and a cancel request is taken', async () => {
  const client = new ScriptedDialogue(START_UP)
  expect(await readPacket(client.asDialogue)).toMatchObject({
    packet: { user: 'app' },
    taken: Buffer.alloc(0),
  })
  expect(client.left).toBe(START_UP.toString('latin1'))
  const request = cancelOf(1, Buffer.from('key!'))
  const other = new ScriptedDialogue(request)
  expect(await readPacket(other.asDialogue)).toMatchObject({ packet: { kind: 'cancel' }, taken: request })
  expect(other.left).toBe('')
})

it('a backend is asked for TLS, and its answer is taken', async () => {
  const backend = new ScriptedDialogue('S')
  await askForTls(backend.asDialogue)
  expect([backend.told, backend.left]).toEqual([[TLS_REQUEST.toString('latin1')], ''])
  await expect(askForTls(new ScriptedDialogue('N').asDialogue)).rejects.toThrow('the backend offers no TLS')
})
