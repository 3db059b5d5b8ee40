/**
 * What the admin addresses of a process tell. Each answer is made for all who ask in the same moment, at whatever address. So
 * what callers cost is bounded.
 */
import type { ConnectionList } from '../control/answers.js'
import type { Control } from '../control/control.js'
import type { ConnectionQuery } from '../control/orders.js'
import { jsonText } from '../escape.js'
import type { ProxyStatus } from '../observe/status.js'
import { History } from './history.js'
import { Snapshot, Snapshots } from './snapshot.js'

/** ms. An answer is at most this old. */
const LASTS_MS = 250

export class Told {
  readonly control: Control
  readonly status: Snapshot<ProxyStatus>
  /** The status in the text format of Prometheus. */
  readonly metrics: Snapshot<string>
  /** The status as JSON, without addresses of clients. Strangers may ask for it, so its text is made once, too. */
  readonly observed: Snapshot<Buffer>
  readonly connections: Snapshots<ConnectionQuery, ConnectionList>
  readonly history: History

  constructor(control: Control, renderMetrics: (status: ProxyStatus) => string) {
    this.control = control
    // Not the status of the callers: it would be as old as the last sample for the first of them.
    this.history = new History(() => control.status())
    this.status = new Snapshot(LASTS_MS, () => control.status())
    this.metrics = new Snapshot(LASTS_MS, async () => renderMetrics(await this.status.get()))
    this.observed = new Snapshot(LASTS_MS, async () =>
      Buffer.from(jsonText({ ...(await this.status.get()), topBans: [] })),
    )
    this.connections = new Snapshots(LASTS_MS, (query) => control.connections(query))
  }

  /** The next answer has to show a change. */
  forget(): void {
    for (const each of [this.status, this.metrics, this.observed, this.connections]) each.forget()
  }
}
