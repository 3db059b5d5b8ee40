// Every file of a prebuilt binary is compiled with this (scripts/prebuilds/recipe.mjs). It names the oldest
// version of each function that glibc has in several versions. Otherwise the linker takes the newest version,
// and the binary does not load with an older glibc. No glibc lacks the old ones, and musl has no versions.
#ifndef MILLRACE_GLIBC_VERSIONS_H_
#define MILLRACE_GLIBC_VERSIONS_H_

#if defined(__x86_64__)
#define MILLRACE_FIRST_GLIBC "GLIBC_2.2.5"
#define MILLRACE_ROBUST_GLIBC "GLIBC_2.12"
#elif defined(__aarch64__)
#define MILLRACE_FIRST_GLIBC "GLIBC_2.17"
#define MILLRACE_ROBUST_GLIBC "GLIBC_2.17"
#else
#error "no prebuilt binary is made for this architecture"
#endif

#define MILLRACE_SYMBOL_VERSION(name, version) __asm__(".symver " #name "," #name "@" version)

MILLRACE_SYMBOL_VERSION(clock_gettime, MILLRACE_FIRST_GLIBC);
MILLRACE_SYMBOL_VERSION(pthread_mutex_consistent, MILLRACE_ROBUST_GLIBC);
MILLRACE_SYMBOL_VERSION(pthread_mutex_timedlock, MILLRACE_FIRST_GLIBC);
MILLRACE_SYMBOL_VERSION(pthread_mutex_trylock, MILLRACE_FIRST_GLIBC);
MILLRACE_SYMBOL_VERSION(pthread_mutexattr_destroy, MILLRACE_FIRST_GLIBC);
MILLRACE_SYMBOL_VERSION(pthread_mutexattr_init, MILLRACE_FIRST_GLIBC);
MILLRACE_SYMBOL_VERSION(pthread_mutexattr_setpshared, MILLRACE_FIRST_GLIBC);
MILLRACE_SYMBOL_VERSION(pthread_mutexattr_setrobust, MILLRACE_ROBUST_GLIBC);

#endif  // MILLRACE_GLIBC_VERSIONS_H_
