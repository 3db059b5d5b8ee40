/**
 * A gateway for Redis that authenticates clients itself. The first command must be `AUTH TOKEN`. The gateway takes it, answers it, and
 * joins the client to the Redis of this token, which needs no password and sees the commands that follow.
 *
 * Start it, each token as TOKEN=ADDRESS:
 *   node examples/redis-gateway.mjs s3cret=127.0.0.1:6379
 *   redis-cli -p 7379 -a s3cret PING
 */
import { createProxy } from 'millrace'

const servers = new Map(process.argv.slice(2).map((pair) => pair.split('=')))
const MOST_BYTES = 200
const AUTH = /^\*2\r\n\$4\r\nauth\r\n\$\d+\r\n(\S+)\r\n/i

/** Waits for the whole command, one byte more at a time. */
async function readAuth(visitor, bytes = 1) {
  const text = (await visitor.peek(bytes)).toString()
  const [command, token] = AUTH.exec(text) ?? []
  if (command !== undefined) return { command, token }
  return text.length < bytes || bytes === MOST_BYTES ? {} : readAuth(visitor, bytes + 1)
}

async function route(visitor) {
  const { command, token } = await readAuth(visitor)
  const backend = servers.get(token)
  if (backend === undefined)
    return visitor.reject('no token', { answer: Buffer.from('-NOAUTH unknown token\r\n') })
  await visitor.take(command.length)
  await visitor.write(Buffer.from('+OK\r\n'))
  return { backend, tags: { token: `${token.slice(0, 2)}…` } }
}

const proxy = createProxy({
  listeners: [{ address: `127.0.0.1:${process.env.PORT ?? 7379}`, route }],
  clusters: {},
})

await proxy.start()
console.log(`Redis gateway on ${proxy.status().listeners[0].address}`)
process.once('SIGTERM', () => proxy.drain())
