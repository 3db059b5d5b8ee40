// Timers as descriptors.
#pragma once
#include <cstdint>

// How often readers that are held back at a rate read.
constexpr int64_t kHoldTickNs = 10'000'000;

int make_timer();
// Fires at this interval from now on. 0 stops it.
void set_timer(int timer, int64_t every_ns);
// How often it has fired since the last call.
uint64_t expirations_of(int timer);
