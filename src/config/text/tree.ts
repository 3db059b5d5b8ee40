/**
 * YAML nodes → plain values, with `${NAME}` filled in. It remembers the place of every path in the text. It
 * expands aliases within limits of our own, because a few lines of them can stand for billions of values.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { type Finding, formatPath, type Path } from '../checks/path.js'
import { shorten } from '../wording.js'
import { type Environment, type Substitution, substitute } from './environment.js'
import { type Complaint, MOST_LEVELS } from './yaml-text.js'

/** As many values as tokens can make without aliases. */
const MOST_VALUES = 100_000

/** Keys that would be misunderstood, or silently lost later. */
const REFUSED_KEYS: ReadonlyMap<string, string> = new Map([
  ['<<', 'merge keys are not supported: use an alias for a whole value'],
  ['__proto__', 'this key is not allowed: remove it'],
])

/** Where a path's key and value begin in the text. */
interface Place {
  readonly key: number
  readonly value: number
}

/** Lists of the config are in few other lists. A path with more zeros is of no such list. */
const MOST_ZEROS = 4

/** The path without some of its zeros, because one value may stand for a list with this value. With the fewest missing first. */
function withoutZeros(path: Path): string[] {
  const zeros = path.flatMap((key, at) => (key === 0 ? [at] : [])).slice(0, MOST_ZEROS)
  const missing: (readonly number[])[] = []
  for (const at of zeros) missing.push([at], ...missing.map((set) => [...set, at]))
  return missing
    .toSorted((a, b) => a.length - b.length)
    .map((set) => formatPath(path.filter((_, at) => !set.includes(at))))
}

export class Tree {
  readonly value: unknown
  /** What is wrong before anybody knows what the values mean. */
  readonly complaints: Complaint[] = []
  readonly #environment: Environment
  readonly #places = new Map<string, Place>()
  /** Paths whose value could not be read. Other problems at such a path only follow from that. */
  readonly #broken = new Set<string>()
  readonly #anchors = new Map<string, ParsedNode>()
  readonly #expanding = new Set<ParsedNode>()
  /** Each scalar is replaced and reported once, however many aliases repeat it. */
  readonly #substitutions = new Map<ParsedNode, Substitution>()
  #valueCount = 0

  constructor(root: ParsedNode, environment: Environment) {
    this.#environment = environment
    this.value = this.#read(root, [], root.range[0])
  }

  /** Whether the value is complete. False: aliases stand for too many values. */
  get isWhole(): boolean {
    return this.#valueCount <= MOST_VALUES
  }

  isBroken(path: Path): boolean {
    const spelling = this.#spellingOf(path)
    return spelling !== undefined && this.#broken.has(spelling)
  }

  /** The offset of what a finding is about, or of the nearest thing around it. */
  offsetOf({ path, about }: Pick<Finding, 'path' | 'about'>): number {
    for (let length = path.length; length > 0; length--) {
      const spelling = this.#spellingOf(path.slice(0, length))
      const place = spelling === undefined ? undefined : this.#places.get(spelling)
      if (place !== undefined) return length === path.length ? place[about] : place.value
    }
    return this.#places.get('')?.value ?? 0
  }

  /** The path as the text has it. Undefined: there is no such value. */
  #spellingOf(path: Path): string | undefined {
    const exact = formatPath(path)
    return this.#places.has(exact) ? exact : withoutZeros(path).find((each) => this.#places.has(each))
  }

  #read(node: ParsedNode | null, path: Path, keyOffset: number): unknown {
    this.#places.set(formatPath(path), { key: keyOffset, value: node?.range[0] ?? keyOffset })
    if (++this.#valueCount > MOST_VALUES) return this.#giveUp(path)
    if (node === null) return null
    if (isAlias(node)) return this.#readAlias(node, path, keyOffset)
    if (node.anchor) this.#anchors.set(node.anchor, node)
    if (path.length > MOST_LEVELS)
      return this.#fail(path, `aliases nest this more than ${MOST_LEVELS} levels deep: use fewer`)
    if (isMap(node)) return this.#readMap(node, path)
    if (isSeq(node)) return this.#readList(node, path)
    return this.#readScalar(node, path)
  }

  #readMap(node: YAMLMap.Parsed, path: Path): unknown {
    // No prototype, so that a key in the file never means anything but itself.
    const map: Record<string, unknown> = Object.create(null)
    this.#expanding.add(node)
    for (const pair of node.items) {
      // Keys that are not text are syntax errors already.
      if (!isScalar(pair.key) || typeof pair.key.value !== 'string') continue
      const key = pair.key.value
      const offset = pair.key.range[0]
      // The parser adds an empty key where it lost its way. It does not count as repeated.
      const refusal =
        key !== '' && Object.hasOwn(map, key) ? 'this key is here twice: remove one' : REFUSED_KEYS.get(key)
      if (refusal === undefined) map[key] = this.#read(pair.value, [...path, key], offset)
      else this.complaints.push({ offset, path: formatPath([...path, key]), message: refusal })
    }
    this.#expanding.delete(node)
    return map
  }

  #readList(node: YAMLSeq.Parsed, path: Path): unknown {
    this.#expanding.add(node)
    const list = node.items.map((item, index) => this.#read(item, [...path, index], item.range[0]))
    this.#expanding.delete(node)
    return list
  }

  #readAlias(alias: Alias.Parsed, path: Path, keyOffset: number): unknown {
    const target = this.#anchors.get(alias.source)
    if (target === undefined)
      return this.#fail(
        path,
        `there is no anchor &${shorten(alias.source)} before this alias: add it, or write the value here`,
      )
    if (this.#expanding.has(target))
      return this.#fail(
        path,
        `the alias *${shorten(alias.source)} is inside its own anchor: write the value here`,
      )
    return this.#read(target, path, keyOffset)
  }

  #readScalar(node: Scalar.Parsed, path: Path): unknown {
    if (typeof node.value !== 'string') return node.value
    const known = this.#substitutions.get(node)
    const { text, complaints } = known ?? substitute(node.value, this.#environment)
    if (known === undefined) {
      this.#substitutions.set(node, { text, complaints })
      for (const message of complaints) this.#fail(path, message)
    } else if (complaints.length > 0) this.#broken.add(formatPath(path))
    return text
  }

  #giveUp(path: Path): undefined {
    if (this.#valueCount > MOST_VALUES + 1) return
    this.#fail(path, `aliases make more than ${MOST_VALUES} values of this file: use fewer`)
  }

  #fail(path: Path, message: string): undefined {
    this.complaints.push({ offset: this.offsetOf({ path, about: 'value' }), path: formatPath(path), message })
    this.#broken.add(formatPath(path))
  }
}
