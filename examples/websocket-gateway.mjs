/**
 * A web server of one's own whose WebSockets go to other servers, one for each room. The server answers requests itself. A client of a
 * room that does not exist gets 404, and one without the token gets 401.
 *
 * Start it, each room as NAME=ADDRESS:
 *   TOKEN=s3cret node examples/websocket-gateway.mjs lobby=127.0.0.1:9001 garden=unix:/run/garden.sock
 *   Then open ws://127.0.0.1:8080/lobby?token=s3cret
 */
import { createServer } from 'node:http'
import { upgradeHandler } from 'millrace'

const { PORT = '8080', TOKEN } = process.env
const rooms = new Map(process.argv.slice(2).map((pair) => pair.split('=')))

const server = createServer((_request, response) => response.end('open a WebSocket\n'))

const handler = upgradeHandler(
  server,
  (request) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost')
    return searchParams.get('token') === TOKEN ? rooms.get(pathname.slice(1)) : 401
  },
  { onRecord: (record) => console.log(JSON.stringify(record)), idleTimeoutMs: 3_600_000 },
)

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`WebSocket gateway on 127.0.0.1:${server.address().port}`)
})
process.once('SIGTERM', () => {
  server.close()
  for (const pipe of handler.pipes) pipe.close()
})
