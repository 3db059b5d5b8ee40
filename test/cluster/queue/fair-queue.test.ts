import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairQueue, type OfferAnswer } from '../../../src/cluster/queue/fair-queue.js'

interface Client {
  readonly source: string
  readonly name: string
}

const client = (name: string): Client => ({ source: name[0]!, name })

function queueOf(...names: string[]): { queue: FairQueue<Client>; clients: Client[] } {
  const queue = new FairQueue<Client>()
  const clients = names.map(client)
  for (const each of clients) queue.add(each)
  return { queue, clients }
}

const takes = (): OfferAnswer => 'takes'

function servedBy(queue: FairQueue<Client>): string[] {
  const served: string[] = []
  for (;;) {
    const next = queue.offer(takes)
    if (next === undefined) return served
    served.push(next.name)
  }
}

test('sources have their turns one after the other, and each source serves its clients in the order in which they came', () => {
  const { queue } = queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'b2')
  expect(Array.from(queue.inTurn(), ({ name }) => name)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  expect(servedBy(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  expect(queue.length).toBe(0)
})

test('a source that was served has its next turn after all others, also after those that come later', () => {
  const { queue } = queueOf('a1', 'a2', 'b1')
  expect(queue.offer(takes)?.name).toBe('a1')
  queue.add(client('c1'))
  expect(servedBy(queue)).toEqual(['b1', 'a2', 'c1'])
})

test('a client that cannot take an offer keeps its place, and the next one is asked', () => {
  const { queue } = queueOf('a1', 'a2', 'b1')
  const asked: string[] = []
  const served = queue.offer(({ name }) => {
    asked.push(name)
    return name === 'a2' ? 'takes' : 'passes'
  })
  expect([served?.name, asked]).toEqual(['a2', ['a1', 'b1', 'a2']])
  expect(servedBy(queue)).toEqual(['b1', 'a1'])
})

test('after "stops" nobody is asked any more', () => {
  const { queue } = queueOf('a1', 'b1')
  let asked = 0
  expect(
    queue.offer(() => {
      asked += 1
      return 'stops'
    }),
  ).toBeUndefined()
  expect([asked, queue.length]).toEqual([1, 2])
})

test('a client that leaves the queue is never asked, and can leave only once', () => {
  const { queue, clients } = queueOf('a1', 'a2', 'b1')
  expect(queue.delete(clients[0]!)).toBe(true)
  expect(queue.delete(clients[0]!)).toBe(false)
  expect(queue.delete(client('d1'))).toBe(false)
  expect(servedBy(queue)).toEqual(['a2', 'b1'])
})

test('one of the first clients of all sources waits longest', () => {
  const { queue } = queueOf('a1', 'a2', 'b1', 'b2')
  expect(Array.from(queue.first(), ({ name }) => name)).toEqual(['a1', 'b1'])
})

test('the newest client of the source with most clients leaves for a new one of a source that has at least two fewer', () => {
  const { queue, clients } = queueOf('a1', 'b1', 'a2', 'a3', 'b2')
  expect(['a', 'b', 'c'].map((source) => queue.leavesFor(source)?.name)).toEqual([undefined, undefined, 'a3'])
  queue.delete(clients[3]!)
  expect(queue.leavesFor('c')?.name).toBe('a2')
  queue.delete(clients[4]!)
  queue.delete(clients[2]!)
  expect(queue.leavesFor('c')).toBeUndefined()
})

/** The model: a list of sources in the order of their turns, each with its clients. */
class Model {
  #sources: { name: string; clients: Client[] }[] = []

  add(each: Client): void {
    const source = this.#sources.find(({ name }) => name === each.source)
    if (source === undefined) this.#sources.push({ name: each.source, clients: [each] })
    else source.clients.push(each)
  }

  delete(each: Client): void {
    for (const source of this.#sources) source.clients = source.clients.filter((other) => other !== each)
    this.#sources = this.#sources.filter(({ clients }) => clients.length > 0)
  }

  get inTurn(): Client[] {
    const most = Math.max(0, ...this.#sources.map(({ clients }) => clients.length))
    const rounds = Array.from({ length: most }, (_, round) => round)
    return rounds.flatMap((round) => this.#sources.flatMap(({ clients }) => clients[round] ?? []))
  }

  /** Those of whom one leaves for a new client of this source. */
  leaveFor(source: string): (Client | undefined)[] {
    const countOf = (name: string): number =>
      this.#sources.find((each) => each.name === name)?.clients.length ?? 0
    const most = Math.max(0, ...this.#sources.map(({ clients }) => clients.length))
    if (most - countOf(source) < 2) return [undefined]
    return this.#sources.flatMap(({ clients }) => (clients.length === most ? clients.slice(-1) : []))
  }

  serve(each: Client): void {
    const source = this.#sources.find(({ name }) => name === each.source)!
    this.#sources = [...this.#sources.filter((other) => other !== source), source]
    this.delete(each)
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), source: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ kind: fc.constant('leave' as const), index: fc.nat(20) }),
    fc.record({ kind: fc.constant('offer' as const), takers: fc.array(fc.boolean(), { maxLength: 8 }) }),
  ),
  { maxLength: 60 },
)

test('the queue serves and makes room as a list of sources with their clients would, whoever comes, leaves and passes', () => {
  fc.assert(
    fc.property(steps, (story) => {
      const [queue, model] = [new FairQueue<Client>(), new Model()]
      story.forEach((step, number) => {
        const waiting = model.inTurn
        if (step.kind === 'add') {
          const comes = { source: step.source, name: `${step.source}${number}` }
          queue.add(comes)
          model.add(comes)
        } else if (step.kind === 'leave') {
          const leaves = waiting[step.index]
          if (leaves !== undefined) queue.delete(leaves)
          if (leaves !== undefined) model.delete(leaves)
        } else {
          const taker = waiting.find((_, index) => step.takers[index] === true)
          const served = queue.offer((each) => (each === taker ? 'takes' : 'passes'))
          expect(served).toBe(taker)
          if (taker !== undefined) model.serve(taker)
        }
        expect([...queue.inTurn()]).toEqual(model.inTurn)
        expect(queue.length).toBe(model.inTurn.length)
        for (const source of 'abcd') expect(model.leaveFor(source)).toContain(queue.leavesFor(source))
      })
    }),
  )
})
