// The load generator. `server` plays the backend of a proxy, `client` plays its clients, each in a process of
// its own, as in real life. Every byte count is checked. Any error exits with 1. Both print `ready`, and then
// obey lines on stdin:
// - `window N START END`, to both: run the load between two times of CLOCK_MONOTONIC in ns. The client
//   answers with figures.
// - `late`, to the client: connect the groups that are late. It answers with `ready`.
// - `counts`, to the client: it answers with the bytes sent and received so far.
// - `end`, to both, first to the server: end every connection and check it.
#include <signal.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "client.h"
#include "net.h"
#include "server.h"

namespace {

void say(const char* line) {
  puts(line);
  fflush(stdout);
}

void print_figures(const Spec& spec, const Client& client, int64_t elapsed_ns) {
  printf("{\"elapsedNs\":%" PRId64 ",\"groups\":[", elapsed_ns);
  for (size_t i = 0; i < spec.groups.size(); ++i) {
    const Figures& figures = client.figures(i);
    printf("%s{\"bytes\":%" PRIu64 ",\"roundTrips\":%" PRIu64 ",\"p50Ns\":%" PRIu64 ",\"p99Ns\":%" PRIu64
           ",\"p999Ns\":%" PRIu64 "}",
           i == 0 ? "" : ",", figures.bytes, figures.round_trips, figures.latency.quantile(0.5),
           figures.latency.quantile(0.99), figures.latency.quantile(0.999));
  }
  say("]}");
}

void run_server(const Spec& spec) {
  static Server server(spec, make_shared_file(spec.shared_path));
  say("ready");
  server.run();
}

void run_client(const Spec& spec) {
  static Client client(spec, open_shared_file(spec.shared_path));
  client.connect_all(false);
  say("ready");
  char line[256];
  while (fgets(line, sizeof(line), stdin) != nullptr) {
    uint64_t number;
    int64_t start, end;
    if (sscanf(line, "window %" SCNu64 " %" SCNd64 " %" SCNd64, &number, &start, &end) == 3) {
      print_figures(spec, client, client.run_window(number, start, end));
    } else if (strcmp(line, "late\n") == 0) {
      client.connect_all(true);
      say("ready");
    } else if (strcmp(line, "counts\n") == 0) {
      printf("{\"sent\":%" PRIu64 ",\"received\":%" PRIu64 "}\n", client.sent(), client.received());
      fflush(stdout);
    } else {
      return client.finish();
    }
  }
  fail("stdin was closed");
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  static Spec spec = parse_spec(argc, argv);
  if (spec.is_server)
    run_server(spec);
  else
    run_client(spec);
  return 0;
}
