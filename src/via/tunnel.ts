/**
 * Asks a forward proxy for a tunnel to a backend. It takes the bytes of the answer and not one more: a server that speaks
 * first may have said something already.
 */
import type { Address, TcpAddress } from '../address.js'
import { type Dialogue, DialogueOver } from '../io/dialogue.js'
import type { Answer } from '../peek/answer.js'
import { MOST_HEAD_BYTES } from '../websocket/heads/head.js'
import { connectRequest, isInterimAnswer, isTunnel, readConnectAnswer } from './connect.js'
import type { ForwardProxyOptions } from './forward-proxy.js'
import {
  connectMessage,
  greeting,
  MOST_REPLY_BYTES,
  passwordMessage,
  readMethod,
  readPasswordAnswer,
  readReply,
} from './socks5.js'
import {
  connectFailure,
  refusesAll,
  refusesThis,
  socksFailure,
  type TunnelFailure,
  tooSlow,
} from './tunnel-failure.js'

/** Interim answers before the final one. No proxy has a reason for more. */
const MOST_INTERIM = 8

/** Undefined: the tunnel is open, and the next byte of `dialogue` is one of the backend. The dialogue has its deadline. */
export async function openTunnel(
  dialogue: Dialogue,
  to: Address,
  proxy: ForwardProxyOptions,
): Promise<TunnelFailure | undefined> {
  if (to.kind === 'unix') return refusesThis('EAFNOSUPPORT', 'a unix socket is not behind a forward proxy')
  const tunnel =
    proxy.protocol === 'socks5' ? new SocksTunnel(dialogue, proxy) : new ConnectTunnel(dialogue, proxy)
  try {
    return await tunnel.open(to)
  } catch (error) {
    if (error instanceof BadReply) return refusesAll('EPROTO', error.message)
    if (error instanceof DialogueOver) return whyOver(error, tunnel.wasAsked)
    throw error
  }
}

/** The forward proxy has sent something that is no answer. */
class BadReply extends Error {}

class Tunnel {
  /** Whether the forward proxy was asked for the backend. */
  wasAsked = false
  protected readonly dialogue: Dialogue
  protected readonly proxy: ForwardProxyOptions

  constructor(dialogue: Dialogue, proxy: ForwardProxyOptions) {
    this.dialogue = dialogue
    this.proxy = proxy
  }

  protected async answer<Value>(read: (bytes: Buffer) => Answer<Value>, most: number): Promise<Value> {
    const answer = await this.dialogue.look(read, most)
    if (answer.kind !== 'match') throw new BadReply((answer as { reason: string }).reason)
    const { bytes, value } = answer as { bytes: number; value: Value }
    this.dialogue.socket.read(bytes)
    return value
  }
}

class SocksTunnel extends Tunnel {
  async open(to: TcpAddress): Promise<TunnelFailure | undefined> {
    const { credentials } = this.proxy
    await this.dialogue.say(greeting(credentials !== undefined))
    const method = await this.answer(readMethod, MOST_REPLY_BYTES)
    if (method !== 'none') {
      if (method === 'none-fits' || credentials === undefined)
        return refusesAll(
          'EACCES',
          credentials === undefined ? 'it asks for credentials' : 'it takes no password',
        )
      await this.dialogue.say(passwordMessage(credentials))
      if (!(await this.answer(readPasswordAnswer, MOST_REPLY_BYTES)))
        return refusesAll('EACCES', 'it refuses the credentials')
    }
    await this.dialogue.say(connectMessage(to))
    this.wasAsked = true
    const code = await this.answer(readReply, MOST_REPLY_BYTES)
    return code === 0 ? undefined : socksFailure(code)
  }
}

class ConnectTunnel extends Tunnel {
  async open(to: TcpAddress): Promise<TunnelFailure | undefined> {
    const { credentials } = this.proxy
    await this.dialogue.say(connectRequest(to, credentials))
    this.wasAsked = true
    for (let interim = 0; interim <= MOST_INTERIM; interim++) {
      const status = await this.answer(readConnectAnswer, MOST_HEAD_BYTES)
      if (isTunnel(status)) return undefined
      if (!isInterimAnswer(status)) return connectFailure(status, credentials !== undefined)
    }
    return refusesAll('EPROTO', 'too many interim answers')
  }
}

/** The forward proxy was too slow, or closed the connection. */
function whyOver({ why, errno }: DialogueOver, wasAsked: boolean): TunnelFailure {
  if (why === 'timed-out') return tooSlow(wasAsked)
  // Some servers close instead of a reply if they cannot reach a backend.
  const refuses = wasAsked ? refusesThis : refusesAll
  return refuses(errno ?? 'ECONNABORTED', 'it closed the connection')
}
