// The calls about the service manager.
#include "../notify.h"
#include "call.h"

namespace millrace {

namespace {

Napi::Value Tell(Info info) { return Answer(info, Notify(Text(info, 0), Text(info, 1))); }

Napi::Value IsListeningOn(Info info) { return Answer(info, IsListening(Int(info, 0))); }

}  // namespace

void ExportService(Napi::Object exports, Addon* addon) {
  Export<Tell>(exports, "notify", addon);
  Export<IsListeningOn>(exports, "isListening", addon);
}

}  // namespace millrace
