// The calls about tables of counts that several processes share.
#include <errno.h>

#include <algorithm>

#include "../counts_file.h"
#include "call.h"

namespace millrace {

namespace {

Napi::Value Sum(Info info, double value) { return Napi::Number::New(info.Env(), value); }

// Null: there is no such mapping.
MappedCounts* TableOf(Info info) {
  const auto& tables = Of(info).tables;
  const auto number = static_cast<size_t>(Int(info, 0));
  return number < tables.size() ? tables[number].get() : nullptr;
}

CountsTime TimeAt(Info info, size_t i) {
  return CountsTime{Long(info, i), static_cast<uint32_t>(Int(info, i + 1))};
}

Napi::Value Create(Info info) {
  const auto number = [&](size_t i) { return static_cast<uint32_t>(Int(info, i)); };
  return Answer(info, CreateCountsFile(number(0), number(1), number(2)));
}

template <typename T>
int Lend(MappedCounts* table, int which, const Napi::Value& array, T** cells) {
  auto typed = array.As<Napi::TypedArray>();
  table->arrays[which] = Napi::Persistent(typed);
  *cells = Data<T>(array);
  return static_cast<int>(typed.ByteLength() / sizeof(T));
}

Napi::Value Map(Info info) {
  auto table = std::make_unique<MappedCounts>();
  const int error = table->counts.Map(Int(info, 0), static_cast<uint32_t>(Int(info, 1)));
  if (error < 0) return Answer(info, error);
  table->most_wants = Lend(table.get(), 0, info[2], &table->wants);
  table->most_listed = Lend(table.get(), 1, info[3], &table->listed);
  auto& tables = Of(info).tables;
  tables.push_back(std::move(table));
  return Answer(info, static_cast<int>(tables.size()) - 1);
}

Napi::Value Unmap(Info info) {
  if (TableOf(info) == nullptr) return Answer(info, -EBADF);
  Of(info).tables[static_cast<size_t>(Int(info, 0))].reset();
  return Answer(info, 0);
}

Napi::Value Take(Info info) {
  MappedCounts* table = TableOf(info);
  if (table == nullptr) return Answer(info, -EBADF);
  const int count = std::clamp(Int(info, 1), 0, table->most_wants);
  return Answer(info, table->counts.Take(table->wants, count, TimeAt(info, 2)));
}

Napi::Value Leave(Info info) {
  MappedCounts* table = TableOf(info);
  return Answer(info, table == nullptr ? -EBADF : table->counts.Leave(static_cast<uint32_t>(Int(info, 1))));
}

Napi::Value Give(Info info) {
  MappedCounts* table = TableOf(info);
  return Answer(info, table == nullptr ? -EBADF : table->counts.Give(static_cast<uint32_t>(Int(info, 1))));
}

Napi::Value Adopt(Info info) {
  MappedCounts* table = TableOf(info);
  return Answer(info, table == nullptr ? -EBADF : table->counts.Adopt(table->wants));
}

Napi::Value Look(Info info) {
  MappedCounts* table = TableOf(info);
  if (table == nullptr || table->most_listed == 0) return Answer(info, -EBADF);
  return Answer(info, table->counts.Look(table->wants[0].key, TimeAt(info, 1), table->listed) ? 1 : 0);
}

Napi::Value Add(Info info) {
  MappedCounts* table = TableOf(info);
  if (table == nullptr) return Answer(info, -EBADF);
  table->counts.Add(table->wants[0].key, Long(info, 1), Double(info, 2), TimeAt(info, 3));
  return Answer(info, 0);
}

Napi::Value AddBytes(Info info) {
  MappedCounts* table = TableOf(info);
  if (table == nullptr) return Sum(info, 0);
  const auto entry = static_cast<uint32_t>(Int(info, 1));
  return Sum(info, table->counts.AddBytes(entry, Double(info, 2), static_cast<uint32_t>(Int(info, 3))));
}

Napi::Value Demand(Info info) {
  MappedCounts* table = TableOf(info);
  if (table == nullptr) return Sum(info, 0);
  const auto amount = std::clamp<int64_t>(Long(info, 2), 0, UINT32_MAX);
  return Sum(info, table->counts.Demand(static_cast<uint32_t>(Int(info, 1)), static_cast<uint32_t>(amount)));
}

Napi::Value Reclaim(Info info) {
  MappedCounts* table = TableOf(info);
  return Answer(info, table == nullptr ? -EBADF : table->counts.Reclaim(static_cast<uint32_t>(Int(info, 1))));
}

Napi::Value List(Info info) {
  MappedCounts* table = TableOf(info);
  if (table == nullptr) return Answer(info, -EBADF);
  CountsWant& asked = table->wants[0];
  return Answer(info, table->counts.List(asked.key.scope, static_cast<uint32_t>(Int(info, 1)),
                                         TimeAt(info, 2), table->listed, table->most_listed, &asked.entry));
}

}  // namespace

void ExportCounts(Napi::Object exports, Addon* addon) {
  Export<Create>(exports, "createCounts", addon);
  Export<Map>(exports, "mapCounts", addon);
  Export<Unmap>(exports, "unmapCounts", addon);
  Export<Take>(exports, "takeCounts", addon);
  Export<Leave>(exports, "leaveCounts", addon);
  Export<Give>(exports, "giveCounts", addon);
  Export<Adopt>(exports, "adoptCounts", addon);
  Export<Look>(exports, "lookCounts", addon);
  Export<Add>(exports, "addCounts", addon);
  Export<AddBytes>(exports, "addBytes", addon);
  Export<Demand>(exports, "demand", addon);
  Export<Reclaim>(exports, "reclaimCounts", addon);
  Export<List>(exports, "listCounts", addon);
}

}  // namespace millrace
