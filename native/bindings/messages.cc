// The calls by which two processes hand open fds to each other.
#include <errno.h>

#include <algorithm>

#include "../fd_messages.h"
#include "call.h"

namespace millrace {

namespace {

Napi::Value ListenOn(Info info) {
  return Answer(info, Of(info).descriptors.Add(ListenForMessages(Text(info, 0))));
}

Napi::Value ConnectTo(Info info) {
  return Answer(info, OwnAndWatch(&Of(info), ConnectForMessages(Text(info, 0)), Int(info, 1)));
}

Napi::Value Send(Info info) {
  const size_t bytes = info[1].As<Napi::TypedArray>().ByteLength();
  const size_t room = info[2].As<Napi::TypedArray>().ByteLength() / sizeof(int32_t);
  const int count = std::min(Int(info, 3), static_cast<int>(room));
  return Answer(info, SendFds(Int(info, 0), Data<char>(info[1]), bytes, Data<int32_t>(info[2]), count));
}

Napi::Value Receive(Info info) {
  Addon& addon = Of(info);
  auto* fds = Data<int32_t>(info[1]);
  const auto room = static_cast<int>(info[1].As<Napi::TypedArray>().ByteLength() / sizeof(int32_t));
  int count = 0;
  const int bytes = ReceiveFds(Int(info, 0), addon.scratch.data, addon.scratch.bytes, fds, room, &count);
  for (int i = 0; i < count; i++) addon.descriptors.Add(fds[i]);
  *reinterpret_cast<ShownMessage*>(addon.outcome) = ShownMessage{count};
  return Answer(info, bytes);
}

Napi::Value End(Info info) { return Answer(info, EndMessages(Int(info, 0))); }

Napi::Value ShowPipe(Info info) {
  Addon& addon = Of(info);
  if (!addon.pipes.IsLeased(Int(info, 0))) return Answer(info, -EBADF);
  const KernelPipe& pipe = addon.pipes.At(Int(info, 0));
  *reinterpret_cast<ShownPipe*>(addon.outcome) =
      ShownPipe{pipe.read_fd, pipe.write_fd, static_cast<int32_t>(pipe.inside)};
  return Answer(info, 0);
}

Napi::Value Adopt(Info info) {
  Addon& addon = Of(info);
  const int read_fd = Int(info, 0);
  const int write_fd = Int(info, 1);
  if (!addon.descriptors.Owns(read_fd) || !addon.descriptors.Owns(write_fd)) return Answer(info, -EBADF);
  const int id = AdoptPipe(&addon.pipes, read_fd, write_fd, Int(info, 2));
  if (id < 0) return Answer(info, id);
  addon.descriptors.Release(read_fd);
  addon.descriptors.Release(write_fd);
  return Answer(info, id);
}

}  // namespace

void ExportMessages(Napi::Object exports, Addon* addon) {
  Export<ListenOn>(exports, "listenForMessages", addon);
  Export<ConnectTo>(exports, "connectForMessages", addon);
  Export<Send>(exports, "sendFds", addon);
  Export<Receive>(exports, "receiveFds", addon);
  Export<End>(exports, "endMessages", addon);
  Export<ShowPipe>(exports, "showPipe", addon);
  Export<Adopt>(exports, "adoptPipe", addon);
}

}  // namespace millrace
