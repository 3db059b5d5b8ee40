// A backend of the soak: it answers every connection with its own bytes. Its stdin tells it what to do, a word a
// line: `refuse` and `accept` close and open its port. It ends when its stdin ends, so it never outlives the soak.
//   node echo-backend.mjs PORT
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const port = Number(process.argv[2])
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {})
  socket.pipe(socket)
})
const listen = () => server.listen({ port, host: '127.0.0.1', backlog: 511 })
const ORDERS = { refuse: () => server.close(), accept: listen }

listen()
createInterface({ input: process.stdin })
  .on('line', (word) => ORDERS[word]?.())
  .on('close', () => process.exit(0))
