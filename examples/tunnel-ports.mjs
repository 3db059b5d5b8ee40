/**
 * A port for each tunnel, opened and closed while the proxy runs. POST the address of a backend, and you get the address of its tunnel.
 * DELETE /NAME closes it.
 *
 * Start it, and open a tunnel to a server of yours:
 *   node examples/tunnel-ports.mjs
 *   curl -d 127.0.0.1:22 http://127.0.0.1:8080
 */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { createProxy } from 'millrace'

const tunnels = new Map()
const proxy = createProxy({
  listeners: [{ address: '127.0.0.1:0', route: (visitor) => visitor.reject('no tunnel') }],
  clusters: {},
  log: { access: false },
})
proxy.on('record', ({ listener, bytesUp, bytesDown }) =>
  console.log(`${listener} ${bytesUp + bytesDown} bytes`),
)
await proxy.start()

const server = createServer(async (request, response) => {
  const name = request.url.slice(1)
  if (request.method === 'DELETE') {
    for (const connection of proxy.connections()) if (connection.facts()?.listener === name) connection.end()
    response.end(`${(await tunnels.get(name)?.close()) === true ? 'closed' : 'no such tunnel'}\n`)
    tunnels.delete(name)
    return
  }
  try {
    const backend = (await text(request)).trim()
    const tunnel = await proxy.listen({ address: '127.0.0.1:0', route: () => ({ backend }) })
    tunnels.set(tunnel.name, tunnel)
    response.end(`${tunnel.name} ${tunnel.address}\n`)
  } catch (error) {
    response.writeHead(500).end(`${error.message}\n`)
  }
})
server.listen(process.env.PORT ?? 8080, '127.0.0.1', () => console.log(`tunnels on ${server.address().port}`))
process.once('SIGTERM', () => {
  server.close()
  proxy.drain()
})
