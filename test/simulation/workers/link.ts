/**
 * One way of the channel between a supervisor and a worker. Messages arrive as Node sends them: as JSON and in order, each
 * at a call of `bring`. A listening socket travels with its message.
 */
import type { AcceptQueue } from '../kernel/accept-queue.js'

interface Sent {
  readonly json: string
  readonly queue: AcceptQueue | undefined
}

export class Link<Message> {
  #waiting: Sent[] = []

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  get length(): number {
    return this.#waiting.length
  }

  send(message: Message, queue?: AcceptQueue): void {
    queue?.hold()
    this.#waiting.push({ json: JSON.stringify(message), queue })
  }

  /** `take` gets the next message. If it wants the socket, it must share the socket before it returns. */
  bring(take: (message: Message, queue: AcceptQueue | undefined) => void): void {
    const sent = this.#waiting.shift()
    if (sent === undefined) return
    take(JSON.parse(sent.json), sent.queue)
    sent.queue?.letGo()
  }

  /** Drops the messages that are on their way. */
  lose(): void {
    for (const { queue } of this.#waiting.splice(0)) queue?.letGo()
  }
}
