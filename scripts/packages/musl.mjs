/**
 * Loads the addon with musl. No Node for musl can be had from a registry. So a small program stands for it: it
 * has all functions of Node-API and libuv that the addon needs, as stubs. musl looks for every symbol when it
 * loads a library. So a symbol that musl lacks keeps the program from loading the addon.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBinary } from '../prebuilds/symbols.mjs'
import { output } from './checks.mjs'

const MAIN = `
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char** arguments) {
  if (count == 2 && dlopen(arguments[1], RTLD_NOW) != NULL) return 0;
  fprintf(stderr, "%s\\n", dlerror());
  return 1;
}
`

/** Throws with the reason of musl if the addon does not load. */
export async function loadWithMusl(addon, folder) {
  const { imports } = readBinary(addon)
  const names = imports.map(({ name }) => name).filter((name) => /^(napi|node_api|uv)_/.test(name))
  const source = join(folder, 'host.c')
  const host = join(folder, 'host')
  writeFileSync(source, names.map((name) => `void ${name}(void) {}\n`).join('') + MAIN)
  await output('musl-gcc', ['-rdynamic', '-o', host, source])
  await output(host, [addon])
}
