// The anonymous file (memfd_create(2)) that has a table of counts. Processes inherit its fd, and map it.
#ifndef MILLRACE_COUNTS_FILE_H_
#define MILLRACE_COUNTS_FILE_H_

#include <cstddef>
#include <cstdint>

namespace millrace {

// Makes a file with an empty table. Returns its fd, or -errno.
int CreateCountsFile(uint32_t sources, uint32_t scopes, uint32_t processes);

// Maps the table. -EINVAL: `fd` has no table, or one that has no process of this number. -errno: it cannot be
// mapped.
int MapCountsFile(int fd, uint32_t process, void** memory, size_t* bytes);

}  // namespace millrace

#endif  // MILLRACE_COUNTS_FILE_H_
