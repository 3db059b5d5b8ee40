/**
 * Sends one datagram to a server and waits for the reply. Each question has a socket of its own, so its port is random,
 * and the kernel drops what does not come from the server. The socket keeps no process alive.
 */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Exchange, type Read, settleOnce } from './exchange.js'

/** A datagram for which `read` finds no reply is ignored, because anybody may have sent it. */
export const askByUdp = <Reply>(exchange: Exchange, read: Read<Reply>): Promise<Reply | string> =>
  settleOnce(exchange, (settle) => {
    const { server, bytes } = exchange
    const socket = createSocket(isIPv6(server.ip.replace(/%.*$/s, '')) ? 'udp6' : 'udp4').unref()
    // The listener stays after the close: a socket that is still being bound may report an error then.
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'EIO'))
    socket.on('message', (datagram) => {
      const reply = read(datagram)
      if (reply !== undefined) settle(reply)
    })
    socket.on('connect', () => socket.send(bytes))
    socket.connect(server.port, server.ip)
    return () => socket.close()
  })
