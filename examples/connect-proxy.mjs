/**
 * An HTTP CONNECT proxy, as curl and browsers use it for https. node:http reads the request. Then pipe() takes both
 * sockets and splices their bytes in the kernel. With `a.pipe(b); b.pipe(a)`, Node would copy every byte through
 * JavaScript and turn a reset into an orderly end. pipe() passes on a half-close as a half-close and a reset as a
 * reset, and it returns a record of the connection.
 *
 * Start it, then use it:
 *   node examples/connect-proxy.mjs [PORT]
 *   curl -x http://127.0.0.1:8080 https://example.com/
 */
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { pipe } from 'millrace'

const server = createServer((_request, response) => response.writeHead(405).end('CONNECT only\n'))

server.on('connect', (request, client, head) => {
  const url = `http://${request.url}`
  if (!URL.canParse(url)) return client.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  const { hostname, port } = new URL(url)
  const backend = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 80),
    allowHalfOpen: true,
  })
  const refuse = () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  client.once('error', () => backend.destroy())
  backend.once('error', refuse)
  backend.once('connect', async () => {
    backend.off('error', refuse)
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    const record = await pipe(client, backend, { head })
    console.log(JSON.stringify({ target: request.url, ...record }))
  })
})

server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
  console.log(`CONNECT proxy on 127.0.0.1:${server.address().port}`)
})
