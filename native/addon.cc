// The surface TypeScript sees, and the only file that sees Node-API. Each function takes a few integers and
// returns >= 0 or -errno; nothing is thrown, nothing is logged. src/io/native.ts documents every call.
// State belongs to one environment (a thread); when that ends, its fds are closed without calling JavaScript.
#include <errno.h>
#include <signal.h>

#include <algorithm>
#include <string>

#define NAPI_VERSION 9
#include <napi.h>
#include <uv.h>

#include "constants.h"
#include "kernel_pipe.h"
#include "poller.h"
#include "socket.h"
#include "standing_order.h"
#include "transfer.h"

namespace millrace {

namespace {

// Checked by src/io/native.ts: a binary of another build is refused instead of misunderstood.
constexpr int kVersion = 8;

class Addon {
 public:
  explicit Addon(napi_env env) : env_(env) { napi_add_async_cleanup_hook(env, OnExit, this, &exit_hook_); }

  int Start(const Napi::CallbackInfo& info);
  void Deliver(int count);

  Descriptors descriptors;
  KernelPipes pipes;
  Poller poller;
  StandingOrders orders;
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

using Info = const Napi::CallbackInfo&;

Addon& Of(Info info) { return *static_cast<Addon*>(info.Data()); }
int32_t Int(Info info, size_t i) { return info[i].As<Napi::Number>().Int32Value(); }
int64_t Long(Info info, size_t i) { return info[i].As<Napi::Number>().Int64Value(); }
bool Bool(Info info, size_t i) { return info[i].As<Napi::Boolean>().Value(); }
std::string Text(Info info, size_t i) { return info[i].As<Napi::String>().Utf8Value(); }
Napi::Value Answer(Info info, int value) { return Napi::Number::New(info.Env(), value); }

// Element bytes of a typed array, whose ArrayBuffer TypeScript allocated outside the heap.
template <typename T>
T* Data(const Napi::Value& array) {
  auto typed = array.As<Napi::TypedArray>();
  return reinterpret_cast<T*>(static_cast<char*>(typed.ArrayBuffer().Data()) + typed.ByteOffset());
}

void Addon::Hold(napi_value value) {
  napi_ref ref = nullptr;
  napi_create_reference(env_, value, 1, &ref);
  held_.push_back(ref);
}

int Addon::Start(Info info) {
  if (poller.is_running()) return -EALREADY;
  struct sigaction broken_pipe = {};
  sigaction(SIGPIPE, nullptr, &broken_pipe);
  // splice has no MSG_NOSIGNAL: where SIGPIPE is not ignored, a peer could end the process.
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
  orders.Start(Data<StandingOrder>(info[4]), Data<Carried>(info[5]), order_bytes / sizeof(StandingOrder),
               scratch, outcome);
  napi_create_reference(env_, info[0], 1, &on_batch_);
  for (size_t i = 1; i < 6; i++) Hold(info[i]);
  napi_async_init(env_, nullptr, Napi::String::New(info.Env(), "millrace"), &async_context_);
  return 0;
}

// One callback per batch, in a callback scope, so that promises and ticks run after it.
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

Endpoint ToEndpoint(Info info) { return Endpoint{Text(info, 0), Int(info, 1)}; }

Liveness ToLiveness(Info info, size_t at) {
  return Liveness{Int(info, at), Int(info, at + 1), Int(info, at + 2), Int(info, at + 3)};
}

// An endpoint travels up as its port and either an IPv4 address or the length of its host in the scratch
// bytes.
int Show(Addon* addon, const Endpoint& endpoint, int result) {
  if (result < 0) return result;
  auto* cells = reinterpret_cast<int32_t*>(addon->outcome);
  cells[kHostBytesCell] = static_cast<int32_t>(endpoint.host.copy(addon->scratch.data, addon->scratch.bytes));
  cells[kPortCell] = endpoint.port;
  cells[kIpv4Cell] = static_cast<int32_t>(endpoint.ipv4);
  return result;
}

Napi::Value Start(Info info) { return Answer(info, Of(info).Start(info)); }

Napi::Value KeepAlive(Info info) {
  Of(info).poller.KeepAlive(Bool(info, 0));
  return Answer(info, 0);
}

Napi::Value Watch(Info info) {
  return Answer(info, Of(info).poller.Watch(Int(info, 0), Int(info, 1), Bool(info, 2)));
}

Napi::Value Unwatch(Info info) { return Answer(info, Of(info).poller.Unwatch(Int(info, 0))); }

Napi::Value Mute(Info info) {
  return Answer(info, Of(info).poller.Mute(Int(info, 0), Int(info, 1), Bool(info, 2)));
}

Napi::Value ListenOn(Info info) {
  const int fd = Listen(ToEndpoint(info), Int(info, 2), Bool(info, 3), Bool(info, 4), ToLiveness(info, 5));
  return Answer(info, Of(info).descriptors.Add(fd));
}

// A new connection is watched at once: its fd, or -errno and nothing is left open. One that cannot be watched
// is reset: an orderly end would look to its peer like an empty answer.
int Own(Addon* addon, int fd, int32_t generation) {
  if (fd < 0) return fd;
  addon->descriptors.Add(fd);
  const int error = addon->poller.Watch(fd, generation, false);
  if (error == 0) return fd;
  ResetOnClose(fd);
  addon->descriptors.Close(fd);
  return error;
}

Napi::Value AcceptFrom(Info info) {
  Endpoint peer;
  const int fd = Own(&Of(info), Accept(Int(info, 0), &peer), Int(info, 1));
  return Answer(info, Show(&Of(info), peer, fd));
}

Napi::Value ConnectTo(Info info) {
  return Answer(info, Own(&Of(info), Connect(ToEndpoint(info)), Int(info, 2)));
}

Napi::Value AdoptFd(Info info) { return Answer(info, Of(info).descriptors.Add(Adopt(Int(info, 0)))); }

Napi::Value TakeErrorOf(Info info) { return Answer(info, TakeError(Int(info, 0))); }

Napi::Value LocalAddressOf(Info info) {
  Endpoint endpoint;
  const int error = LocalAddress(Int(info, 0), &endpoint);
  return Answer(info, Show(&Of(info), endpoint, error));
}

Napi::Value SetLivenessOf(Info info) { return Answer(info, SetLiveness(Int(info, 0), ToLiveness(info, 1))); }

Napi::Value Shutdown(Info info) { return Answer(info, ShutdownWrite(Int(info, 0))); }

Napi::Value Close(Info info) { return Answer(info, Of(info).descriptors.Close(Int(info, 0))); }

Napi::Value Release(Info info) {
  Addon& addon = Of(info);
  addon.poller.Unwatch(Int(info, 0));
  return Answer(info, addon.descriptors.Release(Int(info, 0)));
}

Napi::Value Receive(Info info) {
  const Scratch& scratch = Of(info).scratch;
  const size_t most = std::min<size_t>(static_cast<uint32_t>(Int(info, 1)), scratch.bytes);
  return Answer(info, ReceiveInto(Int(info, 0), scratch.data, most, Bool(info, 2)));
}

Napi::Value Reset(Info info) {
  if (Of(info).descriptors.Owns(Int(info, 0))) ResetOnClose(Int(info, 0));
  return Close(info);
}

Napi::Value Unacknowledged(Info info) { return Answer(info, UnacknowledgedBytes(Int(info, 0))); }

Napi::Value RoundTrip(Info info) { return Answer(info, RoundTripMicros(Int(info, 0))); }

Napi::Value SpliceThroughPipe(Info info) {
  Addon& addon = Of(info);
  return Answer(info, SpliceThrough(&addon.pipes, Int(info, 0), Int(info, 1), Int(info, 2), Int(info, 3),
                                    Int(info, 4), addon.scratch, addon.outcome));
}

Napi::Value CopyThroughScratch(Info info) {
  Addon& addon = Of(info);
  return Answer(info, CopyThrough(Int(info, 0), Int(info, 1), Int(info, 2), Int(info, 3), addon.scratch,
                                  addon.outcome));
}

Napi::Value SendBytes(Info info) {
  Addon& addon = Of(info);
  *addon.outcome = Outcome{0, 0, kNoKernelPipe, 0, 0, 0, 0};
  const size_t bytes = info[1].As<Napi::TypedArray>().ByteLength();
  return Answer(info, SendRest(Int(info, 0), Data<char>(info[1]), bytes, addon.outcome));
}

Napi::Value EmptyPipeInto(Info info) {
  const size_t bytes = info[1].As<Napi::TypedArray>().ByteLength();
  return Answer(info, EmptyPipe(&Of(info).pipes, Int(info, 0), Data<char>(info[1]), bytes));
}

Napi::Value DiscardPipe(Info info) {
  Of(info).pipes.Discard(Int(info, 0));
  return Answer(info, 0);
}

Napi::Value SizePipes(Info info) {
  Of(info).pipes.Configure(Int(info, 0), Long(info, 1), Long(info, 2));
  return Answer(info, 0);
}

Napi::Value TrimPipes(Info info) {
  Of(info).pipes.Trim(Int(info, 0));
  return Answer(info, 0);
}

Napi::Value Count(Info info) {
  Addon& addon = Of(info);
  const auto& counts = addon.pipes.counts();
  auto result = Napi::Object::New(info.Env());
  result.Set("descriptors", addon.descriptors.count());
  result.Set("pipesInUse", counts.in_use);
  result.Set("pipesIdle", counts.idle);
  result.Set("pipesRefused", counts.refused);
  result.Set("pipesDowngraded", counts.downgraded);
  result.Set("pinnedBytes", static_cast<double>(counts.pinned));
  result.Set("pinnedBudgetBytes", static_cast<double>(counts.pinned_budget));
  result.Set("splices", static_cast<double>(counts.splices));
  return result;
}

template <Napi::Function::Callback Callback>
void Export(Napi::Object exports, const char* name, Addon* addon) {
  exports.Set(name, Napi::Function::New<Callback>(exports.Env(), name, addon));
}

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  auto* addon = new Addon(env);
  exports.Set("version", Napi::Number::New(env, kVersion));
  auto constants = Napi::Object::New(env);
  for (const Constant& constant : kConstants) constants.Set(constant.name, constant.value);
  exports.Set("constants", constants);
  Export<Start>(exports, "start", addon);
  Export<KeepAlive>(exports, "keepAlive", addon);
  Export<Watch>(exports, "watch", addon);
  Export<Unwatch>(exports, "unwatch", addon);
  Export<Mute>(exports, "mute", addon);
  Export<ListenOn>(exports, "listen", addon);
  Export<AcceptFrom>(exports, "accept", addon);
  Export<ConnectTo>(exports, "connect", addon);
  Export<AdoptFd>(exports, "adopt", addon);
  Export<TakeErrorOf>(exports, "takeError", addon);
  Export<LocalAddressOf>(exports, "localAddress", addon);
  Export<SetLivenessOf>(exports, "setLiveness", addon);
  Export<Shutdown>(exports, "shutdown", addon);
  Export<Close>(exports, "close", addon);
  Export<Reset>(exports, "reset", addon);
  Export<Release>(exports, "release", addon);
  Export<Receive>(exports, "receive", addon);
  Export<Unacknowledged>(exports, "unacknowledged", addon);
  Export<RoundTrip>(exports, "roundTripMicros", addon);
  Export<SpliceThroughPipe>(exports, "splice", addon);
  Export<CopyThroughScratch>(exports, "copy", addon);
  Export<SendBytes>(exports, "send", addon);
  Export<EmptyPipeInto>(exports, "emptyPipe", addon);
  Export<DiscardPipe>(exports, "discardPipe", addon);
  Export<SizePipes>(exports, "sizePipes", addon);
  Export<TrimPipes>(exports, "trimPipes", addon);
  Export<Count>(exports, "count", addon);
  return exports;
}

}  // namespace

NODE_API_MODULE(millrace, Initialize)

}  // namespace millrace
