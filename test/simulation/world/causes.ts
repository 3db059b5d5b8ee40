/** Checks whether a record's cause is true. The world knows what the proxy cannot know. */
import type { Call } from './calls.js'
import type { Client } from './client.js'
import type { Behaviour, ServerSide } from './server.js'
import type { Done, Told, World } from './world.js'

interface Case extends Told {
  readonly world: World
  readonly client: Client
  /** The backends' ends that may belong to the client: exactly one, once that is known. */
  readonly backends: readonly ServerSide[]
}

type Judge = (story: Case) => boolean

/** An event may come so much later (ms) than what it reports. */
const SLACK_MS = 60
/** During the opening and the dial a client that has ended may count as gone. */
const hasLeft: Judge = ({ client }) => client.hasReset || client.hasClosed || client.hasEnded
const breaks = (side: ServerSide): boolean => side.hasReset || side.hasClosed
const hasBroken: Judge = ({ client }) => client.hasReset || client.hasClosed
const aBackend =
  (has: (side: ServerSide) => boolean): Judge =>
  ({ backends }) =>
    backends.some(has)
const serversDid =
  (...behaviours: readonly Behaviour[]): Judge =>
  ({ world }) =>
    world.servers.some(({ history }) => behaviours.some((each) => history.has(each)))
const was =
  (what: Done): Judge =>
  ({ world }) =>
    world.done.has(what)
const isLedTo =
  (cause: Call['leadsTo']): Judge =>
  ({ client }) =>
    client.leadsTo === cause
const lasted = (ms: number, { facts }: Case): boolean => ms > 0 && facts.totalMicros / 1000 >= ms

const TRUTH: Readonly<Record<string, Judge>> = {
  finished: (story) =>
    story.backends.some((side) => side.hasEnded && story.client.hasEnded) ||
    (isClosing(story) && (story.client.hasEnded || story.backends.some(({ hasEnded }) => hasEnded))),
  reset: (story) => (story.ending.by === 'client' ? hasBroken(story) : aBackend(breaks)(story)),
  'client-gone': hasLeft,
  'backend-gone': aBackend((side) => breaks(side) || side.hasEnded),
  'no-backend': (story) =>
    serversDid('refuses', 'is unreachable', 'resets')(story) ||
    was('drain')(story) ||
    aBackend(breaks)(story) ||
    (story.facts.cluster === 'resolved' && story.world.names.hasFailed) ||
    (story.facts.cluster === 'local' && serversDid('is silent', 'has no port for us')(story)),
  'connect-timeout': (story) => serversDid('is silent')(story) || areNamesSlow(story),
  'queue-timeout': (story) => lasted(queueOf(story)?.queueMs ?? 0, story),
  'queue-full': (story) => (queueOf(story)?.queueLength ?? 0) > 0,
  'out-of-resources': (story) => was('shortage')(story) || serversDid('has no port for us')(story),
  'idle-timeout': (story) => lasted(timeouts(story).idleMs, story),
  'half-closed-timeout': (story) =>
    lasted(timeouts(story).halfClosedMs, story) || (isClosing(story) && lasted(1, story)),
  lifetime: (story) => lasted(timeouts(story).lifetimeMs, story),
  ordered: was('stop'),
  drained: (story) => was('drain')(story) || was('reload')(story) || was('hold')(story),
  'first-bytes-timeout': isLate,
  'proxy-header': (story) => isLedTo('proxy-header')(story) || isLate(story),
  rejected: ({ world }) => world.limit?.options.answers.includes('refuse') === true,
  limit: ({ world }) => limitsOf(world).some(({ whenFull }) => whenFull === 'refuse'),
  'source-limit': ({ world }) => limitsOf(world).some(({ perSource }) => perSource !== undefined),
  'response-timeout': (story) => lasted(timeouts(story).responseMs, story),
  'bad-request': (story) =>
    isLedTo('bad-request')(story) || (story.client.leadArrivedAt === undefined && hasLeft(story)),
  'upgrade-required': isLedTo('upgrade-required'),
  'bad-start-up': isLedTo('bad-start-up'),
  'bad-hello': isLedTo('bad-hello'),
  'no-sni': isLedTo('no-sni'),
  'no-route': isLedTo('no-route'),
}

/** Why the cause of this record is not true. Undefined if it is true. */
export function whyUntrue(world: World, client: Client, told: Told): string | undefined {
  const backends = [...world.serverSides.values()].filter((side) =>
    client.other === undefined ? side.other === undefined : side === client.other,
  )
  const judge = TRUTH[told.ending.cause.split(':')[0]!]
  if (judge === undefined) return 'it never should be'
  return judge({ ...told, world, client, backends })
    ? undefined
    : `it is not so: ${tell(client)}, ${backends.map(tell).join(', ')}`
}

const areNamesSlow = (story: Case): boolean =>
  story.facts.cluster === 'resolved' && story.world.names.slowestMs > timeouts(story).connectMs - SLACK_MS
const limitsOf = ({ setting }: World) => setting.configs.flatMap(({ limits }) => limits ?? [])
const queueOf = ({ world, facts }: Case) => world.setting.configs[0]!.clusters[facts.cluster!]?.limits
const timeouts = ({ world }: Case) => world.setting.configs[0]!.timeouts
const isClosing = ({ world, facts }: Case): boolean => closesBothWays(world, facts.cluster)

/** Whether an end of one side ends both sides in this cluster. */
export const closesBothWays = ({ setting }: World, cluster: string | undefined): boolean =>
  cluster === 'forwarded' ||
  (cluster !== undefined && setting.configs[0]!.clusters[cluster]!.halfClose === 'close')

/**
 * Whether the first bytes came too late. Bytes behind an urgent byte cannot be looked at before the bytes in front of it
 * are taken. A client that speaks HTTP gets its answer before the record is written.
 */
function isLate({ client, at, facts, world }: Case): boolean {
  if (client.leadArrivedAt === undefined || client.hasSaidUrgent) return true
  const { headBytes, isPassed } = client.beginsWith
  const isAnswered = headBytes !== undefined || isPassed === true
  const deadline = isAnswered ? facts.acceptedAt + world.setting.configs[0]!.timeouts.firstBytesMs : at
  return deadline - client.leadArrivedAt < SLACK_MS
}

function tell(peer: Client | ServerSide): string {
  const flags = ['hasEnded', 'hasReset', 'hasClosed', 'sawEnd', 'sawReset'] as const
  return `${peer.name} ${flags.filter((flag) => peer[flag]).join(' ')}`
}
