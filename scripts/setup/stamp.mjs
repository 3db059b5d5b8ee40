/**
 * How a step knows that its output is current. A stamp file holds a digest of everything from which the
 * output was made. A step deletes its stamp before it begins and writes it after it succeeded, so an
 * interrupted step never counts as finished.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * A digest of the names and contents of files, and of `facts` that no file holds. A missing file counts too.
 */
export function digest(root, paths, facts = []) {
  const hash = createHash('sha256').update(JSON.stringify(facts))
  for (const path of paths) {
    const content = readIfThere(join(root, path))
    hash.update(JSON.stringify([path, content === undefined ? -1 : content.length])).update(content ?? '')
  }
  return hash.digest('hex')
}

/** Paths of all files below the folder, relative to `root`, in the same order everywhere. */
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

/** Writes beside the file and renames, so that a reader sees the whole stamp or none. */
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
