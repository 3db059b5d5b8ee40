/** The public API of the library: re-exports only. */
export type { Abortable } from './abort.js'
export type { Address, TcpAddress, UnixAddress } from './address.js'
export type {
  BackendTlsInput,
  ClusterSocketInput,
  ClusterTimeoutsInput,
  CommonSocketInput,
  ConnectionTimeoutsInput,
  Duration,
  ListenerSocketInput,
  ListenerTimeoutsInput,
  ProxyTlv,
  SendProxyInput,
  Size,
  StartTls,
  ViaInput,
} from './config/common-input.js'
export type {
  AgentInput,
  CheckInput,
  HealthInput,
  HttpCheckInput,
  ScriptStepInput,
} from './config/health-input.js'
export type {
  ClusterInput,
  HashInput,
  NamesInput,
  ProxyConfig,
  TimeoutsInput,
} from './config/input.js'
export type {
  AcceptProxyInput,
  ClientFromInput,
  ForwardedMode,
  KeyPairInput,
  ListenerInput,
  RedirectInput,
  RouteInput,
  RouteMapInput,
  TlsInput,
  TlsVersion,
} from './config/listener-input.js'
export type { AdminInput } from './config/schemas/admin-schema.js'
export type { AddressInput, BackendInput, ServiceInput } from './config/schemas/backends-schema.js'
export type { AccessInput, LogInput } from './config/schemas/log-schema.js'
export type { ExpectInput, TestInput } from './config/tests-input.js'
export type {
  BanInfo,
  BanList,
  Banned,
  Changed,
  ChangesAtReload,
  ConnectionInfo,
  DirectionInfo,
  DrainResult,
  Held,
  Released,
  Reloaded,
  SourceInfo,
  SourceList,
  Unbanned,
} from './control/answers.js'
export type {
  BanOrder,
  BanQuery,
  DrainOptions,
  DrainOrder,
  HoldOrder,
  RateOrder,
  SourceQuery,
  UnbanOrder,
} from './control/orders.js'
export type { SpliceMode } from './defaults.js'
export { type ErrorCode, type ErrorSource, MillraceError, type Problem } from './errors.js'
export type { NotSplicing } from './io/not-splicing.js'
export type { WebReader, WebStreams, WebWriter } from './io/streams/web-duplex.js'
export type { Logger } from './observe/log/borrowed-log.js'
export type { LogLine } from './observe/log/log.js'
export type { ConnectionRecord } from './observe/records/record.js'
export type { ProxyStatus } from './observe/status.js'
export type { ClientHello } from './peek/client-hello.js'
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
export type { StartUp } from './postgres/start-up.js'
export type {
  BackendDown,
  BackendNews,
  ProxyEventListener,
  ProxyEventMap,
  ProxyEventName,
  RecordReader,
  RecordsOptions,
} from './proxy/events/event-types.js'
export type { ClusterHandle, OpenListener, RemoveOptions } from './proxy/library-handles.js'
export { createProxy } from './proxy/library-proxy.js'
export type { ConnectionLimit, LiveConnection } from './proxy/live-connection.js'
export type { LibraryDrainOrder, Proxy, ProxyOptions } from './proxy/proxy.js'
export type { ProxyHeader, ProxySsl, Tlv } from './proxy-protocol/header.js'
export { formatAddress, parseAddress } from './public-address.js'
export type {
  Destined,
  DestinedBackend,
  DestinedLimits,
  DestinedTls,
  Rejection,
  RejectOptions,
  RequestFacts,
  RouteDecision,
  RouteFunction,
  TlsFacts,
  Visitor,
} from './route/visitor.js'
export { connectServer } from './servers/connect-server.js'
export type {
  Allowance,
  AskedConnection,
  ForwardRecord,
  ForwardServer,
  ForwardServerOptions,
  GivenCredentials,
} from './servers/options.js'
export type { Outcome } from './servers/outcome.js'
export { socksServer } from './servers/socks-server.js'
export { upgradeHandler } from './servers/upgrade-handler.js'
export type {
  UpgradeHandler,
  UpgradeOptions,
  UpgradeRecord,
  UpgradeRoute,
  UpgradingClient,
} from './servers/upgrade-options.js'
