/** Names that clients and PROXY headers choose: how the built command logs and prints their control characters. */
import { afterEach, describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { extension, hello, serverName, vector } from '../peek/hello-builder.js'
import { tlv, unixName, v2 } from '../proxy-protocol/headers.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, runMillrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { connectTo, type Peer } from '../support/peer.js'
import { UNSAFE_SAMPLES, unsafeIn } from '../support/unsafe.js'

/** Whole characters of UTF-8, without NUL, which would end a path. */
const NAME = Buffer.from(UNSAFE_SAMPLES.join('').replaceAll('\0', '')).toString()
const PATH = '/\u001b[2J\u009b2J\n\u202e\u2028'
/** Every byte from 1 to 255, which is not UTF-8. */
const PROTOCOL = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1))

const folder = temporaryFolder()
const admin = `unix:${folder}/admin.sock`
let backend: Backend
let millrace: Millrace | undefined
let client: Peer | undefined

afterEach(async () => {
  client?.socket.destroy()
  await millrace?.program.kill()
  await backend.close()
})

const config = (): ProxyConfig => ({
  listeners: [
    {
      name: 'front',
      address: '127.0.0.1:0',
      acceptProxy: { from: ['127.0.0.1'] },
      routes: [{ sni: '*', cluster: 'back' }],
    },
  ],
  clusters: { back: { backends: [backend.address] } },
  admin,
})

async function connect(port: number): Promise<Peer> {
  const header = v2('2131', unixName(PATH), unixName('/s'), tlv(0x02, NAME))
  const protocols = extension(16, vector(2, vector(1, PROTOCOL)))
  const first = Buffer.concat([header, hello({ extensions: [serverName('a.example'), protocols] })])
  client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
  client.send(first)
  await client.receive(first.length - header.length)
  return client
}

describe.each([modes()[0]!, WITHOUT_NATIVE])('unsafe names ($name)', (mode) => {
  it('names with control characters are complete in the record, and escaped in all that millrace prints', async () => {
    backend = (await Backend.listen()).echo()
    const started = await startWith(folder, config(), mode)
    millrace = started.millrace
    const peer = await connect(started.ports.front!)
    const ask = (...verb: string[]) => runMillrace(verb, { env: { MILLRACE_ADMIN: admin } })
    for (const verb of [['connections'], ['connections', '--json'], ['top', '--once']]) {
      const { stdout } = await ask(...verb)
      expect(stdout).toMatch(verb.includes('--json') ? /\\u009b2J/ : /<U\+009B>2J/)
      expect(unsafeIn(stdout)).toEqual([])
    }
    peer.socket.destroy()
    const [record] = await millrace.records(1)
    expect(record).toMatchObject({
      client: `unix:${PATH}`,
      proxy: { authority: NAME },
      alpn: [PROTOCOL.toString('latin1')],
    })
    expect(unsafeIn(millrace.program.stdout)).toEqual([])
  })
})
