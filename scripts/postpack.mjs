/** Runs after `npm pack` has packed: puts the README back that prepack.mjs replaced. */
import { fileURLToPath } from 'node:url'
import { putReadmeBack } from './packages/packed-readme.mjs'

putReadmeBack(fileURLToPath(new URL('..', import.meta.url)))
