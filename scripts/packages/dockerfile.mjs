/** A Dockerfile as data: its stages, with their instructions in order. Pure. It knows what packaging/docker/Dockerfile uses. */

/** @typedef {{ name: string, text: string, options: Record<string, string> }} Instruction */
/** @typedef {{ image: string, name: string | undefined, instructions: Instruction[] }} Stage */

const FROM = /^(\S+)(?: AS (\S+))?$/i
const OPTION = /^--([\w-]+)=(\S+)\s+/

/** @returns {Stage[]} */
export function readDockerfile(text) {
  const stages = []
  for (const line of joinedLines(text)) {
    const [, name, rest] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (name === undefined) throw new Error(`Dockerfile: no instruction: ${line}`)
    if (name === 'FROM') {
      const [, image, stage] = FROM.exec(rest)
      stages.push({ image, name: stage, instructions: [] })
    } else stages.at(-1).instructions.push({ name, ...withoutOptions(rest) })
  }
  return stages
}

/** What a list in JSON names, as in `CMD ["millrace"]`. */
export const words = (text) => JSON.parse(text)

function joinedLines(text) {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  return lines
    .join('\n')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
}

function withoutOptions(text) {
  const options = {}
  let rest = text
  for (let match = OPTION.exec(rest); match !== null; match = OPTION.exec(rest)) {
    options[match[1]] = match[2]
    rest = rest.slice(match[0].length)
  }
  return { text: rest, options }
}
