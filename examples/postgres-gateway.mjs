/**
 * A gateway for Postgres that authenticates clients before a backend sees a byte. Clients ask for TLS (STARTTLS of Postgres). The gateway
 * says yes, and reads the server name in the ClientHello: `TOKEN.db.example.com`. It asks your own function what the token may reach. TLS
 * passes through to the backend, so the gateway needs no certificate.
 *
 * Start it, each token as TOKEN=ADDRESS:
 *   node examples/postgres-gateway.mjs s3cret=127.0.0.1:5432
 *   psql "host=s3cret.db.example.com port=6432 sslmode=require"
 */
import { createProxy } from 'millrace'

const databases = new Map(process.argv.slice(2).map((pair) => pair.split('=')))
/** Stands for a question to your own service. */
const addressFor = async (token) => databases.get(token)

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
/** An ErrorResponse of Postgres: severity, SQLSTATE, message. */
function answer(message) {
  const fields = Buffer.from(`SFATAL\0C28000\0M${message}\0\0`)
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

async function route({ take, write, clientHello, reject }) {
  if (!(await take(8)).equals(SSL_REQUEST)) return reject('no TLS', { answer: answer('use sslmode=require') })
  await write(Buffer.from('S'))
  const token = (await clientHello())?.serverName?.split('.')[0]
  const address = await addressFor(token)
  if (address === undefined) return reject('unknown token')
  // millrace asks the backend for TLS, too. Then the client's own TLS passes through.
  return { backend: { address, startTls: 'postgres' }, timeouts: { idleMs: '8h' } }
}

const proxy = createProxy({
  listeners: [{ address: `127.0.0.1:${process.env.PORT ?? 6432}`, route }],
  clusters: {},
})

await proxy.start()
console.log(`Postgres gateway on ${proxy.status().listeners[0].address}`)
process.once('SIGTERM', () => proxy.drain())
