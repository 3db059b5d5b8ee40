// Latencies in fixed logarithmic buckets of at most 1.6 % width. Adding one never allocates.
#pragma once
#include <cstdint>

class Histogram {
 public:
  void add(int64_t nanoseconds) {
    ++buckets_[index_of(nanoseconds < 0 ? 0 : static_cast<uint64_t>(nanoseconds))];
    ++count_;
  }

  void clear() { *this = Histogram(); }

  uint64_t count() const { return count_; }

  // The lower bound of the bucket that holds the `fraction` quantile. 0: nothing was added.
  uint64_t quantile(double fraction) const {
    uint64_t rank = static_cast<uint64_t>(fraction * static_cast<double>(count_));
    uint64_t seen = 0;
    for (int i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen > rank) return value_of(i);
    }
    return 0;
  }

 private:
  static constexpr int kStepBits = 6;
  static constexpr int kSteps = 1 << kStepBits;
  static constexpr int kBuckets = kSteps * (64 - kStepBits + 1);

  static int index_of(uint64_t value) {
    if (value < kSteps) return static_cast<int>(value);
    int shift = 63 - __builtin_clzll(value) - kStepBits;
    return (shift + 1) * kSteps + static_cast<int>((value >> shift) & (kSteps - 1));
  }

  static uint64_t value_of(int index) {
    if (index < kSteps) return static_cast<uint64_t>(index);
    int shift = index / kSteps - 1;
    return static_cast<uint64_t>(kSteps + index % kSteps) << shift;
  }

  uint64_t buckets_[kBuckets] = {};
  uint64_t count_ = 0;
};
