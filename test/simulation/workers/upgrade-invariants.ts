/** The rules for two supervisors, one of which takes the place of the other one. */
import type { AcceptQueue } from '../kernel/accept-queue.js'
import { Violation } from '../world/violation.js'
import type { Process } from './process.js'
import type { World } from './world.js'

/** Checks after each turn that workers of one supervisor alone accept at each listening socket. */
export function watchSides({ workers }: World): void {
  const sides = new Map<AcceptQueue, Process>()
  for (const { process, supervisor } of workers) {
    // A process that hangs does nothing, and one that has hung may not know yet that it must pause.
    if (process.state !== 'runs' || process.hasHung) continue
    for (const queue of process.kernel.watchedQueues()) {
      const other = sides.get(queue)
      sides.set(queue, supervisor)
      if (other !== undefined && other !== supervisor)
        throw new Violation('one side accepts', `two accept at ${queue.local.port}`)
    }
  }
}

/** Each connection was told once, by the process that it ended in. Only a process that was killed tells nothing. */
export function checkOwners({ workers, records, lost }: World): void {
  const told = new Set(records)
  for (const { accepted } of workers) {
    for (const client of accepted) {
      if (!told.has(client) && !lost.has(client))
        throw new Violation('each record once', `${client} has none`)
    }
  }
}

/** If no process dies or hangs, and nobody takes anything away, connections end only because their peers end them. */
export function checkPeace({ endings, endingsAtEnd }: World): void {
  for (const { by, cause } of endings.slice(0, endingsAtEnd)) {
    if (by === 'proxy') throw new Violation('an upgrade ends no connection', cause)
  }
}
