#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace millrace {

namespace {

// A pipe write of at most a page is all or nothing (pipe(7), PIPE_BUF), so it cannot split a message.
constexpr size_t kAtomicPipeWrite = 4096;

bool IsShortOfMemory(int error) { return error == ENOMEM || error == ENOBUFS; }

// errnos with which a kernel, a seccomp filter or an unusual kind of socket refuses to splice.
bool IsRefusal(int error) {
  return error == EINVAL || error == ENOSYS || error == EPERM || error == EACCES || error == EOPNOTSUPP;
}

template <typename Call>
ssize_t RetryInterrupted(Call call) {
  ssize_t n;
  do {
    n = call();
  } while (n < 0 && errno == EINTR);
  return n;
}

// SPLICE_F_MORE is never passed, because it holds small messages back for 200 ms.
ssize_t Splice(KernelPipes* pipes, int from, int to, size_t bytes) {
  pipes->CountSplice();
  return RetryInterrupted([=] { return splice(from, nullptr, to, nullptr, bytes, SPLICE_F_NONBLOCK); });
}

ssize_t Receive(int fd, char* data, size_t bytes) {
  return RetryInterrupted([=] { return recv(fd, data, bytes, MSG_DONTWAIT); });
}

ssize_t Send(int fd, const char* data, size_t bytes) {
  return RetryInterrupted([=] { return send(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

int32_t Fail(int32_t finding, Outcome* outcome) {
  outcome->error = errno;
  return finding;
}

int32_t SinkError(Outcome* outcome) {
  if (errno == EAGAIN) return kSinkFull;
  return Fail(IsShortOfMemory(errno) ? kTryLater : kSinkFailed, outcome);
}

int32_t SourceError(Outcome* outcome) {
  if (errno == EAGAIN) return kSourceEmpty;
  return Fail(IsShortOfMemory(errno) ? kTryLater : kSourceFailed, outcome);
}

// Pipe to sink. It asks for exactly the bytes inside. With a larger length and a full last batch, the kernel
// itself would set MSG_MORE. A short splice means that the sink is full and EPOLLOUT will come.
int32_t Drain(KernelPipes* pipes, KernelPipe* pipe, int sink, Outcome* outcome) {
  while (pipe->inside > 0) {
    const auto wanted = pipe->inside;
    const ssize_t n = Splice(pipes, pipe->read_fd, sink, static_cast<size_t>(wanted));
    if (n < 0) return IsRefusal(errno) ? Fail(kSpliceRefused, outcome) : SinkError(outcome);
    pipes->Moved(pipe, -n);
    outcome->out += static_cast<int32_t>(n);
    if (n < wanted) return kSinkFull;
  }
  return 0;
}

// Asks with recv what splice cannot tell: bytes behind an urgent byte, the true end, or truly nothing. It is
// called only with an empty pipe. The pipe then takes the bytes, so their order is kept.
int32_t AskByReceive(KernelPipes* pipes, KernelPipe* pipe, int source, int32_t hints, Scratch scratch,
                     Outcome* outcome) {
  const ssize_t n = Receive(source, scratch.data, std::min(scratch.bytes, kAtomicPipeWrite));
  if (n < 0) return SourceError(outcome);
  if (n == 0) return kSourceEnded;
  outcome->in += static_cast<int32_t>(n);
  const auto bytes = static_cast<size_t>(n);
  if (RetryInterrupted([=] { return write(pipe->write_fd, scratch.data, bytes); }) != n) {
    outcome->left_at = 0;
    outcome->left_bytes = static_cast<int32_t>(n);
    return Fail(kTryLater, outcome);
  }
  pipes->Moved(pipe, n);
  outcome->copied += static_cast<int32_t>(n);
  return (hints & kMayBeUrgent) != 0 ? kUrgentCopied : 0;
}

// Source to pipe. The pipe is empty on entry, so EAGAIN cannot mean "pipe full" and 0 cannot overtake bytes.
int32_t Fill(KernelPipes* pipes, KernelPipe* pipe, int source, int32_t room, int32_t hints, Scratch scratch,
             Outcome* outcome) {
  const ssize_t n = Splice(pipes, source, pipe->write_fd, static_cast<size_t>(room));
  if (n > 0) {
    pipes->Moved(pipe, n);
    outcome->in += static_cast<int32_t>(n);
    return 0;
  }
  if (n < 0 && IsRefusal(errno)) return Fail(kSpliceRefused, outcome);
  if (n < 0 && errno != EAGAIN) return SourceError(outcome);
  // If an event promised something and splice found nothing, an urgent byte may be in the way.
  const bool is_doubtful = n == 0 || (hints & kMayBeEmpty) == 0 || (hints & kMayBeUrgent) != 0;
  return is_doubtful ? AskByReceive(pipes, pipe, source, hints, scratch, outcome)
                     : static_cast<int32_t>(kSourceEmpty);
}

constexpr int32_t kStop = kSourceEmpty | kSourceEnded | kSourceFailed | kSinkFull | kSinkFailed |
                          kSpliceRefused | kNoPipe | kTryLater;

}  // namespace

int32_t SpliceThrough(KernelPipes* pipes, int source, int sink, int pipe, int32_t budget, int32_t hints,
                      Scratch scratch, Outcome* outcome) {
  *outcome = Outcome{0, 0, kNoKernelPipe, 0, 0, 0, 0};
  const int id = pipe >= 0 ? pipe : pipes->Lease();
  if (!pipes->IsLeased(id)) {
    outcome->error = id < 0 ? -id : EBADF;
    return kNoPipe;
  }
  KernelPipe& held = pipes->At(id);
  int32_t findings = Drain(pipes, &held, sink, outcome);
  if ((findings & kStop) == 0 && (hints & kReadable) != 0) {
    const auto room = static_cast<int32_t>(std::min<int64_t>(budget, pipes->MostBytesPerMove()));
    findings |= Fill(pipes, &held, source, room, hints, scratch, outcome);
    findings |= Drain(pipes, &held, sink, outcome);
  }
  if (held.inside == 0) {
    pipes->Return(id);
  } else {
    outcome->pipe = id;
  }
  return findings;
}

int32_t CopyThrough(int source, int sink, int32_t budget, int32_t hints, Scratch scratch, Outcome* outcome) {
  *outcome = Outcome{0, 0, kNoKernelPipe, 0, 0, 0, 0};
  int32_t findings = 0;
  while ((findings & kStop) == 0 && outcome->in < budget) {
    const size_t room = std::min(scratch.bytes, static_cast<size_t>(budget - outcome->in));
    const ssize_t n = Receive(source, scratch.data, room);
    if (n < 0) return findings | SourceError(outcome);
    if (n == 0) return findings | kSourceEnded;
    outcome->in += static_cast<int32_t>(n);
    // A short read empties a stream socket (epoll(7), Q9), unless it stopped at an urgent byte or an end.
    if (static_cast<size_t>(n) < room && (hints & (kMayBeUrgent | kReadToTheEnd)) == 0)
      findings |= kSourceEmpty;
    const int32_t before = outcome->out;
    findings |= SendRest(sink, scratch.data, static_cast<size_t>(n), outcome);
    const int32_t sent = outcome->out - before;
    if (sent < n) {
      outcome->left_at = sent;
      outcome->left_bytes = static_cast<int32_t>(n) - sent;
    }
  }
  return findings;
}

int32_t SendRest(int sink, const char* data, size_t bytes, Outcome* outcome) {
  const ssize_t n = Send(sink, data, bytes);
  if (n < 0) return SinkError(outcome);
  outcome->out += static_cast<int32_t>(n);
  return static_cast<size_t>(n) < bytes ? static_cast<int32_t>(kSinkFull) : 0;
}

int32_t ReceiveInto(int source, char* data, size_t most, bool leave) {
  const int flags = MSG_DONTWAIT | (leave ? MSG_PEEK : 0);
  const ssize_t n = RetryInterrupted([=] { return recv(source, data, most, flags); });
  return n < 0 ? -errno : static_cast<int32_t>(n);
}

int32_t EmptyPipe(KernelPipes* pipes, int pipe, char* data, size_t bytes) {
  if (!pipes->IsLeased(pipe)) return -EBADF;
  size_t taken = 0;
  while (taken < bytes) {
    const ssize_t n =
        RetryInterrupted([&] { return read(pipes->At(pipe).read_fd, data + taken, bytes - taken); });
    if (n <= 0) break;
    taken += static_cast<size_t>(n);
  }
  pipes->Discard(pipe);
  return static_cast<int32_t>(taken);
}

}  // namespace millrace
