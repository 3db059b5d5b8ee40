/** The public API of `millrace/faults`: re-exports only. It loads nothing else of millrace. */
export { MillraceError } from '../errors.js'
export type {
  After,
  AfterBytes,
  AfterTime,
  Close,
  Delay,
  Direction,
  Fault,
  FaultFunction,
  FaultKind,
  FaultyConnection,
  HalfClose,
  Hang,
  Join,
  Refuse,
  Reset,
  Split,
  Throttle,
} from './fault.js'
export { faultyProxy } from './faulty-proxy.js'
export type { Faults, FaultyProxy, FaultyProxyOptions } from './options.js'
