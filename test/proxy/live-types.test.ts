/** The types of what a program sees and does while its proxy runs. The compiler is the test. */
import { expectTypeOf, it } from 'vitest'
import type {
  BackendDown,
  BackendInput,
  BackendNews,
  Changed,
  ClusterHandle,
  ConnectionInfo,
  ConnectionLimit,
  ConnectionRecord,
  ListenerInput,
  LiveConnection,
  OpenListener,
  PipeTotals,
  Proxy,
  ProxyEventListener,
  ProxyEventMap,
  ProxyEventName,
  RateOrder,
  RecordReader,
  RecordsOptions,
  RemoveOptions,
} from '../../src/index.js'

it('a live connection has exactly these members', () => {
  expectTypeOf<LiveConnection>().toEqualTypeOf<{
    readonly id: string
    readonly isOpen: boolean
    facts(): ConnectionInfo | undefined
    totals(): PipeTotals
    limit(order: ConnectionLimit): boolean
    end(): boolean
    kill(): boolean
  }>()
  expectTypeOf<ConnectionLimit>().toEqualTypeOf<{ readonly bytesPerSecond: number | RateOrder }>()
  expectTypeOf<Proxy['connections']>().toEqualTypeOf<() => Iterable<LiveConnection>>()
})

it('each event has its own type, and on returns the proxy', () => {
  expectTypeOf<ProxyEventMap>().toEqualTypeOf<{
    readonly connection: LiveConnection
    readonly record: ConnectionRecord
    readonly backendDown: BackendDown
    readonly backendUp: BackendNews
  }>()
  expectTypeOf<ProxyEventName>().toEqualTypeOf<keyof ProxyEventMap>()
  expectTypeOf<BackendDown>().toExtend<BackendNews & { readonly restMs: number }>()
  type On = <Name extends ProxyEventName>(name: Name, listener: ProxyEventListener<Name>) => Proxy
  expectTypeOf<Proxy['on']>().toEqualTypeOf<On>()
  expectTypeOf<Proxy['once']>().toEqualTypeOf<On>()
  expectTypeOf<Proxy['off']>().toEqualTypeOf<On>()
  const listen = (proxy: Proxy) =>
    proxy.on('record', (record) => expectTypeOf(record).toEqualTypeOf<ConnectionRecord>())
  expectTypeOf(listen).returns.toEqualTypeOf<Proxy>()
})

it('records are read in a loop', () => {
  expectTypeOf<Proxy['records']>().toEqualTypeOf<(options?: RecordsOptions) => RecordReader>()
  expectTypeOf<RecordsOptions>().toEqualTypeOf<{ readonly most?: number | undefined }>()
  expectTypeOf<RecordReader>().toExtend<AsyncIterable<ConnectionRecord> & { readonly missed: number }>()
  expectTypeOf<ConnectionRecord['ended']['cause']>().toExtend<string>()
  expectTypeOf<ConnectionRecord['termination']>().toEqualTypeOf<string>()
})

it('listeners and backends come and go while the proxy runs', () => {
  expectTypeOf<Proxy['listen']>().toEqualTypeOf<(listener: ListenerInput) => Promise<OpenListener>>()
  expectTypeOf<OpenListener>().toEqualTypeOf<{
    readonly name: string
    readonly address: string
    close(): Promise<boolean>
  }>()
  expectTypeOf<Proxy['cluster']>().toEqualTypeOf<(name: string) => ClusterHandle>()
  expectTypeOf<ClusterHandle>().toEqualTypeOf<{
    add(backend: string | BackendInput): Promise<Changed>
    remove(address: string, options?: RemoveOptions): Promise<Changed>
  }>()
  expectTypeOf<RemoveOptions>().toEqualTypeOf<{ readonly end?: boolean | undefined }>()
})
