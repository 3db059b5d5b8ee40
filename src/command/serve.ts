/**
 * A proxy as a process. It serves until it is told to end, or until another process takes its place. It takes orders from signals
 * and on its admin addresses.
 */

import type { ChangingConfig } from '../config/changes/changing-config.js'
import { USUAL_SOURCES } from '../config/constants.js'
import type { Config } from '../config/schema.js'
import { workerCount } from '../config/worker-count.js'
import type { Control } from '../control/control.js'
import { MillraceError } from '../errors.js'
import { counted } from '../figures.js'
import { createEngine } from '../io/choose-engine.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { OwnCountsTable } from '../limits/counts/own-counts.js'
import { announceMostConnections, announceUnusedSockets } from '../observe/log/announcements.js'
import { type Log, type OpenLog, openLog } from '../observe/log/log.js'
import type { ProxyStatus } from '../observe/status.js'
import { tellAside } from '../proxy/generations/run-time-changes.js'
import type { Surroundings } from '../proxy/proxy-control.js'
import { ownMost } from '../proxy/reporting/process-status.js'
import { type ServiceEnvironment, variablesFor } from '../service/environment.js'
import { openReports } from '../service/reports.js'
import type { Signals } from '../signals.js'
import { callOn, forwarding, RoutedControl } from '../upgrade/forwarding.js'
import { socketsFor, socketsOf } from '../upgrade/inheritance.js'
import { takeUpOptions } from '../upgrade/listening-options.js'
import { giveConnections, takeConnections } from '../upgrade/live-connections.js'
import type { Begin } from '../upgrade/messages.js'
import { removePidFile, writePidFile } from '../upgrade/pid-file.js'
import type { Predecessor } from '../upgrade/predecessor.js'
import type { Succession } from '../upgrade/succession.js'
import { startSuccessor } from '../upgrade/successor-process.js'
import { Upgrade } from '../upgrade/upgrade.js'
import { AdminAddresses } from './admin-addresses.js'

export interface ServeOptions {
  readonly changing: ChangingConfig
  readonly signals: Signals
  readonly environment: ServiceEnvironment
  /** Undefined: none is written. */
  readonly pidFile: string | undefined
  /** The process whose place this one takes. Undefined: there is none. */
  readonly predecessor: Predecessor | undefined
}

/**
 * Resolves when the proxy serves, or when a signal ended it before that. Rejects with `listen-failed`.
 */
export async function serveConfig(options: ServeOptions): Promise<void> {
  const { changing, signals, environment, pidFile, predecessor } = options
  const { config } = changing
  const opened = openLog(config.log)
  const { log } = opened
  tellChanges(changing, log)
  const reports = openReports(environment, log)
  const admin = new AdminAddresses(config.admin, log)
  const surroundings: Surroundings = {
    load: () => changing.load(),
    changing,
    reopenLogs: () => opened.reopen(),
    reloading: (ended) => reports.reloading(ended),
    stopping: () => reports.stopping(),
    upgrade: () => upgrade.run(),
    ended: () => void end(upgrade, admin, opened),
  }
  const begin = await predecessor?.begun.reached
  const served =
    workerCount(config) > 1
      ? await supervise(config, opened, surroundings, begin)
      : await serveAlone(config, opened, surroundings, begin)
  const control = withUpgrades(served.control, predecessor, {
    isRunning: () => upgrade.isRunning,
    isStarting: () => upgrade.isStarting,
    drainMs: () => succession.config.timeouts.drainMs,
    refused: () => reports.reloading(Promise.resolve()),
  })
  const succession: Succession = served.succession(control)
  const routed = new RoutedControl(control)
  const upgrade: Upgrade = new Upgrade({
    succession,
    routed,
    admin,
    changes: () => changing.list,
    start: (fds, hooks) => startSuccessor(fds, hooks, variablesFor(environment)),
    predecessorGone: () => (predecessor?.isThere ? predecessor.gone.reached : undefined),
    serves: (pid) => reports.replaced(pid),
    end: (pid) => void process.kill(pid, 'SIGTERM'),
    handOver: (paths) => giveConnections(succession, paths),
  })
  const orders = heedSignals(signals, control, log, upgrade, served.cut)
  try {
    await served.start()
    if (predecessor !== undefined) await admin.load()
    await predecessor?.takeOver(succession)
  } catch (error) {
    if (!orders.isDraining) throw error
  }
  if (orders.isDraining) return await predecessor?.fail(toldToEnd())
  await admin.open(routed.control, begin?.admin)
  takeUpOptions(begin, succession)
  if (predecessor !== undefined) await succession.resume()
  const since = Date.now()
  announceMostConnections(log, ownMost(config), workerCount(config))
  announceUnusedSockets(log, activatedSockets.unused)
  if (pidFile !== undefined) keepPidFile(pidFile, predecessor && log)
  changing.save()
  orders.started()
  await predecessor?.serves(await takeConnections(succession, predecessor.gone.reached), since)
  admin.leaveOthers(begin?.admin ?? [])
  reports.ready({ answers: served.answers, describe: async () => describe(await control.status()) })
}

/** Ends the process. Its log has every line. */
async function end(upgrade: Upgrade, admin: AdminAddresses, log: OpenLog): Promise<void> {
  const ended = upgrade.finish().then(() => admin.close())
  await ended.then(() => log.flush()).finally(() => process.exit(0))
}

/** What is wrong with changes at run time, now and later. */
function tellChanges(changing: ServeOptions['changing'], log: Log): void {
  tellAside(log, changing.aside)
  changing.onUnsaved = (err) => log.error({ err }, 'the state file does not have the present changes')
  const { stateProblem: reason } = changing
  if (reason !== undefined) log.error({ reason }, 'no changes at run time come from the state file')
}

/** For people who ask the service manager how the service is. */
const describe = ({ state, connections: { active } }: ProxyStatus): string =>
  `${state}, ${counted(active, 'connection')}`

/** Written when this process serves, and removed at its end. `log`: clients are here already, so a failure is only logged. */
function keepPidFile(path: string, log: Log | undefined): void {
  try {
    writePidFile(path)
  } catch (err) {
    if (log === undefined) throw err
    log.error({ err }, 'the pid file does not name the process that serves')
  }
  process.once('exit', () => removePidFile(path))
}

/** It has what is left of the predecessor. A process that is about to be replaced changes its config no more. */
function withUpgrades(
  own: Control,
  predecessor: Predecessor | undefined,
  upgrade: { isRunning(): boolean; isStarting(): boolean; drainMs(): number; refused(): void },
): Control {
  const control = predecessor?.beside(own, upgrade.drainMs) ?? own
  const checkNoUpgrade = (): void => {
    if (upgrade.isRunning())
      throw new MillraceError('wrong-state', 'an upgrade runs: the new process reads the config by itself')
  }
  // The new process inherits the sockets of the listeners that were open when it was started.
  const checkListenersStay = (): void => {
    if (upgrade.isStarting())
      throw new MillraceError(
        'wrong-state',
        'an upgrade runs: give the order to the new process once it serves',
      )
  }
  return forwarding((method, args) => callOn(control, method, args), {
    drain: async (order) => {
      if (order.listener !== undefined) checkListenersStay()
      return await control.drain(order)
    },
    changeListener: async (listener, change) => {
      checkListenersStay()
      return await control.changeListener(listener, change)
    },
    reload: async () => {
      // The service manager may have asked for it. It waits until it hears of an end.
      if (upgrade.isRunning()) upgrade.refused()
      checkNoUpgrade()
      return await control.reload()
    },
    change: async (order) => {
      checkNoUpgrade()
      return await control.change(order)
    },
  })
}

const toldToEnd = () => new MillraceError('wrong-state', 'the new process was told to end')

interface Served {
  readonly control: Control
  /** `control`: what an upgrade asks. */
  succession(control: Control): Succession
  start(): Promise<void>
  /** Ends all connections now. */
  cut(): void
  /** Whether every process that serves answers. */
  answers(): Promise<boolean>
}

/** A process that takes the place of another one counts as two do: the connections of both have places in limits. */
async function serveAlone(
  config: Config,
  openLog: OpenLog,
  surroundings: Surroundings,
  begin: Begin | undefined,
): Promise<Served> {
  const [{ RunningProxy }, { ProxyControl }, { AloneSuccession }] = await Promise.all([
    import('../proxy/running-proxy.js'),
    import('../proxy/proxy-control.js'),
    import('../upgrade/alone.js'),
  ])
  const inherited = begin && socketsFor(config.listeners, begin)
  const sources = config.limits?.sources ?? USUAL_SOURCES
  const table = inherited && new OwnCountsTable({ sources, processes: 2 })
  const shared = inherited && { engine: createEngine(inherited), counts: table!.view(0) }
  const proxy = new RunningProxy(config, { openLog, ...shared })
  return {
    control: new ProxyControl(proxy, surroundings),
    succession: (control) => new AloneSuccession(proxy, control, table?.view(1)),
    start: async () => {
      if (begin !== undefined) {
        proxy.acceptor.pause()
        for (const name of begin.drained) proxy.generations.drain(name)
      }
      await proxy.start()
      inherited?.close()
      proxy.watch.start()
    },
    cut: () => void proxy.stop(),
    answers: async () => true,
  }
}

/** If the supervisor exits before its workers, they notice it and end their connections. */
async function supervise(
  config: Config,
  openLog: OpenLog,
  surroundings: Surroundings,
  begin: Begin | undefined,
): Promise<Served> {
  const [{ Supervisor }, { WorkersControl }, { WorkersSuccession }] = await Promise.all([
    import('../workers/supervisor.js'),
    import('../workers/workers-control.js'),
    import('../upgrade/several.js'),
  ])
  const inherited = begin && socketsOf(begin)
  const supervisor = new Supervisor(config, openLog, surroundings, inherited && { inherited })
  supervisor.desired.isPaused = begin !== undefined
  for (const listener of begin?.drained ?? []) supervisor.desired.orders.drain({ listener })
  return {
    control: new WorkersControl(supervisor),
    succession: (control) => new WorkersSuccession(supervisor, control),
    start: () => supervisor.start(),
    cut: () => {},
    answers: () => supervisor.serving.answers(),
  }
}

interface Orders {
  readonly isDraining: boolean
  /** The proxy serves now: a reload that was asked for before takes place. */
  started(): void
}

/**
 * SIGTERM and SIGINT drain and exit with 0. The second one exits at once. SIGHUP reloads, once the proxy
 * serves. SIGUSR2 opens the log files again, as logrotate needs it. A reload or a reopening that fails is
 * logged elsewhere. `cut` ends all connections.
 */
function heedSignals(
  signals: Signals,
  control: Control,
  log: Log,
  upgrade: Pick<Upgrade, 'abort'>,
  cut: () => void,
): Orders {
  let isDraining = false
  let started = (): void => {}
  const serving = new Promise<void>((resolve) => {
    started = resolve
  })
  const stop = (): void => {
    upgrade.abort()
    if (isDraining) {
      cut()
      process.exit(1)
    }
    isDraining = true
    control.end().catch((err: unknown) => log.error({ err }, 'the drain failed'))
  }
  signals.heed((signal) => {
    if (signal === 'SIGHUP') void serving.then(() => control.reload()).catch(() => {})
    else if (signal === 'SIGUSR2') void control.reopenLogs().catch(() => {})
    else stop()
  })
  return {
    get isDraining() {
      return isDraining
    },
    started: () => started(),
  }
}
