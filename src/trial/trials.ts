/** The tests of a config: each has a proxy of its own, so no test depends on another one. */
import { listenPlaces } from '../config/checks/listener-places.js'
import type { Finding, Path } from '../config/checks/path.js'
import { itemsOf, valueAt } from '../config/checks/unchecked.js'
import type { Config } from '../config/schema.js'
import type { TestConfig } from '../config/schemas/tests-schema.js'
import { oneOf } from '../config/suggest.js'
import { quote } from '../config/wording.js'
import { ConfigLists } from '../limits/lists/config-lists.js'
import { OwnLists } from '../limits/lists/own-lists.js'
import { ENDINGS, withoutDetail } from '../observe/endings.js'
import { type Outcome, whyNot } from './outcome.js'
import { TrialProxy } from './trial-proxy.js'

/** Causes for which a client gets no backend. */
const CAUSES = [
  ...new Set(
    ENDINGS.filter(({ phases }) => phases.some((phase) => phase !== 'data')).map(({ cause }) => cause),
  ),
]

/**
 * What is wrong with the outcomes of the tests. `placeOf` tells where a path of the config stands. Rejects with `config-invalid`
 * if a list of the config cannot be used.
 */
export async function failedTests(
  config: Config,
  input: unknown,
  placeOf: (path: Path) => string,
): Promise<Finding[]> {
  const lists = new ConfigLists(config)
  await new OwnLists({ loaded: () => {}, failed: () => {} }).load(lists)
  const findings: Finding[] = []
  for (const [index, test] of config.tests.entries()) {
    const message = unknownCause(test) ?? (await failureOf(test, { config, input, lists }, placeOf))
    if (message !== undefined) findings.push({ path: ['tests', index, 'expect'], message, about: 'value' })
  }
  return findings
}

async function failureOf(
  test: TestConfig,
  { config, input, lists }: { config: Config; input: unknown; lists: ConfigLists },
  placeOf: (path: Path) => string,
): Promise<string | undefined> {
  const index = indexOf(config, test.listener)
  const listener = config.listeners[index]!
  const proxy = new TrialProxy(config, lists)
  await proxy.start()
  try {
    let outcome: Outcome = { kind: 'undecided' }
    for (let count = 0; count < test.nth; count++) outcome = await proxy.meet(test, listener)
    return whyNot(test.expect, outcome, ['listeners', indexInFile(input, index)], placeOf)
  } finally {
    await proxy.stop()
  }
}

/** A name without an address stands for the first of the listener's addresses. Undefined: the only listener. */
function indexOf({ listeners }: Config, asked: string | undefined): number {
  const exact = listeners.findIndex(({ name }) => name === (asked ?? name))
  return exact === -1 ? listeners.findIndex(({ name }) => name.startsWith(`${asked}@`)) : exact
}

/** Each address of a listener of the file is a listener of the config. */
function indexInFile(input: unknown, index: number): number {
  const owners = itemsOf(valueAt(input, 'listeners')).flatMap((listener, each) =>
    listenPlaces(listener, []).map(() => each),
  )
  return owners[index] ?? index
}

function unknownCause({ expect }: TestConfig): string | undefined {
  if (expect.kind !== 'rejected' || expect.cause === undefined) return undefined
  const cause = withoutDetail(expect.cause)
  return CAUSES.includes(cause) ? undefined : `no record has the cause ${quote(cause)}${oneOf(cause, CAUSES)}`
}
