/**
 * A cluster that dials the servers that its clients ask for, as a config says it: where their names come from, and which are
 * allowed. Each allowed name and port becomes a backend of the cluster.
 */
import { isIP } from 'node:net'
import * as z from 'zod'
import type { Address } from '../../address.js'
import { explainAddressRange } from '../../address-set.js'
import type { AllowedName, AskedBy, DialPolicy } from '../../cluster/egress/policy.js'
import type { HealthPolicy } from '../../cluster/health/policy.js'
import { bytesToIp, ipToBytes } from '../../ip.js'
import { normalizeName } from '../../names.js'
import { explainDialledName } from '../values/host-names.js'
import { quote } from '../wording.js'
import * as fields from './fields.js'

export const ASKED_BY = ['sni', 'host'] as const satisfies readonly AskedBy[]

const HTTP_PORT = 80
const HTTPS_PORT = 443
const LAST_PORT = 65_535

export interface CheckedDial {
  readonly server: AskedBy
  readonly allow: readonly AllowedName[]
  readonly ports: readonly number[] | undefined
}

const networks = fields.textsField('a network such as 10.0.0.0/8', (text) =>
  text === 'unix'
    ? 'a server has an IP address: write a network such as 10.0.0.0/8'
    : explainAddressRange(text),
)

const allowed: z.ZodType<AllowedName> = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  fields
    .strictMap('a name, or a map: { name, networks }', {
      name: fields.checkedTextField('a host name such as *.example.com', explainDialledName),
      networks: networks.default([]),
    })
    .superRefine(({ name, networks }, context) => {
      if (name === '*' && networks.length > 0)
        context.addIssue({
          code: 'custom',
          path: ['networks'],
          message: `${quote(name)} lets every name lead into these networks: write the names that may`,
        })
    })
    .transform(({ name, networks }) => ({ name: spelled(name), networks })),
)

export const dialField: z.ZodType<CheckedDial | undefined> = fields.optional(
  fields.strictMap('a map: { server, allow }', {
    server: fields.choiceOf(ASKED_BY),
    allow: fields.oneOrMore('a list of names that clients may ask for', allowed),
    ports: fields.optional(
      fields.oneOrMore('a port, or a list of ports', fields.wholeNumberField(1, LAST_PORT)),
    ),
  }),
)

interface Dials<Backend> {
  readonly dial: CheckedDial | undefined
  readonly backends: readonly Backend[]
  readonly health: HealthPolicy
  readonly tls: unknown
}

/** A backend stands for many servers, so none of them may make it count as down. */
const NO_HEALTH = { eject: false, flapping: false } as const

/** Adds what follows from `dial`. `toBackend` makes a backend of a name and a port. */
export function withDial<Backend, Config extends Dials<Backend>>(
  cluster: Config,
  toBackend: (host: string, port: number) => Backend,
): Omit<Config, 'dial'> & { readonly dial: DialPolicy | undefined } {
  const { dial } = cluster
  if (dial === undefined) return { ...cluster, dial }
  const hasTls = cluster.tls !== undefined
  const defaultPort = dial.server === 'host' && !hasTls ? HTTP_PORT : HTTPS_PORT
  const ports = [...new Set(dial.ports ?? [defaultPort])]
  return {
    ...cluster,
    health: { ...cluster.health, ...NO_HEALTH },
    backends: dial.allow.flatMap(({ name }) => ports.map((port) => toBackend(name, port))),
    dial: {
      ...dial,
      ports,
      defaultPort: dial.server === 'sni' ? ports[0]! : defaultPort,
      hasTls,
      ownListeners: [],
    },
  }
}

/** Adds where millrace itself listens. A port of 0 is not known yet. */
export function withOwnListeners<Config extends { readonly dial: DialPolicy | undefined }>(
  cluster: Config,
  addresses: readonly Address[],
): Config {
  const ownListeners = addresses.filter((each) => each.kind === 'tcp' && each.port !== 0)
  return cluster.dial === undefined ? cluster : { ...cluster, dial: { ...cluster.dial, ownListeners } }
}

/** The one spelling of a pattern or an address. */
function spelled(name: string): string {
  if (isIP(name) !== 0) return bytesToIp(ipToBytes(name)!)
  const [, stars = '', rest = ''] = /^(\**\.?)(.*)$/.exec(name)!
  return stars + (normalizeName(rest) ?? rest)
}
