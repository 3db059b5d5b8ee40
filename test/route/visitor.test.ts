/** The types of route functions: what they are given, and every part of what they may return. The compiler is the test. */
import { expectTypeOf, it } from 'vitest'
import type {
  Address,
  BackendTlsInput,
  ClientHello,
  ConnectionTimeoutsInput,
  Destined,
  DestinedBackend,
  DestinedLimits,
  Duration,
  ListenerInput,
  ProxyHeader,
  Rejection,
  RejectOptions,
  RequestFacts,
  RouteDecision,
  RouteFunction,
  SendProxyInput,
  Size,
  StartTls,
  StartUp,
  TlsFacts,
  ViaInput,
  Visitor,
} from '../../src/index.js'

type Without<Value> = Exclude<Value, undefined>

it('a visitor has exactly these members', () => {
  expectTypeOf<Visitor>().toEqualTypeOf<{
    readonly client: Address | undefined
    readonly listener: string
    readonly proxyHeader: ProxyHeader | undefined
    readonly tls: TlsFacts | undefined
    readonly request: RequestFacts | undefined
    readonly startUp: StartUp | undefined
    readonly signal: AbortSignal
    clientHello(): Promise<ClientHello | undefined>
    peek(bytes: number): Promise<Buffer>
    take(bytes: number): Promise<Buffer>
    write(bytes: Uint8Array): Promise<void>
    reject(reason?: string, options?: RejectOptions): Rejection
  }>()
  expectTypeOf<RejectOptions>().toEqualTypeOf<{ readonly answer?: Uint8Array | undefined }>()
})

it('a decision has exactly these parts', () => {
  expectTypeOf<Destined>().toEqualTypeOf<{
    readonly isRejected?: undefined
    readonly cluster?: string | undefined
    readonly backend?: string | DestinedBackend | undefined
    readonly tags?: Readonly<Record<string, string | undefined>> | undefined
    readonly limits?: DestinedLimits | undefined
    readonly key?: string | undefined
    readonly timeouts?: ConnectionTimeoutsInput | undefined
  }>()
  type Timeout = 'connectMs' | 'responseMs' | 'idleMs' | 'halfClosedMs' | 'lifetimeMs'
  expectTypeOf<keyof ConnectionTimeoutsInput>().toEqualTypeOf<Timeout>()
  expectTypeOf<ConnectionTimeoutsInput[Timeout]>().toEqualTypeOf<Duration | undefined>()
})

it('a backend of a decision has exactly these parts, and only its address is required', () => {
  expectTypeOf<DestinedBackend>().toEqualTypeOf<{
    readonly address: string
    readonly tls?: BackendTlsInput | undefined
    readonly startTls?: StartTls | undefined
    readonly sendProxy?: 'v1' | 'v2' | SendProxyInput | undefined
    readonly via?: string | Omit<ViaInput, 'passwordFile'> | undefined
  }>()
  type Via = Extract<Without<DestinedBackend['via']>, object>
  expectTypeOf<keyof Via>().toEqualTypeOf<'socks5' | 'http' | 'user' | 'password'>()
  type Tls = Without<DestinedBackend['tls']>
  expectTypeOf<keyof Tls>().toEqualTypeOf<'serverName' | 'ca' | 'verify' | 'alpn' | 'cert' | 'key'>()
})

it('limits of a decision have exactly these parts', () => {
  expectTypeOf<keyof DestinedLimits>().toEqualTypeOf<'maxConnections' | 'bytesPerSecond' | 'maxBytes'>()
  expectTypeOf<DestinedLimits['maxConnections']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<DestinedLimits['maxBytes']>().toEqualTypeOf<Size | undefined>()
  expectTypeOf<Without<DestinedLimits['bytesPerSecond']>>().toEqualTypeOf<
    Size | { readonly up?: Size | undefined; readonly down?: Size | undefined }
  >()
})

it('a route function answers at once or later, with a name, a decision, a rejection or nothing', () => {
  expectTypeOf<RouteDecision>().toEqualTypeOf<string | Rejection | Destined | undefined>()
  expectTypeOf<RouteFunction>().toEqualTypeOf<(visitor: Visitor) => RouteDecision | Promise<RouteDecision>>()
  expectTypeOf<Without<ListenerInput['route']>>().toEqualTypeOf<RouteFunction>()
  expectTypeOf<() => Promise<{ backend: string }>>().toExtend<RouteFunction>()
  expectTypeOf<() => Promise<void>>().not.toExtend<RouteFunction>()
  expectTypeOf<() => null>().not.toExtend<RouteFunction>()
  expectTypeOf<() => { clutser: string }>().not.toExtend<RouteFunction>()
  expectTypeOf<() => { backend: { port: number } }>().not.toExtend<RouteFunction>()
  expectTypeOf<() => { timeouts: { drainMs: number } }>().not.toExtend<RouteFunction>()
})
