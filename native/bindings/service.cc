// The calls about the service manager, and about processes that this one has not started.
#include "../notify.h"
#include "../orphans.h"
#include "call.h"

namespace millrace {

namespace {

Napi::Value Tell(Info info) { return Answer(info, Notify(Text(info, 0), Text(info, 1))); }

Napi::Value IsListeningOn(Info info) { return Answer(info, IsListening(Int(info, 0))); }

Napi::Value FindDead(Info info) { return Answer(info, DeadChild()); }

Napi::Value Reap(Info info) { return Answer(info, ReapChild(Int(info, 0))); }

}  // namespace

void ExportService(Napi::Object exports, Addon* addon) {
  Export<Tell>(exports, "notify", addon);
  Export<IsListeningOn>(exports, "isListening", addon);
  Export<FindDead>(exports, "deadChild", addon);
  Export<Reap>(exports, "reapChild", addon);
}

}  // namespace millrace
