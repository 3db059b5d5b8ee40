/**
 * A forward proxy that speaks HTTP CONNECT, for a build machine that may reach its package registry and nothing else. Users come from
 * the environment. Each request is one line of JSON on stdout.
 *
 * Start it, with the hosts that clients may reach:
 *   PROXY_USER=ci PROXY_PASSWORD=s3cret node examples/connect-server.mjs packages.example.com
 *   curl -x http://ci:s3cret@127.0.0.1:3128 https://packages.example.com/
 */
import { connectServer } from 'millrace'

const { PORT = '3128', PROXY_USER, PROXY_PASSWORD, NETWORKS } = process.env
const hosts = new Set(process.argv.slice(2))
/** Such as 10.0.0.0/8, if the hosts are in a network of your own. */
const permission = NETWORKS === undefined ? true : { networks: NETWORKS.split(',') }

const server = connectServer({
  authenticate: ({ user, password }) => user === PROXY_USER && password === PROXY_PASSWORD,
  allow: ({ host }) => hosts.has(host) && permission,
  onRecord: (record) => console.log(JSON.stringify(record)),
})

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`CONNECT proxy on 127.0.0.1:${server.address().port}`)
})
process.once('SIGTERM', () => server.close())
