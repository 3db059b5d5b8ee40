// The calls about the service manager, and about processes that this one has not started.
#include "../datagram.h"
#include "../orphans.h"
#include "call.h"

namespace millrace {

namespace {

Napi::Value Send(Info info) {
  const size_t length = info[1].As<Napi::TypedArray>().ByteLength();
  return Answer(info, SendDatagram(Text(info, 0), Data<char>(info[1]), length));
}

Napi::Value IsListeningOn(Info info) { return Answer(info, IsListening(Int(info, 0))); }

Napi::Value FindDead(Info info) { return Answer(info, DeadChild()); }

Napi::Value Reap(Info info) { return Answer(info, ReapChild(Int(info, 0))); }

}  // namespace

void ExportService(Napi::Object exports, Addon* addon) {
  Export<Send>(exports, "sendDatagram", addon);
  Export<IsListeningOn>(exports, "isListening", addon);
  Export<FindDead>(exports, "deadChild", addon);
  Export<Reap>(exports, "reapChild", addon);
}

}  // namespace millrace
