/**
 * A gateway for tenants. Your own function chooses the cluster of each connection, here by the server name (SNI) in the
 * TLS ClientHello. TLS passes through, so the gateway needs no certificate and can splice.
 *
 * Start it, each tenant as NAME=ADDRESS:
 *   node examples/tenants.mjs a.example.com=127.0.0.1:9443 b.example.com=127.0.0.1:9444
 */
import { createProxy } from 'millrace'

const tenants = new Map(process.argv.slice(2).map((pair) => pair.split('=')))

const proxy = createProxy({
  listeners: [
    {
      address: `127.0.0.1:${process.env.PORT ?? 8443}`,
      route: async (visitor) => {
        const hello = await visitor.clientHello()
        if (hello === undefined) return visitor.reject('not TLS')
        return tenants.has(hello.serverName) ? hello.serverName : visitor.reject('no such tenant')
      },
    },
  ],
  clusters: Object.fromEntries([...tenants].map(([name, address]) => [name, { backends: [address] }])),
})

await proxy.start()
console.log(`tenants by name on ${proxy.status().listeners[0].address}`)
process.once('SIGTERM', () => proxy.drain())
