/**
 * What a list file can be: a list of addresses, a map from names to clusters, or one from names of Postgres. Types only.
 */
import type { AddressSet } from '../../address-set.js'
import type { NameMap } from './name-map.js'

/** What is wrong with a line. */
export interface BadLine {
  /** Counts characters from 1. */
  readonly column: number
  readonly message: string
}

/** Takes the lines of a file, one after the other. */
export interface Builder<Content> {
  readonly content: Content
  /** How many entries it has, and may have. */
  readonly entries: number
  readonly mostEntries: number
  /** `line` has no line end. Returns what is wrong with it. */
  add(line: string): BadLine | undefined
}

export type ListKind = 'addresses' | 'names' | 'postgres-names'

export interface Contents {
  readonly addresses: AddressSet
  readonly names: NameMap
  readonly 'postgres-names': NameMap
}

export interface ListFile<Kind extends ListKind = ListKind> {
  readonly kind: Kind
  /** As in the config. */
  readonly path: string
}
