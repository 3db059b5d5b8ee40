/** The front door: re-exports only. */
export { type Address, formatAddress, parseAddress, type TcpAddress, type UnixAddress } from './address.js'
export type {
  BackendInput,
  ClusterInput,
  Duration,
  ListenerInput,
  LogInput,
  ProxyConfig,
  Size,
  TimeoutsInput,
} from './config/schema.js'
export { type ErrorCode, type ErrorSource, MillraceError, type Problem } from './errors.js'
export type { NotSplicing } from './io/engine.js'
export type { Log } from './observe/log.js'
export type { ProxyStatus } from './observe/status.js'
export { type PipeOptions, type PipeRecord, pipe, type RunningPipe } from './pipe/join.js'
export type {
  PipeCause,
  PipeEnding,
  PipeSettings,
  PipeTimeouts,
  PipeTotals,
  SpliceMode,
} from './pipe/options.js'
export { createProxy, type DrainOptions, type DrainResult, type Proxy, type ProxyOptions } from './proxy.js'
