/**
 * A SOCKS5 server that leads developers into the network of a test environment and nowhere else. It asks a database who may, which
 * is a Map here. Each request is one line of JSON on stdout.
 *
 * Start it, with the networks that clients may reach, and users as USER:PASSWORD in the environment:
 *   USERS=ada:s3cret node examples/socks-server.mjs 10.20.0.0/16
 *   curl --socks5-hostname ada:s3cret@127.0.0.1:1080 http://app.test.example.com/
 */
import { socksServer } from 'millrace'

const { PORT = '1080', USERS = '' } = process.env
const networks = process.argv.slice(2)
const passwords = new Map(USERS.split(',').map((each) => each.split(':')))
const MOST_PIPES = 1000

const server = socksServer({
  authenticate: async ({ user, password }) => passwords.get(user) === password,
  allow: () => server.pipes.size < MOST_PIPES && { networks },
  onRecord: (record) => console.log(JSON.stringify(record)),
  idleTimeoutMs: 3_600_000,
})

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`SOCKS5 server on 127.0.0.1:${server.address().port}`)
})
process.once('SIGTERM', () => server.close())
