/**
 * Runs before `npm publish` of the checkout, and refuses it. A registry would show the README of the checkout,
 * whose links lead nowhere there. Of a tarball it shows the README in it.
 */
process.stderr.write(
  'publish the tarball that npm pack makes: npm pack, then npm publish millrace-VERSION.tgz\n',
)
process.exitCode = 1
