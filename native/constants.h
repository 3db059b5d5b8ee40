// The numbers that TypeScript must have too, by the names that they have there.
// src/io/kernel/native-constants.ts is the same list, and a test compares the two. If you change one here,
// change it there.
#ifndef MILLRACE_CONSTANTS_H_
#define MILLRACE_CONSTANTS_H_

#include <errno.h>

#include <cstddef>
#include <cstdint>

#include "copy_offload.h"
#include "fd_messages.h"
#include "kernel_pipe.h"
#include "poller.h"
#include "shared_counts.h"
#include "socket.h"
#include "tcp_info.h"
#include "transfer.h"

namespace millrace {

// The cells of Outcome that show an endpoint.
constexpr int kHostBytesCell = 0;
constexpr int kPortCell = 1;
constexpr int kIpv4Cell = 2;

struct Constant {
  const char* name;
  int32_t value;
};

// TypeScript reads and writes arrays of int32_t.
constexpr int32_t Cells(size_t bytes) { return static_cast<int32_t>(bytes / sizeof(int32_t)); }

constexpr Constant kConstants[] = {
    {"READABLE", kIn},
    {"WRITABLE", kOut},
    {"PEER_ENDED", kPeerEnded},
    {"BROKEN", kBroken},
    {"URGENT", kUrgent},

    {"IN", Cells(offsetof(Outcome, in))},
    {"OUT", Cells(offsetof(Outcome, out))},
    {"PIPE", Cells(offsetof(Outcome, pipe))},
    {"LEFT_AT", Cells(offsetof(Outcome, left_at))},
    {"LEFT_BYTES", Cells(offsetof(Outcome, left_bytes))},
    {"ERROR", Cells(offsetof(Outcome, error))},
    {"COPIED", Cells(offsetof(Outcome, copied))},

    {"HOST_BYTES", kHostBytesCell},
    {"PORT", kPortCell},
    {"IPV4", kIpv4Cell},

    {"MESSAGE_FDS", Cells(offsetof(ShownMessage, fds))},
    {"PIPE_READ_FD", Cells(offsetof(ShownPipe, read_fd))},
    {"PIPE_WRITE_FD", Cells(offsetof(ShownPipe, write_fd))},
    {"PIPE_INSIDE", Cells(offsetof(ShownPipe, inside))},
    {"MOST_FDS_PER_MESSAGE", kMostFdsPerMessage},

    {"SOURCE_EMPTY", kSourceEmpty},
    {"SOURCE_ENDED", kSourceEnded},
    {"SOURCE_FAILED", kSourceFailed},
    {"SINK_FULL", kSinkFull},
    {"SINK_FAILED", kSinkFailed},
    {"URGENT_COPIED", kUrgentCopied},
    {"SPLICE_REFUSED", kSpliceRefused},
    {"NO_PIPE", kNoPipe},
    {"TRY_LATER", kTryLater},

    {"HINT_READABLE", kReadable},
    {"HINT_MAY_BE_URGENT", kMayBeUrgent},
    {"HINT_READ_TO_THE_END", kReadToTheEnd},
    {"HINT_MAY_BE_EMPTY", kMayBeEmpty},

    {"RTT_MICROS", kRttMicros},
    {"SILENT_MS", kSilentMs},
    {"RETRANSMITS", kRetransmits},
    {"RTO_MICROS", kRtoMicros},
    {"ACKED_BYTES", kAckedBytes},
    {"BYTES_PER_SECOND", kBytesPerSecond},
    {"BUSY_MICROS", kBusyMicros},
    {"RWND_MICROS", kRwndMicros},
    {"SNDBUF_MICROS", kSndbufMicros},
    {"TCP_INFO_CELLS", kTcpInfoCells},

    {"NO_KERNEL_PIPE", kNoKernelPipe},
    {"SMALLEST_PIPE_BYTES", kSmallestUsefulBytes},
    {"UNIX_PORT", kUnixPort},
    {"NO_SOCKET", kNoSocket},

    {"EVENT_FD", Cells(offsetof(Event, fd))},
    {"EVENT_GENERATION", Cells(offsetof(Event, generation))},
    {"EVENT_READINESS", Cells(offsetof(Event, readiness))},
    {"EVENT_IN", Cells(offsetof(Event, in))},
    {"EVENT_OUT", Cells(offsetof(Event, out))},
    {"EVENT_FOUND", Cells(offsetof(Event, found))},
    {"EVENT_CELLS", Cells(sizeof(Event))},
    {"MOST_EVENTS", kMostEvents},

    {"OFFLOAD_CELLS", Cells(sizeof(OffloadedCopy))},
    {"CARRIED_CELLS", Cells(sizeof(Carried))},
    {"TELL_SHIFT", kTellShift},
    {"TELL_UNIT", kTellUnit},

    {"WANT_SCOPE", Cells(offsetof(CountsWant, key.scope))},
    {"WANT_SOURCE", Cells(offsetof(CountsWant, key.source))},
    {"WANT_IS_SOURCE", Cells(offsetof(CountsWant, key.is_source))},
    {"WANT_ENTRY", Cells(offsetof(CountsWant, entry))},
    {"WANT_MOST", Cells(offsetof(CountsWant, most))},
    {"WANT_INTERVAL", Cells(offsetof(CountsWant, interval))},
    {"WANT_SLACK", Cells(offsetof(CountsWant, slack))},
    {"WANT_REFUSAL", Cells(offsetof(CountsWant, refusal))},
    {"WANT_CELLS", Cells(sizeof(CountsWant))},
    {"TOO_MANY", kTooMany},
    {"TOO_FAST", kTooFast},
    {"FULL_TABLE", kFullTable},

    {"LISTED_SOURCE", Cells(offsetof(CountsListed, source))},
    {"LISTED_HELD", Cells(offsetof(CountsListed, held))},
    {"LISTED_TAKEN", Cells(offsetof(CountsListed, taken_per_second))},
    {"LISTED_BYTES", Cells(offsetof(CountsListed, bytes))},
    {"LISTED_BUSY_UNTIL", Cells(offsetof(CountsListed, busy_until))},
    {"LISTED_GIVEN", Cells(offsetof(CountsListed, given))},
    {"LISTED_CELLS", Cells(sizeof(CountsListed))},

    {"EDQUOT", EDQUOT},
    {"ENONET", ENONET},
};

}  // namespace millrace

#endif  // MILLRACE_CONSTANTS_H_
