// The calls about the event loop: which fds are watched, and what is counted.
#include "call.h"

namespace millrace {

namespace {

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

}  // namespace

void ExportLoop(Napi::Object exports, Addon* addon) {
  Export<Start>(exports, "start", addon);
  Export<KeepAlive>(exports, "keepAlive", addon);
  Export<Watch>(exports, "watch", addon);
  Export<Unwatch>(exports, "unwatch", addon);
  Export<Mute>(exports, "mute", addon);
  Export<Count>(exports, "count", addon);
}

}  // namespace millrace
