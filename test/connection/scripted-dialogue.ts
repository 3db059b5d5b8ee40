/** A mock dialogue. Its peer has already said everything, and it notes all that is said to the peer. */
import { type Dialogue, type DialogueEnd, DialogueOver } from '../../src/io/dialogue.js'
import type { Answer } from '../../src/peek/answer.js'

export class ScriptedDialogue {
  readonly told: string[] = []
  /** The deadlines that it was given. */
  readonly allowed: number[] = []
  /** How often it was asked to look. */
  looks = 0
  /** The reason why a look at too few bytes fails. Undefined if the test expects no such look. */
  ends: DialogueEnd | undefined
  /** The bytes that come after the next look. */
  late = Buffer.alloc(0)
  #bytes: Buffer
  readonly socket = {
    peek: (most: number): Buffer => this.#bytes.subarray(0, most),
    read: (most: number): Buffer => {
      const taken = this.#bytes.subarray(0, most)
      this.#bytes = this.#bytes.subarray(taken.length)
      return taken
    },
    release: () => ({}),
    localAddress: () => undefined,
  }

  constructor(...said: (Buffer | string)[]) {
    this.#bytes = Buffer.concat(said.map((each) => Buffer.from(each as string, 'latin1')))
  }

  /** The bytes that nobody has taken. */
  get left(): string {
    return this.#bytes.toString('latin1')
  }

  arrive(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
  }

  allow(ms: number): void {
    this.allowed.push(ms)
  }

  async look(parse: (bytes: Buffer) => Answer<unknown>, most: number): Promise<Answer<unknown>> {
    this.looks++
    const answer = parse(this.socket.peek(most))
    this.arrive(this.late)
    this.late = Buffer.alloc(0)
    if (answer.kind !== 'need-more') return answer
    if (this.ends === undefined) throw new Error('the peer has nothing more to say')
    throw new DialogueOver(this.asDialogue, this.ends)
  }

  async say(bytes: Buffer): Promise<void> {
    this.told.push(bytes.toString('latin1'))
  }

  during<T>(work: Promise<T>): Promise<T> {
    return work
  }

  goOnInside(): void {}

  get asDialogue(): Dialogue {
    return this as unknown as Dialogue
  }
}
