/**
 * A router for tenants that are in no config. Your own function asks a database which backend a client gets, here by the server name
 * (SNI) in its TLS ClientHello. TLS passes through, so the router needs no certificate and can splice. A new tenant needs no reload.
 *
 * Start it with the address of the database, here a server that answers GET /NAME with HOST:PORT:
 *   node examples/tenant-router.mjs http://127.0.0.1:8000
 */
import { createProxy } from 'millrace'

const database = process.argv[2]

const proxy = createProxy({
  listeners: [
    {
      address: `127.0.0.1:${process.env.PORT ?? 8443}`,
      timeouts: { routeMs: '2s' },
      route: async (visitor) => {
        const hello = await visitor.clientHello()
        if (hello?.serverName === undefined) return visitor.reject('no server name')
        const answer = await fetch(`${database}/${hello.serverName}`, { signal: visitor.signal })
        if (!answer.ok) return visitor.reject('no such tenant')
        const address = (await answer.text()).trim()
        return { backend: { address }, tags: { tenant: hello.serverName }, limits: { maxConnections: 100 } }
      },
    },
  ],
  clusters: {},
})

await proxy.start()
console.log(`tenants on ${proxy.status().listeners[0].address}`)
process.once('SIGTERM', () => proxy.drain())
