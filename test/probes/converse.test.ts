import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { over, send, WAIT } from '../../src/probes/conversation.js'
import { converse } from '../../src/probes/converse.js'
import { PeerServer } from '../support/peer.js'
import { turns } from '../support/wait.js'

it('a conversation that is over hears nothing more, and leaves the stream open', async () => {
  const server = await PeerServer.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 })
  const stream = connect((server.address as { port: number }).port, '127.0.0.1')
  const [backend] = await Promise.all([server.accepted(), once(stream, 'connect')])
  const heard: string[] = []
  const found: number[] = []
  await new Promise<void>((resolve) => {
    const conversation = {
      next: (received: Buffer) => {
        heard.push(received.toString())
        return received.length === 0 ? WAIT : over(found.length)
      },
      explain: () => '',
    }
    const hooks = {
      over: (count: number) => {
        found.push(count)
        resolve()
      },
      flooded: () => found.push(-1),
    }
    converse(stream, conversation, hooks)
    backend.send(Buffer.from('one'))
  })
  backend.send(Buffer.from('two'))
  await turns(20)
  expect([heard, found, stream.destroyed]).toEqual([['', 'one'], [0], false])
  stream.destroy()
  backend.end()
  server.close()
})

it('bytes that came before a send are no answer to it', async () => {
  const server = await PeerServer.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 })
  const stream = connect((server.address as { port: number }).port, '127.0.0.1')
  const [backend] = await Promise.all([server.accepted(), once(stream, 'connect')])
  let hasSent = false
  const after: string[] = []
  const conversation = {
    next: (received: Buffer) => {
      if (hasSent) after.push(received.toString())
      else if (received.length > 0) {
        hasSent = true
        return send(Buffer.from('question'))
      }
      return WAIT
    },
    explain: (received: Buffer) => received.toString(),
  }
  const { explain, stop } = converse(stream, conversation, { over: () => {}, flooded: () => {} })
  backend.send(Buffer.from('greeting'))
  await backend.receive('question'.length)
  expect([explain(), after]).toEqual(['', ['']])
  stop()
  stream.destroy()
  backend.end()
  server.close()
})
