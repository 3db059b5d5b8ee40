// The calls that move bytes between sockets, and those about the kernel pipes that they need.
#include "call.h"

namespace millrace {

namespace {

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

}  // namespace

void ExportTransfers(Napi::Object exports, Addon* addon) {
  Export<SpliceThroughPipe>(exports, "splice", addon);
  Export<CopyThroughScratch>(exports, "copy", addon);
  Export<SendBytes>(exports, "send", addon);
  Export<EmptyPipeInto>(exports, "emptyPipe", addon);
  Export<DiscardPipe>(exports, "discardPipe", addon);
  Export<SizePipes>(exports, "sizePipes", addon);
  Export<TrimPipes>(exports, "trimPipes", addon);
}

}  // namespace millrace
