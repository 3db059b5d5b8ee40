// What one environment (a thread) has: its poller, pipes and fds, and the arrays that TypeScript has lent it.
// When the environment ends, its fds are closed without a call to JavaScript.
#ifndef MILLRACE_BINDINGS_ADDON_H_
#define MILLRACE_BINDINGS_ADDON_H_

#include <memory>
#include <vector>

#define NAPI_VERSION 9
#include <napi.h>

#include "../copy_offload.h"
#include "../fd_reserve.h"
#include "../kernel_pipe.h"
#include "../poller.h"
#include "../shared_counts.h"
#include "../socket.h"
#include "../transfer.h"

namespace millrace {

// A table of counts that this thread has mapped, and the arrays through which TypeScript asks it.
struct MappedCounts {
  SharedCounts counts;
  CountsWant* wants = nullptr;
  int most_wants = 0;
  CountsListed* listed = nullptr;
  int most_listed = 0;
  Napi::Reference<Napi::TypedArray> arrays[2];
};

class Addon {
 public:
  explicit Addon(napi_env env) : env_(env) { napi_add_async_cleanup_hook(env, OnExit, this, &exit_hook_); }

  int Start(const Napi::CallbackInfo& info);
  void Deliver(int count);

  Descriptors descriptors;
  FdReserve reserve;
  KernelPipes pipes;
  Poller poller;
  CopyOffload orders;
  // By their numbers. Null: unmapped.
  std::vector<std::unique_ptr<MappedCounts>> tables;
  Scratch scratch = {nullptr, 0};
  Outcome* outcome = nullptr;

 private:
  static void OnExit(napi_async_cleanup_hook_handle hook, void* data);
  void Hold(napi_value value);

  napi_env env_;
  napi_async_cleanup_hook_handle exit_hook_ = nullptr;
  napi_async_context async_context_ = nullptr;
  napi_ref on_batch_ = nullptr;
  std::vector<napi_ref> held_;
};

}  // namespace millrace

#endif  // MILLRACE_BINDINGS_ADDON_H_
