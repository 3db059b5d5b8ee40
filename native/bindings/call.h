// A call from TypeScript takes a few integers and returns one, >= 0 or -errno. It throws nothing and logs
// nothing. src/io/kernel/native.ts documents every call.
#ifndef MILLRACE_BINDINGS_CALL_H_
#define MILLRACE_BINDINGS_CALL_H_

#include <string>

#include "addon.h"

namespace millrace {

using Info = const Napi::CallbackInfo&;

inline Addon& Of(Info info) { return *static_cast<Addon*>(info.Data()); }
inline int32_t Int(Info info, size_t i) { return info[i].As<Napi::Number>().Int32Value(); }
inline int64_t Long(Info info, size_t i) { return info[i].As<Napi::Number>().Int64Value(); }
inline double Double(Info info, size_t i) { return info[i].As<Napi::Number>().DoubleValue(); }
inline bool Bool(Info info, size_t i) { return info[i].As<Napi::Boolean>().Value(); }
inline std::string Text(Info info, size_t i) { return info[i].As<Napi::String>().Utf8Value(); }
inline Napi::Value Answer(Info info, int value) { return Napi::Number::New(info.Env(), value); }

// The bytes of a typed array. TypeScript allocated its ArrayBuffer outside the heap.
template <typename T>
T* Data(const Napi::Value& array) {
  auto typed = array.As<Napi::TypedArray>();
  return reinterpret_cast<T*>(static_cast<char*>(typed.ArrayBuffer().Data()) + typed.ByteOffset());
}

// Watches a new connection at once. Returns its fd, or -errno with nothing left open. It resets a connection
// that cannot be watched: a FIN would look to the peer like an empty answer.
inline int OwnAndWatch(Addon* addon, int fd, int32_t generation) {
  if (fd < 0) return fd;
  addon->descriptors.Add(fd);
  const int error = addon->poller.Watch(fd, generation, false);
  if (error == 0) return fd;
  ResetOnClose(fd);
  addon->descriptors.Close(fd);
  return error;
}

template <Napi::Function::Callback Callback>
void Export(Napi::Object exports, const char* name, Addon* addon) {
  exports.Set(name, Napi::Function::New<Callback>(exports.Env(), name, addon));
}

void ExportLoop(Napi::Object exports, Addon* addon);
void ExportSockets(Napi::Object exports, Addon* addon);
void ExportTransfers(Napi::Object exports, Addon* addon);
void ExportCounts(Napi::Object exports, Addon* addon);
void ExportMessages(Napi::Object exports, Addon* addon);
void ExportService(Napi::Object exports, Addon* addon);

}  // namespace millrace

#endif  // MILLRACE_BINDINGS_CALL_H_
