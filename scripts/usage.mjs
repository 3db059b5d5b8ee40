/** The command lines of the npm scripts: `--help`, and arguments that make no sense. */

/**
 * What `read` makes of the arguments. With `--help` it prints `usage` and exits. If `read` throws, it prints the message
 * and `usage`, and exits with 2.
 */
export function readOrExit(argv, usage, read) {
  if (argv.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return read(argv)
  } catch (error) {
    console.error(`${error.message}\n${usage}`)
    process.exit(2)
  }
}
