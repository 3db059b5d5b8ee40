/**
 * One worker: a proxy that gets its config and its orders from the supervisor. It ends when it has drained,
 * and at once when the supervisor is gone.
 */

import { ToldNames } from '../cluster/names/told-names.js'
import type { ToldVerdict } from '../cluster/shared-verdict.js'
import type { Config } from '../config/schema.js'
import type { DrainResult } from '../control/answers.js'
import { createDnsClient } from '../dns/client.js'
import { MillraceError } from '../errors.js'
import { GivenSockets } from '../io/listening/given-sockets.js'
import type { ServerHandle } from '../io/listening/server-handle.js'
import { ToldLists } from '../limits/lists/told-lists.js'
import type { Prepared } from '../proxy/generations/generation.js'
import { ProxyControl } from '../proxy/proxy-control.js'
import { RunningProxy } from '../proxy/running-proxy.js'
import { TicketKeys } from '../tls/ticket-keys.js'
import { type Call, type ControlCall, packError, type ToWorker } from './messages.js'
import type { OwnProcess } from './own-process.js'
import { SessionSearch } from './session-search.js'
import { heardConfig } from './told-config.js'

/** ms. The timer that triggers a report is due once a second, or more often, and may be a little early. */
const TELL_COUNTS_AFTER_MS = 900

const NOTHING_TO_DRAIN: DrainResult = { finished: 0, closed: 0, cut: 0 }

type Question = Extract<ToWorker, { kind: 'ask' }>

/** Runs until the worker is told to drain. */
export function runWorker(own: OwnProcess): void {
  let worker: Worker | undefined
  const sockets = new GivenSockets()
  const lists = new ToldLists()
  const begin = (message: Extract<ToWorker, { kind: 'start' }>): void => {
    worker = new Worker(message, sockets, lists, own)
    void worker.start(message.orders)
  }
  const heard = (message: ToWorker, handle: ServerHandle): void => {
    try {
      if (message.kind === 'ask') void worker?.answer(message)
      else if (message.kind === 'session') worker?.search.heard(message)
      else if (message.kind === 'verdicts') worker?.hear(message.verdicts)
      else if (message.kind === 'names') worker?.names.hear(message.names)
      else if (message.kind === 'bans') worker?.proxy.limiting.bans.hear(message.bans)
      else if (message.kind === 'list') lists.hear(message.part)
      else if (message.kind === 'ticketKeys') worker?.proxy.tickets.take(message.ticketKeys)
      else if (message.kind === 'start') begin(message)
      else if (message.kind === 'leave') leave(own, worker)
      else if (message.kind === 'takeBack') sockets.takeBack(message.slot)
      else receive(message, handle, sockets)
    } catch (error) {
      fail(own, error)
    }
  }
  own.hear(heard, () => void cut(own, worker))
  // All signals are for the supervisor. Ctrl-C on a terminal and SIGTERM of a service manager reach every process of the group.
  own.signals.heed(() => {})
  own.tell({ kind: 'hello' })
}

function leave(own: OwnProcess, worker: Worker | undefined): void {
  if (worker === undefined) own.exit(0)
  else void worker.leave()
}

function receive(
  message: Extract<ToWorker, { kind: 'socket' | 'lend' }>,
  handle: ServerHandle,
  sockets: GivenSockets,
): void {
  if (message.kind === 'socket') sockets.add(message.address, message.place, handle)
  else sockets.lend(message.address, message.slot, handle)
}

class Worker {
  readonly proxy: RunningProxy
  readonly search: SessionSearch
  readonly names: ToldNames
  readonly #own: OwnProcess
  readonly #control: ProxyControl
  readonly #sockets: GivenSockets
  #isLeaving = false
  #drainsAwaited = 0
  #toldCountsAt = Number.NEGATIVE_INFINITY
  #prepared: Prepared | undefined
  /** Configs are prepared and used one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    { config, ticketKeys, names, verdicts, bans, counts, isPaused }: Extract<ToWorker, { kind: 'start' }>,
    sockets: GivenSockets,
    lists: ToldLists,
    own: OwnProcess,
  ) {
    this.#own = own
    this.#sockets = sockets
    this.search = new SessionSearch((question) => own.tell(question))
    this.names = new ToldNames(config.names, { createClient: createDnsClient })
    this.names.hear(names)
    const proxy = new RunningProxy(config, {
      names: this.names,
      lists,
      engine: own.createEngine(sockets),
      openLog: own.openLog(config.log),
      counts: own.openCounts(counts),
      tickets: new TicketKeys(ticketKeys),
      tellVerdict: (verdict) => own.tell({ kind: 'verdict', verdict }),
      tellSeen: (findings) => own.tell({ kind: 'seen', findings }),
      probes: false,
    })
    this.proxy = proxy
    if (isPaused) proxy.acceptor.pause()
    // Verdicts and orders can be about backends that names mean.
    proxy.clusters.watchNames()
    this.hear(verdicts)
    proxy.limiting.bans.hear(bans)
    proxy.sessions.askOthers = (session) => this.search.ask(session)
    this.#control = new ProxyControl(proxy, {
      load: () => {
        throw new MillraceError('wrong-state', 'a worker takes its config from its supervisor')
      },
      reopenLogs: () => proxy.openLog.reopen(),
      // If somebody waits for the answer, the answer goes out first.
      ended: () => {
        if (this.#drainsAwaited === 0) void this.#end()
      },
    })
  }

  hear(verdicts: readonly ToldVerdict[]): void {
    for (const { verdict, isLogged } of verdicts) this.proxy.clusters.heard(verdict, isLogged)
  }

  /** Carries out the orders before it accepts any client. */
  async start(orders: readonly ControlCall[]): Promise<void> {
    try {
      for (const order of orders) await this.#order(order)
      await this.proxy.start()
      this.proxy.watch.start()
      this.proxy.watch.onTimer = (isLast) => this.#tellCounts(isLast)
      this.#own.tell({ kind: 'ready' })
    } catch (error) {
      if (!this.#isLeaving) fail(this.#own, error)
    } finally {
      this.#sockets.close()
    }
  }

  async leave(): Promise<void> {
    this.#isLeaving = true
    await this.#control.drain({ deadlineMs: this.proxy.config.timeouts.drainMs })
    await this.#end()
  }

  /** Its last records are in the log when it is gone. */
  async #end(): Promise<void> {
    await this.proxy.openLog.flush()
    this.#own.exit(0)
  }

  /** The answer to a drain of everything is the last one. */
  async answer({ id, call }: Question): Promise<void> {
    const isDrain = call.method === 'drain'
    if (isDrain) this.#drainsAwaited++
    const told = (): void => {
      if (!isDrain) return
      this.#drainsAwaited--
      if (this.proxy.state === 'stopped') void this.#end()
    }
    try {
      const value = await this.#act(call)
      if (isDrain) this.#own.tell({ kind: 'counts', counts: this.proxy.counts() })
      this.#own.tell({ kind: 'answer', id, value }, told)
    } catch (error) {
      this.#own.tell({ kind: 'answer', id, error: packError(error) }, told)
    }
  }

  #act(call: Call): Promise<unknown> {
    switch (call.method) {
      case 'findSession':
        return Promise.resolve(this.proxy.sessions.find(call.args[0])?.place)
      case 'prepare':
        return this.#inTurn(() => this.#prepare(heardConfig(call.args[0], this.proxy.config)))
      case 'pause':
        return Promise.resolve(this.proxy.acceptor.pause())
      case 'resume':
        return Promise.resolve(this.proxy.acceptor.resume())
      case 'leave':
        return Promise.resolve(this.proxy.acceptor.leaveAll())
      case 'take':
        return this.#take(call.args[0])
      case 'stopTaking':
        return Promise.resolve(this.proxy.handOver.stopTaking())
      case 'give':
        return this.proxy.handOver.give(call.args[0])
      case 'takeUp':
        return this.#inTurn(() => this.#finish((prepared) => prepared.takeUp()))
      case 'giveUp':
        return this.#inTurn(() => this.#finish((prepared) => prepared.giveUp()))
      default:
        return this.#order(call)
    }
  }

  /** The path, if other processes can give connections there from now on. */
  async #take(path: string): Promise<string | undefined> {
    return (await this.proxy.handOver.takeAt(path)) ? path : undefined
  }

  /** Closes the sockets that no listener uses. Otherwise clients would wait there for ever. */
  async #prepare(config: Config): Promise<void> {
    try {
      this.#prepared = await this.proxy.prepare(config)
    } finally {
      this.#sockets.close()
    }
  }

  /** What is counted after this is lost if the process is killed before the next report. */
  #tellCounts(isLast: boolean): void {
    const now = performance.now()
    if (!isLast && now - this.#toldCountsAt < TELL_COUNTS_AFTER_MS) return
    this.#toldCountsAt = now
    this.#own.tell({ kind: 'counts', counts: this.proxy.counts() })
  }

  async #order(call: ControlCall): Promise<unknown> {
    const method = this.#control[call.method] as (...args: readonly unknown[]) => Promise<unknown>
    try {
      return await method.apply(this.#control, call.args)
    } catch (error) {
      if (isUnknownName(error)) return call.method === 'drain' ? NOTHING_TO_DRAIN : undefined
      throw error
    }
  }

  /** If nothing could be prepared, there is nothing to finish. */
  async #finish(how: (prepared: Prepared) => void): Promise<void> {
    const prepared = this.#prepared
    this.#prepared = undefined
    if (prepared !== undefined) how(prepared)
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(task)
    this.#turn = done.catch(() => {})
    return done
  }
}

/**
 * The supervisor knows the name. So other workers have what it stands for, and this one never had it or no
 * longer has it.
 */
const isUnknownName = (error: unknown): boolean =>
  error instanceof MillraceError && error.code === 'unknown-name'

/** The supervisor logs the error if it is new. */
function fail(own: OwnProcess, error: unknown): void {
  own.tell({ kind: 'failed', error: packError(error) }, () => own.exit(1))
}

/** The supervisor is gone: clients get a reset, so they learn that they were cut. */
async function cut(own: OwnProcess, worker: Worker | undefined): Promise<void> {
  await worker?.proxy.stop()
  own.exit(1)
}
