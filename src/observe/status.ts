/**
 * The types of `status()`: facts and figures of one moment, as plain data. They follow from the description
 * in src/status/.
 */
import type { NotSplicing } from '../io/not-splicing.js'
import type { BACKEND, CLUSTER } from '../status/cluster.js'
import type { CONNECTIONS, TRAFFIC } from '../status/common.js'
import type { RECORDS, SYSLOG } from '../status/data-path.js'
import type { Told } from '../status/fields.js'
import type { DENIED, ENDING, LISTENER, NOT_SPLICED, PIPE_ERROR } from '../status/listener.js'
import type { DRAIN, PROCESS, STATUS } from '../status/status.js'

export type { HistogramStatus } from '../status/fields.js'

/** Bytes so far, with those of running connections. Up is client to backend. */
export type Traffic = Told<typeof TRAFFIC>
export type ConnectionTotals = Told<typeof CONNECTIONS> & Traffic
/** How often connections ended in one way. */
export type EndingCount = Told<typeof ENDING>
/** Ended connections that copied bytes that they might have spliced. */
export type NotSplicedCount = Told<typeof NOT_SPLICED>
/** How many clients were turned away on purpose, for one reason. */
export type DeniedCount = Told<typeof DENIED>
/** How often the connection to this side broke while bytes moved. */
export type PipeErrorCount = Told<typeof PIPE_ERROR>
export type ListenerReport = Told<typeof LISTENER>
export type BackendReport = Told<typeof BACKEND>
export type ClusterReport = Told<typeof CLUSTER>
/** Records (access log) so far. */
export type RecordCounts = Told<typeof RECORDS>
/** Messages to syslog so far. */
export type SyslogCounts = Told<typeof SYSLOG>
export type ProcessStatus = Told<typeof PROCESS>
/** A drain that runs. */
export type DrainStatus = Told<typeof DRAIN>
/** One of `listener`, `cluster`, and `cluster` with `backend`. None: everything. */
export type DrainScope = DrainStatus['scope']

export interface ProxyStatus extends Told<typeof STATUS> {
  /** Why this process does not splice. Undefined: it splices. */
  readonly notSplicing: NotSplicing | undefined
}
