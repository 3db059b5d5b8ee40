/**
 * An HTTP CONNECT proxy, such as curl and browsers use for https: node:http understands the request, and pipe()
 * hands both sockets to the kernel. Where `a.pipe(b); b.pipe(a)` copies every byte through JavaScript and turns a
 * reset into a clean end, pipe() splices, keeps half-closes and resets what they are, and says what happened.
 *
 *   node examples/connect-proxy.mjs [PORT]          then: curl -x http://127.0.0.1:8080 https://example.com/
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
