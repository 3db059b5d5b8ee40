/**
 * A proxy as a process. It serves until it is told to end. It takes orders from signals and on its admin
 * address.
 */
import { defaultAdminAddress } from '../admin/default-address.js'
import type { AdminServer } from '../admin/server.js'
import type { Config } from '../config/schema.js'
import type { AdminConfig } from '../config/schemas/admin-schema.js'
import { workerCount } from '../config/worker-count.js'
import type { Control } from '../control/control.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { announceMostConnections, announceUnusedSockets } from '../observe/log/announcements.js'
import { type Log, type OpenLog, openLog } from '../observe/log/log.js'
import type { ProxyStatus } from '../observe/status.js'
import type { Surroundings } from '../proxy/proxy-control.js'
import { ownMost } from '../proxy/reporting/process-status.js'
import type { ServiceEnvironment } from '../service/environment.js'
import { openReports } from '../service/reports.js'
import type { Signals } from '../signals.js'

const NO_ADMIN = 'no admin socket: set "admin" to an address, or to false'

/**
 * Resolves when the proxy serves, or when a signal ended it before that. Rejects with `listen-failed`. `load`
 * reads the config again, for a reload.
 */
export async function serveConfig(
  config: Config,
  load: () => Config,
  signals: Signals,
  environment: ServiceEnvironment,
): Promise<void> {
  const opened = openLog(config.log)
  const { log } = opened
  const reports = openReports(environment, log)
  let admin: Promise<AdminServer | undefined> = Promise.resolve(undefined)
  const surroundings: Surroundings = {
    load,
    reopenLogs: () => opened.reopen(),
    reloading: (ended) => reports.reloading(ended),
    stopping: () => reports.stopping(),
    ended: () => void admin.then((server) => server?.stop()).finally(() => process.exit(0)),
  }
  const { control, start, cut, answers } =
    workerCount(config) > 1
      ? await supervise(config, opened, surroundings)
      : await serveAlone(config, opened, surroundings)
  const orders = heedSignals(signals, control, cut, log)
  try {
    await start()
  } catch (error) {
    if (!orders.isDraining) throw error
  }
  if (orders.isDraining) return
  orders.started()
  announceMostConnections(log, ownMost(config), workerCount(config))
  admin = openAdmin(control, config.admin, log)
  await admin
  announceUnusedSockets(log, activatedSockets.unused)
  reports.ready({ answers, describe: async () => describe(await control.status()) })
}

/** For people who ask the service manager how the service is. */
const describe = ({ state, connections: { active } }: ProxyStatus): string =>
  `${state}, ${active} connections`

/** Opens the admin address. An address that the config does not ask for may fail to open. */
async function openAdmin(
  control: Control,
  asked: Config['admin'],
  log: Log,
): Promise<AdminServer | undefined> {
  const config = asked ?? defaultAdmin()
  if (config === false) return undefined
  if (typeof config === 'string') {
    log.warn({ reason: config }, NO_ADMIN)
    return undefined
  }
  const [{ AdminServer }, { renderMetrics }] = await Promise.all([
    import('../admin/server.js'),
    import('../observe/metrics/metrics.js'),
  ])
  const admin = new AdminServer({ control, config, renderMetrics, log })
  try {
    await admin.start()
    return admin
  } catch (err) {
    if (asked !== undefined) throw err
    log.warn({ err }, NO_ADMIN)
    return undefined
  }
}

/** The default admin address, or the reason why there is none. */
function defaultAdmin(): AdminConfig | string {
  const address = defaultAdminAddress(process.env)
  return typeof address === 'string' ? address : { address, token: undefined, hosts: [], readOnly: false }
}

interface Served {
  readonly control: Control
  start(): Promise<void>
  /** Ends all connections now. */
  cut(): void
  /** Whether every process that serves answers. */
  answers(): Promise<boolean>
}

async function serveAlone(config: Config, openLog: OpenLog, surroundings: Surroundings): Promise<Served> {
  const [{ RunningProxy }, { ProxyControl }] = await Promise.all([
    import('../proxy/running-proxy.js'),
    import('../proxy/proxy-control.js'),
  ])
  const proxy = new RunningProxy(config, { openLog })
  return {
    control: new ProxyControl(proxy, surroundings),
    start: async () => {
      await proxy.start()
      proxy.watch.start()
    },
    cut: () => void proxy.stop(),
    answers: async () => true,
  }
}

/** If the supervisor exits before its workers, they notice it and end their connections. */
async function supervise(config: Config, openLog: OpenLog, surroundings: Surroundings): Promise<Served> {
  const [{ Supervisor }, { WorkersControl }] = await Promise.all([
    import('../workers/supervisor.js'),
    import('../workers/workers-control.js'),
  ])
  const supervisor = new Supervisor(config, openLog, surroundings)
  return {
    control: new WorkersControl(supervisor),
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
 * logged elsewhere.
 */
function heedSignals(signals: Signals, control: Control, cut: () => void, log: Log): Orders {
  let isDraining = false
  let started = (): void => {}
  const serving = new Promise<void>((resolve) => {
    started = resolve
  })
  const stop = (): void => {
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
