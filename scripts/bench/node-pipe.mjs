// The rival that every Node developer writes first: two sockets, `a.pipe(b)` and `b.pipe(a)`. It is made
// fair: half-close and TCP_NODELAY are on, and a broken side ends the other.
// Usage: node node-pipe.mjs LISTEN BACKEND, each HOST:PORT or unix:PATH
import net from 'node:net'

/** The address in the form that `net` takes. */
export function addressOf(text) {
  if (text.startsWith('unix:')) return { path: text.slice('unix:'.length) }
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

/** Calls `join(client, backend)` with the two sockets of each connection. */
export function listenAndDial(listen, backend, join) {
  const options = { allowHalfOpen: true, noDelay: true }
  const server = net.createServer(options, (client) => join(client, net.connect({ ...backend, ...options })))
  server.listen({ ...listen, backlog: 4096 })
}

export function pipeBoth(client, upstream) {
  client.pipe(upstream)
  upstream.pipe(client)
  client.on('error', () => upstream.destroy())
  upstream.on('error', () => client.destroy())
}

if (process.argv[1] === import.meta.filename) {
  const [listen, backend] = process.argv.slice(2).map(addressOf)
  listenAndDial(listen, backend, pipeBoth)
}
