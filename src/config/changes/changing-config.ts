/**
 * The config of a process: what its file says, and the changes that operators have made at run time. Whoever serves takes up the
 * candidates that this makes, one after the other. A candidate that is not taken up changes nothing.
 */
import { invalidConfig, MillraceError, type Problem } from '../../errors.js'
import { formatPath } from '../checks/path.js'
import type { Config } from '../schema.js'
import { didYouMean } from '../suggest.js'
import { shorten } from '../wording.js'
import { type Applied, applyChange } from './apply.js'
import {
  type Change,
  describeChange,
  describeThing,
  isAddition,
  isSameSpec,
  type KeptChange,
  keyOf,
  listedChange,
  MOST_CHANGES,
} from './change.js'
import { withChange } from './change-list.js'
import { type Base, type Combined, combine, describeAside } from './combine.js'
import { judgeChanges } from './judge-change.js'
import type { StateFile } from './state-file.js'

/** A config that may be taken up. */
export interface Candidate {
  readonly config: Config
  /** What becomes of the changes at run time. Undefined: there are none. */
  readonly fate?: ChangesFate | undefined
  /** Throws if nobody wants it any more. Called just before it is taken up. */
  checkWanted?(): void
  /** It is taken up: it is the present config from now on. */
  taken?(): void
  /** It is not. */
  givenUp?(): void
}

/** Changes as texts. `kept`: the file does not have them. `ended`: it has them by now. `aside`: they do not fit it, and why. */
export interface ChangesFate {
  readonly kept: readonly string[]
  readonly ended: readonly string[]
  readonly aside: readonly string[]
}

/** What an order to change something has come to. */
export interface ChangeCandidate extends Candidate {
  readonly done: readonly string[]
  /** They were there already. */
  readonly unchanged: readonly string[]
}

/** Changes at run time that hold, or that are set aside with a reason. */
export interface KnownChange {
  readonly change: KeptChange
  readonly aside?: string | undefined
}

export interface ConfigSource {
  /** Reads the file. Throws `config-invalid`, `config-unreadable`, and `wrong-state` if there is no file. */
  read(): Base
  /** Applies the flags of the command. */
  finish(config: Config): Config
}

export interface EarlierChanges {
  /** Keeps changes over a restart. Undefined: a restart forgets them. */
  readonly state?: StateFile | undefined
  readonly changes?: readonly KeptChange[] | undefined
}

export class ChangingConfig {
  /** What the file said at the start, with the flags. */
  readonly started: Config
  /** Told if changes are not in the state file although they hold. */
  onUnsaved: (error: unknown) => void = () => {}
  readonly #source: ConfigSource
  readonly #state: StateFile | undefined
  #base: Base
  #combined: Combined
  /** Those that are set aside included. */
  #list: readonly KeptChange[]

  /** `changes`: those of an earlier process. Default: those of the state file. */
  constructor(
    base: Base,
    source: ConfigSource,
    { state, changes: earlier = state?.changes ?? [] }: EarlierChanges = {},
  ) {
    const changes = earlier.map(listedChange)
    this.#source = source
    this.#state = state
    this.started = source.finish(base.config)
    this.#base = base
    this.#combined = combine(base, changes)
    this.#list = listOf(changes, this.#combined)
  }

  /** The present config. */
  get config(): Config {
    return this.#source.finish(this.#combined.config)
  }

  /** What the present config is made of. */
  get input(): unknown {
    return this.#combined.input
  }

  /** What the file said when it was read last, with the flags. */
  get loaded(): Config {
    return this.#source.finish(this.#base.config)
  }

  /** Why the state file could not be used at the start. */
  get stateProblem(): string | undefined {
    return this.#state?.problem
  }

  get list(): readonly KeptChange[] {
    return this.#list
  }

  /** Changes without an effect, each with the reason. */
  get aside(): readonly string[] {
    return this.#combined.aside.map(describeAside)
  }

  get known(): readonly KnownChange[] {
    const reasons = new Map(this.#combined.aside.map(({ change, why }) => [change, why]))
    return this.#list.map((change) => ({ change, aside: reasons.get(change) }))
  }

  /** What the file says now. Throws what `read` throws. */
  look(): Config {
    return this.#source.finish(this.#source.read().config)
  }

  /** Writes the state file if it does not have the present changes. For a process that begins to serve. */
  save(): void {
    if (this.#state === undefined || isSameSpec(this.#state.changes, this.#list)) return
    try {
      this.#state.prepare(this.#list).commit()
    } catch (error) {
      this.onUnsaved(error)
    }
  }

  /** Reads the file again. Throws what `read` throws. A state file that cannot be written does not stop a reload. */
  load(): Candidate {
    const base = this.#source.read()
    const combined = combine(base, this.#list)
    const list = listOf(this.#list, combined)
    const candidate = this.#candidate(base, list, combined)
    if (list.length === this.#list.length) return candidate
    return {
      ...candidate,
      taken: () => this.#takenWith(candidate, () => this.#state?.prepare(list).commit()),
    }
  }

  #takenWith(candidate: Candidate, save: () => void): void {
    candidate.taken?.()
    try {
      save()
    } catch (error) {
      this.onUnsaved(error)
    }
  }

  /**
   * All changes or none. Throws `unknown-name`, `wrong-state` if something else of that name is there, `config-invalid` if the
   * config would be a bad one, and `state-failed` if the state file cannot be written.
   */
  change(ordered: readonly Change[]): ChangeCandidate {
    const changes = ordered.map(listedChange)
    let list = this.#list
    let { input } = this.#combined
    const done: string[] = []
    const unchanged: string[] = []
    for (const change of changes) {
      const applied = applyChange(input, change)
      if (applied.kind === 'present' && applied.isSame) {
        unchanged.push(describeChange(change))
        continue
      }
      if (applied.kind === 'done') {
        input = applied.input
        list = withChange(list, change, this.#base.input)
      } else list = this.#withoutAside(list, change, applied)
      done.push(describeChange(change))
    }
    if (list.length > MOST_CHANGES) throw tooMany()
    const combined = this.#judge(changes, list, input)
    const candidate = this.#candidate(this.#base, list, combined)
    const prepared = done.length > 0 ? this.#state?.prepare(listOf(list, combined)) : undefined
    return {
      ...candidate,
      done,
      unchanged,
      taken: () => this.#takenWith(candidate, () => prepared?.commit()),
      givenUp: () => prepared?.abandon(),
    }
  }

  /** A removal of something that is set aside ends that change. @throws MillraceError */
  #withoutAside(list: readonly KeptChange[], change: Change, applied: Applied): readonly KeptChange[] {
    const key = keyOf(change)
    const isAside = this.#combined.aside.some((each) => keyOf(each.change) === key)
    if (applied.kind !== 'missing' || isAddition(change) || !isAside) throw refusal(change, applied)
    return list.filter((each) => keyOf(each) !== key)
  }

  /** What is checked is what the next reload of the same file would make, too. */
  #judge(changes: readonly Change[], list: readonly KeptChange[], input: unknown): Combined {
    const combined = this.#isPlain(changes) ? undefined : combine(this.#base, list)
    const misfits = combined?.aside.filter(({ change }) => !this.#list.includes(change)) ?? []
    if (combined !== undefined && misfits.length === 0) return combined
    const verdict = judgeChanges(this.#combined.config, input, changes)
    const file = changes.map(describeChange).join(', ')
    if (!('config' in verdict))
      throw invalidConfig(
        verdict.findings.map(
          ({ path, message }): Problem => ({ file, line: 0, column: 0, path: formatPath(path), message }),
        ),
      )
    if (misfits.length > 0) throw new MillraceError('wrong-state', misfits.map(describeAside).join('; '))
    return { input, config: verdict.config, kept: list, aside: [], ended: [] }
  }

  /** Whether making the changes one after the other gives what the whole list gives. What is added again goes to another place. */
  #isPlain(changes: readonly Change[]): boolean {
    if (this.#combined.aside.length > 0) return false
    const known = new Set(this.#list.map(keyOf))
    return changes.every((change) => {
      const isAgain = known.has(keyOf(change))
      known.add(keyOf(change))
      return !isAddition(change) || !isAgain
    })
  }

  #candidate(base: Base, list: readonly KeptChange[], combined: Combined): Candidate {
    return {
      config: this.#source.finish(combined.config),
      fate: fateOf(combined),
      taken: () => {
        this.#base = base
        this.#combined = combined
        this.#list = listOf(list, combined)
      },
    }
  }
}

/** Without those that have ended. */
function listOf(list: readonly KeptChange[], { ended }: Combined): readonly KeptChange[] {
  const gone = new Set(ended.map(({ change }) => change))
  return list.filter((change) => !gone.has(change))
}

function fateOf({ kept, ended, aside }: Combined): ChangesFate | undefined {
  if (kept.length + ended.length + aside.length === 0) return undefined
  const others = ' (the file has other values, which hold)'
  return {
    kept: kept.map(describeChange),
    ended: ended.map(({ change, differs }) => `${describeChange(change)}${differs ? others : ''}`),
    aside: aside.map(describeAside),
  }
}

function refusal(change: Change, applied: Applied): MillraceError {
  if (applied.kind === 'missing') {
    const { what, name, known } = applied
    // The nearest address is as often that of a backend that must stay.
    const hint =
      what === 'backend' ? `: it has ${shorten(known.join(', ') || 'none', 200)}` : didYouMean(name, known)
    const message = `${describeChange(change)}: there is no ${what} ${JSON.stringify(name)}${hint}`
    return new MillraceError('unknown-name', message)
  }
  const message = `${describeThing(change)} is there with other values: remove it first`
  return new MillraceError('wrong-state', message)
}

const tooMany = (): MillraceError =>
  new MillraceError(
    'wrong-state',
    `millrace keeps at most ${MOST_CHANGES} changes: write them into the config file, and reload`,
  )
