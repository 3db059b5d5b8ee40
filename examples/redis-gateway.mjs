/**
 * A gateway for Redis that authenticates clients itself. The first command must be `AUTH TOKEN` or `AUTH USER TOKEN`. Any other one is
 * answered with NOAUTH at once. The gateway takes it, answers it, and
 * joins the client to the Redis of this token, which needs no password and sees the commands that follow.
 *
 * Start it, each token as TOKEN=ADDRESS:
 *   node examples/redis-gateway.mjs s3cret=127.0.0.1:6379
 *   redis-cli -p 7379 -a s3cret PING
 */
import { createProxy } from 'millrace'

const servers = new Map(process.argv.slice(2).map((pair) => pair.split('=')))
const MOST_BYTES = 200
const STARTS = ['*2\r\n$4\r\nauth\r\n', '*3\r\n$4\r\nauth\r\n']

/** The command as it is so far: `more` if it can still become AUTH, else `other`, or the token and the length of the command. */
function parse(text) {
  const start = STARTS.find((each) => text.toLowerCase().startsWith(each))
  if (start === undefined)
    return STARTS.some((each) => each.startsWith(text.toLowerCase())) ? 'more' : 'other'
  const words = []
  let at = start.length
  while (words.length < Number(start[1]) - 1) {
    const rest = text.slice(at)
    const [line, bytes] = /^\$(\d{1,3})\r\n/.exec(rest) ?? []
    if (line === undefined) return /^(\$(\d{1,3}\r?)?)?$/.test(rest) ? 'more' : 'other'
    const end = line.length + Number(bytes)
    if (rest.length < end + 2) return 'more'
    if (rest.slice(end, end + 2) !== '\r\n') return 'other'
    words.push(rest.slice(line.length, end))
    at += end + 2
  }
  return { length: at, token: words.at(-1) }
}

/** Waits for the whole command, one byte more at a time. Undefined: the client says something else. */
async function readAuth(visitor, bytes = 1) {
  const text = (await visitor.peek(bytes)).toString('latin1')
  const command = parse(text)
  if (command === 'other') return undefined
  if (command !== 'more') return command
  return text.length < bytes || bytes === MOST_BYTES ? undefined : readAuth(visitor, bytes + 1)
}

async function route(visitor) {
  const { length, token } = (await readAuth(visitor)) ?? {}
  const backend = servers.get(token)
  if (backend === undefined)
    return visitor.reject('no token', { answer: Buffer.from('-NOAUTH unknown token\r\n') })
  await visitor.take(length)
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
