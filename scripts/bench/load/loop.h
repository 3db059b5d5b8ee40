// The event loop of either process: level-triggered epoll, and a second epoll for paced connections. The loop
// looks at the second one between any two other events.
#pragma once
#include <cstdint>
#include <vector>

#include "shared.h"

class Loop {
 public:
  explicit Loop(Shared* shared);
  virtual ~Loop() = default;

 protected:
  virtual void handle(int fd, uint32_t events) = 0;

  void turn(int timeout_ms);
  void turn_until(int64_t deadline_ns);
  void watch(int fd, uint32_t events, bool is_urgent = false);
  void change(int fd, uint32_t events);
  void forget(int fd);

  Shared* const shared_;

 private:
  // The generation tells a late event of a closed socket from an event of its successor.
  struct Watched {
    uint32_t generation = 0;
    uint32_t events = 0;
    bool is_urgent = false;
  };

  void control(int operation, int fd);
  void serve_urgent();
  void dispatch(uint64_t tag, uint32_t events);

  std::vector<Watched> watched_;  // by fd
  int epoll_ = -1;
  int urgent_epoll_ = -1;
  bool has_urgent_ = false;
};
