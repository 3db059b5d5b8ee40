/**
 * Notices to the service manager, as sd_notify(3) defines them: one datagram each, in order. A notice never delays the process,
 * and never ends it. If the queue of the service manager is full, notices wait here.
 */
import { errnoName } from '../io/kernel/native.js'
import type { NativeService } from '../io/kernel/native-service.js'

/** By the names of sd_notify(3), such as `READY`. No value has a line break. */
export type Notice = Readonly<Record<string, string | number>>

export interface NotifierOptions {
  /** Where the service manager listens: a path, or an abstract name with `@` in front. Undefined: nobody wants notices. */
  readonly socket: string | undefined
  /** Undefined: there is no addon, and Node has no datagrams on unix sockets. */
  readonly calls: Pick<NativeService, 'sendDatagram'> | undefined
  /** Called once, with the reason why notices do not arrive. */
  readonly failed: (why: string) => void
}

const RETRY_MS = 100
/** More cannot wait. A service manager that takes nothing for so long is stuck. */
const MOST_WAITING = 64

export class Notifier {
  readonly #options: NotifierOptions
  readonly #path: string
  readonly #waiting: string[] = []
  #retry: NodeJS.Timeout | undefined
  #hasFailed = false

  constructor(options: NotifierOptions) {
    this.#options = options
    this.#path = (options.socket ?? '').replace(/^@/, '\0')
    if (options.socket !== undefined && options.calls === undefined) this.#fail('there is no addon')
  }

  /** Whether somebody wants notices and can get them. */
  get isHeard(): boolean {
    return this.#options.socket !== undefined && this.#options.calls !== undefined
  }

  notify(notice: Notice): void {
    if (!this.isHeard || this.#waiting.length >= MOST_WAITING) return
    const lines = Object.entries(notice).map(([name, value]) => `${name}=${value}`)
    this.#waiting.push(lines.join('\n'))
    if (this.#retry === undefined) this.#send()
  }

  #send(): void {
    this.#retry = undefined
    for (let text = this.#waiting[0]; text !== undefined; text = this.#waiting[0]) {
      const errno = errnoName(this.#options.calls?.sendDatagram(this.#path, Buffer.from(text)) ?? 0)
      if (errno === 'EAGAIN') {
        this.#retry = setTimeout(() => this.#send(), RETRY_MS).unref()
        return
      }
      if (errno !== '') this.#fail(errno)
      this.#waiting.shift()
    }
  }

  #fail(why: string): void {
    if (!this.#hasFailed) this.#options.failed(why)
    this.#hasFailed = true
  }
}
