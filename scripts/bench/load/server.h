// The backend of a load. It learns from a greeting what its client wants, and does that.
#pragma once
#include <string>
#include <vector>

#include "greeting.h"
#include "loop.h"
#include "spec.h"

class Server : private Loop {
 public:
  Server(const Spec& spec, Shared* shared);

  // Serves, and obeys lines on stdin, until it was told to end and every connection has ended.
  void run();

 private:
  enum class Role : uint8_t { kNone, kUnknown, kKnown };

  struct End {
    Role role = Role::kNone;
    Greeting greeting{};
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t to_send = 0;    // the rest of answers being sent
    uint64_t to_answer = 0;  // bytes of requests not answered yet
  };

  void handle(int fd, uint32_t events) override;
  End& end_of(int fd) { return ends_[static_cast<size_t>(fd)]; }
  void accept_all();
  void receive_greeting(int fd);
  void answer_and_end(int fd);
  void read_some(int fd);
  bool has_bulk(const End& end) const;
  void tell_wishes(int fd);
  void push(int fd);
  void close_end(int fd);
  void take_orders();
  void obey(const std::string& line);
  void keep_window();
  void tell_all_wishes();

  const Spec& spec_;
  std::vector<End> ends_;     // by fd
  std::vector<int> senders_;  // fds of bulk going down
  int listener_;
  std::string orders_;  // from stdin, not a whole line yet
  uint64_t window_ = 0;
  int64_t start_ns_ = 0;
  int64_t end_ns_ = 0;
  bool is_open_ = false;
};
