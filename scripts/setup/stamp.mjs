/**
 * How a step knows that its output is current: a stamp file holds a digest of everything the output was made
 * from. A step deletes its stamp before it begins and writes it after it succeeded, so that an interrupted
 * step is never taken for a finished one.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Digest of the names and contents of files, and of `facts` that no file holds. A missing file counts too. */
export function digest(root, paths, facts = []) {
  const hash = createHash('sha256').update(JSON.stringify(facts))
  for (const path of paths) {
    const content = readIfThere(join(root, path))
    hash.update(JSON.stringify([path, content === undefined ? -1 : content.length])).update(content ?? '')
  }
  return hash.digest('hex')
}

/** Paths, relative to `root`, of all files below the folder, in an order that is the same everywhere. */
export function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      return entry.isDirectory() ? filesBelow(root, path) : [path]
    })
    .sort()
}

export function readStamp(path) {
  return readIfThere(path)?.toString()
}

/** Written beside and renamed: a reader sees the whole stamp or none. */
export function writeStamp(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
}

function readIfThere(path) {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}
