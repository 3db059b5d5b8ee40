#include "addon.h"

#include <errno.h>
#include <signal.h>
#include <uv.h>

#include "../constants.h"
#include "call.h"

namespace millrace {

void Addon::Hold(napi_value value) {
  napi_ref ref = nullptr;
  napi_create_reference(env_, value, 1, &ref);
  held_.push_back(ref);
}

int Addon::Start(Info info) {
  if (poller.is_running()) return -EALREADY;
  struct sigaction broken_pipe = {};
  sigaction(SIGPIPE, nullptr, &broken_pipe);
  // splice has no MSG_NOSIGNAL. If SIGPIPE is not ignored, a peer could end the process.
  if (broken_pipe.sa_handler == SIG_DFL) return -EPIPE;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -ENOTSUP;
  auto events = info[1].As<Napi::TypedArray>();
  auto bytes = info[3].As<Napi::TypedArray>();
  const int capacity = static_cast<int>(events.ByteLength() / sizeof(Event));
  const int error = poller.Start(
      loop, Data<Event>(events), capacity, &orders,
      [](void* addon, int count) { static_cast<Addon*>(addon)->Deliver(count); }, this);
  if (error < 0) return error;
  outcome = Data<Outcome>(info[2]);
  scratch = Scratch{Data<char>(bytes), bytes.ByteLength()};
  const size_t order_bytes = info[4].As<Napi::TypedArray>().ByteLength();
  orders.Start(Data<OffloadedCopy>(info[4]), Data<Carried>(info[5]), order_bytes / sizeof(OffloadedCopy),
               scratch, outcome);
  napi_create_reference(env_, info[0], 1, &on_batch_);
  for (size_t i = 1; i < 6; i++) Hold(info[i]);
  napi_async_init(env_, nullptr, Napi::String::New(info.Env(), "millrace"), &async_context_);
  return 0;
}

// Makes one callback per batch, in a callback scope, so that promises and ticks run after it.
void Addon::Deliver(int count) {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value receiver = nullptr;
  napi_value on_batch = nullptr;
  napi_value argument = nullptr;
  napi_get_global(env_, &receiver);
  napi_get_reference_value(env_, on_batch_, &on_batch);
  napi_create_int32(env_, count, &argument);
  const auto status = napi_make_callback(env_, async_context_, receiver, on_batch, 1, &argument, nullptr);
  if (status == napi_pending_exception) {
    napi_value thrown = nullptr;
    napi_get_and_clear_last_exception(env_, &thrown);
    napi_fatal_exception(env_, thrown);
  }
  napi_close_handle_scope(env_, scope);
}

void Addon::OnExit(napi_async_cleanup_hook_handle hook, void* data) {
  auto* addon = static_cast<Addon*>(data);
  addon->descriptors.CloseAll();
  addon->pipes.CloseAll();
  addon->tables.clear();
  const auto finish = [](void* stopped) {
    auto* done = static_cast<Addon*>(stopped);
    const auto exit_hook = done->exit_hook_;
    delete done;
    napi_remove_async_cleanup_hook(exit_hook);
  };
  addon->exit_hook_ = hook;
  if (!addon->poller.is_running()) return finish(addon);
  for (napi_ref ref : addon->held_) napi_delete_reference(addon->env_, ref);
  napi_delete_reference(addon->env_, addon->on_batch_);
  napi_async_destroy(addon->env_, addon->async_context_);
  addon->poller.Stop(finish);
}

namespace {

// src/io/kernel/native.ts checks this. It refuses a binary of another build instead of misunderstanding it.
constexpr int kVersion = 19;

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  auto* addon = new Addon(env);
  exports.Set("version", Napi::Number::New(env, kVersion));
  auto constants = Napi::Object::New(env);
  for (const Constant& constant : kConstants) constants.Set(constant.name, constant.value);
  exports.Set("constants", constants);
  ExportLoop(exports, addon);
  ExportSockets(exports, addon);
  ExportTransfers(exports, addon);
  ExportCounts(exports, addon);
  ExportMessages(exports, addon);
  ExportService(exports, addon);
  return exports;
}

}  // namespace

NODE_API_MODULE(millrace, Initialize)

}  // namespace millrace
