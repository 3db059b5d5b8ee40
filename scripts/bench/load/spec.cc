// Reads the command line of either process of the load generator. A group is KIND[:NAME=VALUE,…], as in
// `bulk:connections=8,down=1` or `request:connections=64,request=64,response=1024`.
#include "spec.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "shared.h"

namespace {

[[noreturn]] void usage(const std::string& what) {
  fprintf(stderr,
          "load: %s\nusage: load server|client ADDRESS --shared FILE [--compare] GROUP…\n"
          "  ADDRESS: IP:PORT or unix:PATH\n"
          "  GROUP: idle|bulk|request|connect[:connections=N,late=1,up=1,down=1,request=BYTES,response=BYTES,"
          "every-us=N,hold-after=BYTES,held-rate=BYTES]\n",
          what.c_str());
  exit(2);
}

uint64_t parse_number(const std::string& text) {
  char* end = nullptr;
  uint64_t number = strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') usage("not a number: \"" + text + "\"");
  return number;
}

Kind parse_kind(const std::string& text) {
  if (text == "idle") return Kind::kIdle;
  if (text == "bulk") return Kind::kBulk;
  if (text == "request") return Kind::kRequest;
  if (text == "connect") return Kind::kConnect;
  usage("no such kind of group: \"" + text + "\"");
}

void set_property(Group* group, const std::string& name, uint64_t value) {
  if (name == "connections")
    group->connections = static_cast<int>(value);
  else if (name == "late")
    group->is_late = value != 0;
  else if (name == "up")
    group->up = value != 0;
  else if (name == "down")
    group->down = value != 0;
  else if (name == "request")
    group->request_bytes = value;
  else if (name == "response")
    group->response_bytes = value;
  else if (name == "every-us")
    group->every_us = static_cast<int64_t>(value);
  else if (name == "hold-after")
    group->hold_after_bytes = value;
  else if (name == "held-rate")
    group->held_bytes_per_second = value;
  else
    usage("no such property of a group: \"" + name + "\"");
}

Group parse_group(const std::string& text) {
  size_t colon = text.find(':');
  Group group;
  group.kind = parse_kind(text.substr(0, colon));
  while (colon != std::string::npos) {
    size_t comma = text.find(',', colon + 1);
    std::string pair = text.substr(colon + 1, comma == std::string::npos ? comma : comma - colon - 1);
    size_t equals = pair.find('=');
    if (equals == std::string::npos) usage("not NAME=VALUE: \"" + pair + "\"");
    set_property(&group, pair.substr(0, equals), parse_number(pair.substr(equals + 1)));
    colon = comma;
  }
  if (group.connections < 1 || group.request_bytes < 1 || group.response_bytes < 1)
    usage("a group needs at least one connection, and messages of at least one byte");
  return group;
}

}  // namespace

Spec parse_spec(int argc, char** argv) {
  Spec spec;
  std::string role = argc > 2 ? argv[1] : "";
  if (role != "server" && role != "client") usage("expected \"server\" or \"client\" as the first word");
  spec.is_server = role == "server";
  if (!parse_address(argv[2], &spec.address)) usage("not an address: \"" + std::string(argv[2]) + "\"");
  for (int i = 3; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--compare")
      spec.look = Look::kCompare;
    else if (word == "--shared" && i + 1 < argc)
      spec.shared_path = argv[++i];
    else
      spec.groups.push_back(parse_group(word));
  }
  if (spec.shared_path == nullptr || spec.groups.empty() != spec.is_server)
    usage("the client needs a group, the server takes none, and both need --shared FILE");
  if (spec.groups.size() > kMostGroups) usage("too many groups");
  return spec;
}
