// One private epoll per event loop. A single uv_poll_t on the epoll fd joins it to libuv. libuv polls that fd
// level-triggered, so it reports again what one batch leaves behind. Sockets are registered once,
// edge-triggered, for everything. They are modified only to mute them. Each batch is one call to TypeScript,
// or none if copy offloads left nothing to report. After such a batch, if it had several events, the poller
// asks the epoll again before it returns to libuv.
#ifndef MILLRACE_POLLER_H_
#define MILLRACE_POLLER_H_

#include <uv.h>

#include <cstdint>

namespace millrace {

// The most events of one batch.
constexpr int kMostEvents = 512;

// Readiness as TypeScript sees it.
enum Readiness : int32_t { kIn = 1, kOut = 2, kPeerEnded = 4, kBroken = 8, kUrgent = 16 };

// One event in the shared array.
struct Event {
  int32_t fd;
  int32_t generation;
  int32_t readiness;
  // What a copy offload moved and found for this event. All are 0 if there was none.
  int32_t in;
  int32_t out;
  int32_t found;
};

class CopyOffload;

class Poller {
 public:
  using OnBatch = void (*)(void* context, int count);
  using OnStopped = void (*)(void* context);

  // `events` has `capacity` elements. `events` and `copies` must outlive the poller. Returns 0 or -errno.
  int Start(uv_loop_t* loop, Event* events, int capacity, CopyOffload* copies, OnBatch on_batch,
            void* context);

  // Closes the epoll. The loop calls `on_stopped` when the memory of this poller may be freed.
  void Stop(OnStopped on_stopped);

  // The generation comes back with every event of this fd. A listener is level-triggered, because connections
  // are accepted in small batches.
  int Watch(int fd, int32_t generation, bool is_listener);
  int Unwatch(int fd);

  // While `is_muted`, bytes that arrive at `fd` cause no event. After that, what has come meanwhile is
  // reported at once. Ends, errors and room for writing are events all the time.
  int Mute(int fd, int32_t generation, bool is_muted);

  // Whether this poller keeps the event loop alive.
  void KeepAlive(bool is_needed);

  bool is_running() const { return epoll_fd_ >= 0; }

 private:
  static void OnReadable(uv_poll_t* handle, int status, int events);
  void Collect();
  // Collects one batch at `now`, in ns of uv_hrtime. Returns whether it is worth asking for another at once.
  bool CollectBatch(uint64_t now);

  uv_poll_t handle_ = {};
  int epoll_fd_ = -1;
  Event* events_ = nullptr;
  int capacity_ = 0;
  CopyOffload* copies_ = nullptr;
  OnBatch on_batch_ = nullptr;
  OnStopped on_stopped_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace millrace

#endif  // MILLRACE_POLLER_H_
