/**
 * A proxy in a process of its own that gives connections and takes them. It kills itself when it gets to `dieAt`: `before batch`,
 * `after batch`, `at batch`, `after taken` or `at taken`, which means before or after it sends such a message, or as soon as it has come.
 *
 *   node hand-over-process.mjs CHECKOUT '{"config": {...}, "path": "/tmp/x", "dieAt": "at batch"}'
 *
 * It takes connections at `path`. A line on stdin is a path to give all connections to, or empty. Each is answered with a line.
 */
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [, , checkout, options] = process.argv
const { config, path, dieAt } = JSON.parse(options)
const load = (file) => import(pathToFileURL(`${checkout}/dist/${file}`).href)
const { MessageSocket } = await load('io/kernel/message-socket.js')
const { RunningProxy } = await load('proxy/running-proxy.js')
const { validateConfig } = await load('config/validate.js')

function reached(when, bytes) {
  if (`${when} ${JSON.parse(bytes.toString()).kind}` === dieAt) process.kill(process.pid, 'SIGKILL')
}

const { send, receive } = MessageSocket.prototype
MessageSocket.prototype.send = function (bytes, fds) {
  reached('before', bytes)
  const result = send.call(this, bytes, fds)
  reached('after', bytes)
  return result
}
MessageSocket.prototype.receive = function (handler) {
  const message = (bytes, fds) => {
    reached('at', bytes)
    handler.message(bytes, fds)
  }
  return receive.call(this, { message, closed: () => handler.closed() })
}

const proxy = new RunningProxy(validateConfig(config))
await proxy.start()
await proxy.handOver.takeAt(path)
const tell = (given) => {
  const { listeners, connections } = proxy.status()
  process.stdout.write(
    `${JSON.stringify({ given, active: connections.active, address: listeners[0].address })}\n`,
  )
}
tell(0)
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (line === '') tell(0)
  else void proxy.handOver.give([line]).then(tell)
})
lines.on('close', () => process.exit(0))
