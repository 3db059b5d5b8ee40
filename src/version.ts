/** The version of this package. It is a constant, because a bundle has no package.json. A test compares the two. */
export const VERSION = '0.1.0'
