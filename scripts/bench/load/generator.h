// Both ends of every connection of a load: clients that connect (through the proxy under test) and the server
// it dials. One thread, one epoll, tables made before the first byte. Knows of each connection who its other
// end is, so that every byte sent is compared with what arrived.
#pragma once
#include <cstdint>
#include <vector>

#include "histogram.h"
#include "spec.h"

// What one group did during a window.
struct Figures {
  uint64_t bytes = 0;        // that arrived, at either end
  uint64_t round_trips = 0;  // request: responses complete; connect: connections made, answered and ended
  Histogram latency;
};

class Generator {
 public:
  explicit Generator(const Spec& spec);

  // Connects all clients (but those of `connect` groups) of groups that are late, or of those that are not; returns
  // when the server heard from each.
  void connect_all(bool late);
  // Runs the load for `ms`, then lets everything on its way arrive. Returns the ns from start to last byte.
  int64_t run_window(int ms);
  // Ends every connection, client first, and checks on each that all bytes arrived and none more.
  void finish();

  const Figures& figures(size_t group) const { return figures_[group]; }

 private:
  enum class Role : uint8_t { kNone, kConnecting, kClient, kUnknown, kServer };

  // One socket of ours, found by its fd. The generation tells a late event of a closed socket from a new one.
  struct End {
    Role role = Role::kNone;
    bool wants_out = false;
    size_t group = 0;
    uint32_t generation = 0;
    int other = -1;  // fd of the other end; -1 until the greeting arrived
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t to_send = 0;     // rest of what is being sent
    uint64_t to_answer = 0;   // server: bytes of requests not answered yet
    uint64_t to_receive = 0;  // client: bytes of responses awaited
    int64_t asked_ns = 0;     // client: when the oldest request without an answer was due
  };

  // generator.cc: the loop, and what both ends have in common
  void turn(int timeout_ms);
  void serve_urgent();
  void handle(uint64_t tag, uint32_t events);
  void wait_until_quiet();
  bool is_quiet() const { return on_its_way_ == 0 && awaited_ == 0 && open_ends_ == lasting_ends_; }
  const Group& group_of(const End& end) const { return spec_.groups[end.group]; }
  End* open_end(int fd, Role role);
  void close_end(int fd);
  int epoll_of(const End& end) const;
  void control(int operation, int fd);
  void set_wants_out(int fd, bool wants_out);
  uint64_t bulk_helping(const End& end) const;
  void push(int fd);
  int64_t take(int fd, size_t most);

  // client.cc
  void open_client(size_t group);
  void greet(int fd);
  void start_group(size_t group);
  void expect_response(End* client, int64_t now);
  void start_request(int fd);
  void send_due_requests();
  void read_slowly();
  void set_slow_readers();
  void client_readable(int fd, size_t most);
  void client_ended(int fd);
  void end_round_trips(End* client, uint64_t count);
  void check_counts(const End& client) const;

  // server.cc
  void accept_all();
  void receive_greeting(int fd);
  void server_readable(int fd);

  const Spec& spec_;
  std::vector<Figures> figures_;
  std::vector<End> ends_;                  // by fd
  std::vector<std::vector<int>> clients_;  // fds by group; none for `connect` groups
  int epoll_ = -1;
  int urgent_epoll_ = -1;  // paced groups: looked at between any two other events
  int pace_timer_ = -1;
  int slow_timer_ = -1;
  int listener_ = -1;
  bool has_paced_ = false;
  bool is_open_ = false;  // a window is running: new work may begin
  bool is_finishing_ = false;
  uint64_t on_its_way_ = 0;       // bytes sent and not yet received
  uint64_t most_on_its_way_ = 0;  // per direction of a bulk connection
  int awaited_ = 0;               // responses
  int unheard_ = 0;               // clients the server has not heard of yet
  int open_ends_ = 0;
  int lasting_ends_ = 0;  // of all groups but `connect` ones
};
