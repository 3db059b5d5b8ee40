// Moves bytes from a source socket to a sink socket: by splice(2) through a kernel pipe, or by recv and send
// through one scratch buffer. Every rule about what EAGAIN and 0 mean is in transfer.cc. So what it reports
// is proof: "empty" means nothing to read, "ended" means FIN.
#ifndef MILLRACE_TRANSFER_H_
#define MILLRACE_TRANSFER_H_

#include <cstddef>
#include <cstdint>

#include "kernel_pipe.h"

namespace millrace {

// What a transfer found. These are bits, because it may find something about both ends.
enum Finding : int32_t {
  kSourceEmpty = 1,     // nothing to read until the next event
  kSourceEnded = 2,     // FIN, and every byte before it has been read
  kSourceFailed = 4,    // `error` says how
  kSinkFull = 8,        // nothing can be written until the next event
  kSinkFailed = 16,     // `error` says how
  kUrgentCopied = 32,   // bytes behind an urgent byte went by copy
  kSpliceRefused = 64,  // `error`: this kernel or socket does not splice; nothing was moved by that call
  kNoPipe = 128,        // `error`: no kernel pipe could be had
  kTryLater = 256,      // `error`: the kernel is short of memory; no event will come
};

// Filled by a transfer and read by TypeScript through a shared Int32Array: keep it plain and in this order.
struct Outcome {
  int32_t in;          // bytes taken from the source
  int32_t out;         // bytes taken by the sink
  int32_t pipe;        // kernel pipe still leased, or kNoKernelPipe
  int32_t left_at;     // bytes that came in and found no place: where they start in scratch
  int32_t left_bytes;  // and how many they are
  int32_t error;       // errno behind a finding, positive
  int32_t copied;      // how many of the bytes that came in were copied, because a splice could not take them
};

struct Scratch {
  char* data;
  size_t bytes;
};

// What the caller knows about the source before the transfer. These are bits.
enum Hint : int32_t {
  kReadable = 1,      // an event said so
  kMayBeUrgent = 2,   // EPOLLPRI was seen: splice stops in front of an urgent byte
  kReadToTheEnd = 4,  // FIN or an error was seen: no further event will come, so a short read proves nothing
  kMayBeEmpty = 8     // the last move took bytes, so an empty source is nothing odd
};

// Drains `pipe` (or leases one), then fills and drains it once. It does not fill it again, because bytes that
// gather first move in larger pieces. Gives the pipe back if it is empty at the end.
int32_t SpliceThrough(KernelPipes* pipes, int source, int sink, int pipe, int32_t budget, int32_t hints,
                      Scratch scratch, Outcome* outcome);

// recv and send until `budget` bytes came in, the source is empty or the sink is full.
int32_t CopyThrough(int source, int sink, int32_t budget, int32_t hints, Scratch scratch, Outcome* outcome);

// Sends what an earlier transfer left over.
int32_t SendRest(int sink, const char* data, size_t bytes, Outcome* outcome);

// Receives at most `most` bytes. With `leave` they stay queued. Returns their number, 0 at the end of the
// stream, or -errno.
int32_t ReceiveInto(int source, char* data, size_t most, bool leave);

// Takes the bytes out of a pipe that can no longer be spliced out, and discards the pipe. Returns their
// number.
int32_t EmptyPipe(KernelPipes* pipes, int pipe, char* data, size_t bytes);

}  // namespace millrace

#endif  // MILLRACE_TRANSFER_H_
