/** The types of the library, as tsc checks them: what stands here compiles only if they are right. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { expect, expectTypeOf, it } from 'vitest'
import type {
  Abortable,
  DrainResult,
  LibraryDrainOrder,
  PipeEnd,
  PipeOptions,
  PipeRecord,
  Proxy,
  Reloaded,
  RunningPipe,
} from '../src/index.js'
import * as library from '../src/index.js'
import * as small from '../src/index-pipe.js'

it('the options of pipe have these types, and each may be undefined', () => {
  expectTypeOf<PipeOptions>().toEqualTypeOf<{
    readonly head?: Uint8Array | undefined
    readonly backendHead?: Uint8Array | undefined
    readonly splice?: 'auto' | 'on' | 'off' | undefined
    readonly halfClose?: 'propagate' | 'close' | undefined
    readonly idleTimeoutMs?: number | undefined
    readonly halfClosedTimeoutMs?: number | undefined
    readonly maxLifetimeMs?: number | undefined
    readonly signal?: AbortSignal | undefined
    readonly adopt?: boolean | undefined
  }>()
})

it('pipe takes sockets, other streams and Web streams, and returns a promise that can be closed', () => {
  expectTypeOf<[PipeEnd, PipeEnd, PipeOptions]>().toExtend<Parameters<typeof library.pipe>>()
  expectTypeOf(library.pipe).returns.toEqualTypeOf<RunningPipe>()
  expectTypeOf<Socket | Duplex>().toExtend<PipeEnd>()
  expectTypeOf<TransformStream<Uint8Array, Uint8Array>>().toExtend<PipeEnd>()
  expectTypeOf<TransformStream<string, Uint8Array>>().not.toExtend<Duplex>()
  expectTypeOf<RunningPipe>().toExtend<Promise<PipeRecord> & Disposable & AsyncDisposable>()
  expectTypeOf<PipeRecord['client']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<PipeRecord['backendAddress']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<PipeRecord['ended']['reason']>().toEqualTypeOf<unknown>()
})

it('a proxy takes signals, and is disposable', () => {
  expectTypeOf<Proxy>().toExtend<AsyncDisposable>()
  expectTypeOf<Proxy['start']>().toEqualTypeOf<(options?: Abortable) => Promise<void>>()
  expectTypeOf<Proxy['drain']>().toEqualTypeOf<(order?: LibraryDrainOrder) => Promise<DrainResult>>()
  expectTypeOf<Proxy['reload']>().returns.toEqualTypeOf<Promise<Reloaded>>()
  expectTypeOf<Abortable>().toEqualTypeOf<{ readonly signal?: AbortSignal | undefined }>()
})

it('millrace/pipe exports nothing that millrace does not, and the same things', () => {
  const entries: Record<string, unknown> = { ...library }
  for (const [name, value] of Object.entries(small)) expect(entries[name]).toBe(value)
  expect(Object.keys(small).sort()).toEqual(['MillraceError', 'pipe'])
})
