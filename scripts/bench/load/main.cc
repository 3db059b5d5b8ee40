// Load generator: plays the clients and the backend of a proxy, checks every byte count, prints figures.
// Each step waits for a line on stdin, so that whoever runs it can read the proxy's counters in between:
// prints `ready`, waits, runs, prints one line of JSON, waits, ends all connections. Exits with 1 on any
// error.
#include <signal.h>
#include <sys/resource.h>

#include <cinttypes>
#include <cstdio>

#include "generator.h"
#include "net.h"

namespace {

void wait_for_line() {
  int c;
  while ((c = getchar()) != '\n')
    if (c == EOF) fail("stdin was closed");
}

uint64_t cpu_ns() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto ns = [](const timeval& t) {
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_usec) * 1000;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

void print_figures(const Spec& spec, const Generator& generator, int64_t elapsed_ns, uint64_t own_cpu_ns) {
  printf("{\"elapsedNs\":%" PRId64 ",\"ownCpuNs\":%" PRIu64 ",\"groups\":[", elapsed_ns, own_cpu_ns);
  for (size_t i = 0; i < spec.groups.size(); ++i) {
    const Figures& figures = generator.figures(i);
    printf("%s{\"bytes\":%" PRIu64 ",\"roundTrips\":%" PRIu64 ",\"p50Ns\":%" PRIu64 ",\"p99Ns\":%" PRIu64
           ",\"p999Ns\":%" PRIu64 "}",
           i == 0 ? "" : ",", figures.bytes, figures.round_trips, figures.latency.quantile(0.5),
           figures.latency.quantile(0.99), figures.latency.quantile(0.999));
  }
  printf("]}\n");
  fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  static Spec spec = parse_spec(argc, argv);
  static Generator generator(spec);
  generator.connect_all(false);
  if (spec.warm_ms > 0) generator.run_window(spec.warm_ms);
  printf("ready\n");
  fflush(stdout);
  wait_for_line();
  generator.connect_all(true);
  uint64_t before = cpu_ns();
  int64_t elapsed = generator.run_window(spec.ms);
  print_figures(spec, generator, elapsed, cpu_ns() - before);
  wait_for_line();
  generator.finish();
  return 0;
}
