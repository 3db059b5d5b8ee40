/** What a user gets who presses Tab behind `millrace`, in each shell. A program stands in for the millrace that the script asks. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CommandLine, describeCommandLine, parseCommandLine } from '../../../src/command/command-line.js'
import { completionOf, type Shell } from '../../../src/command/completion/completion.js'
import { commandsIn, readGrammar } from '../../../src/command/completion/grammar.js'
import { temporaryFolder } from '../../support/folder.js'
import { areMissing } from '../../support/programs.js'

const folder = temporaryFolder()
const grammar = readGrammar(describeCommandLine('1.2.3'))
const BIN = join(folder, 'bin')

beforeAll(() => {
  mkdirSync(BIN)
  writeFileSync(join(BIN, 'millrace'), '#!/bin/sh\n[ "$1" = names ] && printf "%s\\n" "$2-a" "$2-b"\n')
  chmodSync(join(BIN, 'millrace'), 0o755)
  writeFileSync(join(folder, 'shop.yaml'), '')
})

/** A line, and what Tab offers at its end. */
const CASES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['millrace dra', ['drain']],
  ['millrace kill --cl', ['--client', '--cluster']],
  ['millrace --splice o', ['off', 'on']],
  ['millrace log --level d', ['debug']],
  ['millrace check sho', ['shop.yaml']],
  ['millrace --config sho', ['shop.yaml']],
  ['millrace add ', ['backend', 'cluster', 'listener', 'route']],
  ['millrace add backend --ti', ['--tier']],
  ['millrace add backend --sta', []],
  ['millrace remove route --sp', ['--speaks', '--spec']],
  ['millrace help re', ['release', 'reload', 'remove']],
  ['millrace help add li', ['listener']],
  ['millrace completion z', ['zsh']],
  ['millrace listener ', ['listener-a', 'listener-b']],
  ['millrace kill --cluster ', ['cluster-a', 'cluster-b']],
  ['millrace add cluster ', []],
]

/** The last line that a shell prints for each line that it completes. */
const END = '--end--'
/** In bash Tab calls a function with the words of the line. */
const IN_BASH = `source "$1"
for line in "\${@:2}"; do
  COMP_WORDS=($line); [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _millrace millrace
  printf '%s\\n' "\${COMPREPLY[@]}" ${END}
done`
const IN_FISH = `source $argv[1]; for line in $argv[2..]; complete -C $line; echo ${END}; end`
/** zsh completes only where a user types: in a terminal of its own, whose \`compadd\` tells what it is given. */
const IN_ZSH = `zmodload zsh/zpty
zpty z 'zsh -f -i'
zpty -w z "PROMPT=; KEYTIMEOUT=1; fpath=($1:h \\$fpath); autoload -Uz compinit; compinit -D -u; bindkey '^I' complete-word
compadd () {
  if [[ \\\${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd \\"\\$@\\"; return; fi
  local -a found; builtin compadd -A found \\"\\$@\\"; print -l -- '<<'\\\${^found}'>>'
  builtin compadd \\"\\$@\\"
}
tell-end () { print '<''<end>>'; BUFFER= }; zle -N tell-end; bindkey '^X' tell-end; print REA''DY"
zpty -r z before '*READY*'
for line in "\${@:2}"; do
  zpty -w -n z "$line"$'\\t\\C-X'
  zpty -r z after '*<<end>>*'
  print -r -- "$after" | grep -o '<<[^<>]*>>' | grep -v '<<end>>' | tr -d '<>'
  print -- ${END}
done`

const RUN: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['--norc', '-c', IN_BASH, 'bash'],
  zsh: ['-f', '-c', IN_ZSH, 'zsh'],
  fish: ['--no-config', '-c', IN_FISH],
}
const FILES: Readonly<Record<Shell, string>> = {
  bash: 'millrace.bash',
  zsh: '_millrace',
  fish: 'millrace.fish',
}

/** What the shell offers for each line, in the order of the alphabet. fish adds a description behind a tab. */
function completed(shell: Shell, lines: readonly string[]): string[][] {
  const file = join(folder, FILES[shell])
  writeFileSync(file, completionOf(shell, grammar))
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}`, HOME: folder, TERM: 'dumb' }
  const args = [...RUN[shell], file, ...lines]
  const { stdout, stderr } = spawnSync(shell, args, { encoding: 'utf8', cwd: folder, env })
  expect(stderr).toBe('')
  const blocks = stdout.split(`${END}\n`).slice(0, -1)
  return blocks.map((block) => {
    const words = block.split('\n').map((each) => each.replace(/\t.*/, ''))
    return [...new Set(words.filter(Boolean))].sort()
  })
}

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  describe.skipIf(areMissing(shell))(`the completion of ${shell}`, () => {
    it('offers the commands, parts, options, choices, files and names that can stand there', () => {
      const offered = completed(
        shell,
        CASES.map(([line]) => line),
      )
      expect(offered.map((words, at) => [CASES[at]?.[0], words])).toEqual(CASES)
    })

    it('has every command and every option of the help', () => {
      const text = completionOf(shell, grammar)
      const options = [grammar, ...commandsIn(grammar)].flatMap((command) => command.options)
      const names = options.map(({ long }) => (shell === 'fish' ? `-l ${long.slice(2)} ` : long))
      expect(names.filter((name) => !text.includes(name))).toEqual([])
      const words = commandsIn(grammar).map(({ name }) => name)
      expect(words.filter((word) => !text.includes(word))).toEqual([])
    })
  })
}

describe('millrace completion', () => {
  const parse = (...args: string[]): CommandLine => parseCommandLine(args, '1.2.3')

  it('prints the script of a shell', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const)
      expect(parse('completion', shell)).toEqual({
        kind: 'exit',
        code: 0,
        stdout: completionOf(shell, grammar),
        stderr: '',
      })
  })

  it('refuses another shell', () => {
    const stderr = expect.stringContaining('Allowed choices are bash, zsh, fish.')
    expect(parse('completion', 'csh')).toMatchObject({ code: 2, stderr })
  })
})
