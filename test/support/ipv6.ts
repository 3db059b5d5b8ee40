/** Whether this machine has IPv6: some containers have not. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export async function hasIpv6(): Promise<boolean> {
  const socket = createSocket('udp6')
  socket.bind(0, '::1')
  return await Promise.race([
    once(socket, 'listening').then(() => true),
    once(socket, 'error').then(() => false),
  ]).finally(() => socket.close())
}
