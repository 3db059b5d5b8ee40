// The clients of a load. They connect through the proxy under test, greet, send, ask and read. At the end
// they compare what each sent and received with what the server says.
#pragma once
#include <vector>

#include "greeting.h"
#include "histogram.h"
#include "loop.h"
#include "spec.h"

// What one group did during a window.
struct Figures {
  uint64_t bytes = 0;        // arrived, at either end
  uint64_t round_trips = 0;  // request: responses complete; connect: connections made, answered and ended
  Histogram latency;
};

class Client : private Loop {
 public:
  Client(const Spec& spec, Shared* shared);

  // Connects the groups that are late, or those that are not. Returns when the server has heard from each
  // client, and those to be held back have read their first bytes.
  void connect_all(bool late);
  // Runs the load from `start_ns` to `end_ns`, then lets everything on its way arrive. Returns the ns from
  // the start to the last byte.
  int64_t run_window(uint64_t number, int64_t start_ns, int64_t end_ns);
  // Ends every connection and checks that all its bytes arrived, and no others.
  void finish();

  const Figures& figures(size_t group) const { return figures_[group]; }
  uint64_t sent() const;
  uint64_t received() const;

 private:
  enum class Role : uint8_t { kNone, kConnecting, kOpen };

  struct End {
    Role role = Role::kNone;
    bool is_held_back = false;
    size_t group = 0;
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t to_send = 0;     // the rest of requests being sent
    uint64_t to_receive = 0;  // the rest of responses awaited
    int64_t asked_ns = 0;     // when the oldest request without an answer was due
  };

  void handle(int fd, uint32_t events) override;
  const Group& group_of(const End& end) const { return spec_.groups[end.group]; }
  End& end_of(int fd) { return ends_[static_cast<size_t>(fd)]; }
  Slot& slot_of(int fd) const { return shared_->slots[fd]; }

  void open(size_t group);
  void greet(int fd);
  void start_group(size_t group);
  void stop_group(size_t group);
  void tell_wishes(int fd);
  void push(int fd);
  void expect_response(End* end, int64_t now);
  void start_request(int fd);
  void send_due_requests();
  void read_held_back();
  void read_some(int fd, size_t most);
  void take_response(int fd, uint64_t bytes);
  void ended(int fd);
  void end_round_trips(End* end, uint64_t count);
  void wait_until_held_back();
  void wait_until_quiet(uint64_t window);
  bool is_quiet(uint64_t window) const;
  bool has_everything_arrived() const;

  const Spec& spec_;
  std::vector<Figures> figures_;
  std::vector<End> ends_;                  // by fd
  std::vector<std::vector<int>> clients_;  // fds by group, none for `connect` groups
  int pace_timer_;
  int hold_timer_;
  bool is_open_ = false;  // a window runs, so new work may begin
  bool is_finishing_ = false;
  int awaited_ = 0;     // responses
  int connecting_ = 0;  // lasting connections without a greeting yet
  int reading_ = 0;     // to be held back, but not yet
  uint64_t greeted_ = 0;
  int64_t open_ends_ = 0;
  int64_t lasting_ends_ = 0;  // in all groups but `connect` groups
};
