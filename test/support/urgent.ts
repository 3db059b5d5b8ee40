/** Sends urgent bytes (TCP URG). Node cannot send them, so Python does it on the same connection. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Peer } from './peer.js'
import { areMissing } from './programs.js'

const SENDER = `
import json, socket, sys
connection = socket.socket(fileno=3)
for text, is_urgent in json.load(sys.stdin):
    connection.send(text.encode(), socket.MSG_OOB if is_urgent else 0)
connection.detach()
`

/** Whether urgent bytes can be sent here. If not, it prints the reason. */
export const canSendUrgent = !areMissing('python3')

/** Sends each text as one segment, in order. A text that begins with `!` goes as urgent, without that `!`. */
export async function sendSegments(peer: Peer, ...texts: string[]): Promise<void> {
  const steps = texts.map((text) => (text.startsWith('!') ? [text.slice(1), true] : [text, false]))
  const python = spawn('python3', ['-c', SENDER], { stdio: ['pipe', 'inherit', 'inherit', peer.socket] })
  python.stdin?.end(JSON.stringify(steps))
  const [code] = await once(python, 'close')
  // Node stops reading from a socket that it lends to a child.
  peer.socket.resume()
  if (code !== 0) throw new Error(`python3 ended with ${code}`)
}
