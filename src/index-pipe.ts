/** The public API of `millrace/pipe`: what `pipe` needs, and nothing of a proxy. Re-exports only. */
export { type ErrorCode, type ErrorSource, MillraceError, type Problem } from './errors.js'
export type { NotSplicing } from './io/not-splicing.js'
export type { WebReader, WebStreams, WebWriter } from './io/streams/web-duplex.js'
export { type PipeEnd, pipe, type RunningPipe } from './pipe/join.js'
export type {
  PipeCause,
  PipeEnded,
  PipeEnding,
  PipeOptions,
  PipeRecord,
  PipeSettings,
  PipeTimeouts,
  PipeTotals,
} from './pipe/options.js'
