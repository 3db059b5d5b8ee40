// The rival every Node developer writes first: two sockets, `a.pipe(b)` and `b.pipe(a)`. Kept honest: half-close
// and TCP_NODELAY on, a broken side takes the other with it.
// Usage: node node-pipe.mjs LISTEN_HOST LISTEN_PORT BACKEND_HOST BACKEND_PORT
import net from 'node:net'

export function listenPiping(listen, backend) {
  const options = { allowHalfOpen: true, noDelay: true }
  const server = net.createServer(options, (client) => {
    const upstream = net.connect({ ...backend, ...options })
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  server.listen({ ...listen, backlog: 4096 })
}

if (process.argv[1] === import.meta.filename) {
  const [listenHost, listenPort, backendHost, backendPort] = process.argv.slice(2)
  listenPiping(
    { host: listenHost, port: Number(listenPort) },
    { host: backendHost, port: Number(backendPort) },
  )
}
