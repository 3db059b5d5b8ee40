// What one environment (a thread) has: its poller, pipes and fds, and the arrays that TypeScript has lent it.
// When the environment ends, its fds are closed without a call to JavaScript.
#ifndef MILLRACE_BINDINGS_ADDON_H_
#define MILLRACE_BINDINGS_ADDON_H_

#include <vector>

#define NAPI_VERSION 9
#include <napi.h>

#include "../copy_offload.h"
#include "../kernel_pipe.h"
#include "../poller.h"
#include "../socket.h"
#include "../transfer.h"

namespace millrace {

class Addon {
 public:
  explicit Addon(napi_env env) : env_(env) { napi_add_async_cleanup_hook(env, OnExit, this, &exit_hook_); }

  int Start(const Napi::CallbackInfo& info);
  void Deliver(int count);

  Descriptors descriptors;
  KernelPipes pipes;
  Poller poller;
  CopyOffload orders;
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
