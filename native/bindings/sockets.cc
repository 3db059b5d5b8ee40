// The calls about sockets: how they are opened, what TypeScript itself reads from them, and how they end.
#include <errno.h>

#include <algorithm>

#include "../constants.h"
#include "../tcp_info.h"
#include "call.h"

namespace millrace {

namespace {

Endpoint ToEndpoint(Info info) { return Endpoint{Text(info, 0), Int(info, 1)}; }

Liveness ToLiveness(Info info, size_t at) {
  return Liveness{Int(info, at), Int(info, at + 1), Int(info, at + 2), Int(info, at + 3)};
}

// Shows an endpoint to TypeScript: its port, and either an IPv4 address or the length of its host in the
// scratch bytes.
int Show(Addon* addon, const Endpoint& endpoint, int result) {
  if (result < 0) return result;
  auto* cells = reinterpret_cast<int32_t*>(addon->outcome);
  cells[kHostBytesCell] = static_cast<int32_t>(endpoint.host.copy(addon->scratch.data, addon->scratch.bytes));
  cells[kPortCell] = endpoint.port;
  cells[kIpv4Cell] = static_cast<int32_t>(endpoint.ipv4);
  return result;
}

Napi::Value OpenFor(Info info) {
  return Answer(info, Of(info).descriptors.Add(OpenSocket(ToEndpoint(info))));
}

Napi::Value SetOptionsOf(Info info) {
  const SocketOptions options = {Int(info, 1),  Long(info, 2), Int(info, 3),
                                 Bool(info, 4), Text(info, 5), Text(info, 6)};
  return Answer(info, SetOptions(Int(info, 0), options));
}

Napi::Value BindSourceOf(Info info) {
  return Answer(info, BindSource(Int(info, 0), Text(info, 1), Int(info, 2), Int(info, 3)));
}

Napi::Value SetBacklogOf(Info info) { return Answer(info, SetBacklog(Int(info, 0), Int(info, 1))); }

Napi::Value ListenOn(Info info) {
  const int fd =
      Listen(ToEndpoint(info), Int(info, 2), Bool(info, 3), Bool(info, 4), ToLiveness(info, 5), Int(info, 9));
  return Answer(info, Of(info).descriptors.Add(fd));
}

// While fds are short, the peer stays in the queue of the kernel.
Napi::Value AcceptFrom(Info info) {
  Addon& addon = Of(info);
  if (!addon.reserve.HasRoom(Int(info, 0), addon.descriptors.last())) return Answer(info, -EMFILE);
  Endpoint peer;
  const int fd = OwnAndWatch(&Of(info), Accept(Int(info, 0), &peer), Int(info, 1));
  return Answer(info, Show(&Of(info), peer, fd));
}

Napi::Value ConnectTo(Info info) {
  return Answer(info, OwnAndWatch(&Of(info), Connect(ToEndpoint(info), Int(info, 3)), Int(info, 2)));
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

Napi::Value SetPacingOf(Info info) { return Answer(info, SetPacing(Int(info, 0), Long(info, 1))); }

Napi::Value TcpInfoOf(Info info) {
  return Answer(info, ReadTcpInfo(Int(info, 0), reinterpret_cast<double*>(Of(info).scratch.data)));
}

}  // namespace

void ExportSockets(Napi::Object exports, Addon* addon) {
  Export<ListenOn>(exports, "listen", addon);
  Export<AcceptFrom>(exports, "accept", addon);
  Export<ConnectTo>(exports, "connect", addon);
  Export<OpenFor>(exports, "open", addon);
  Export<SetOptionsOf>(exports, "setOptions", addon);
  Export<BindSourceOf>(exports, "bindSource", addon);
  Export<SetBacklogOf>(exports, "setBacklog", addon);
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
  Export<SetPacingOf>(exports, "setPacing", addon);
  Export<TcpInfoOf>(exports, "tcpInfo", addon);
}

}  // namespace millrace
