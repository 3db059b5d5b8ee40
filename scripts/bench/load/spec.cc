// Reads the command line of the load generator. Group syntax: KIND[:NAME=VALUE,…], as in
// `bulk:connections=8,down=1` or `request:connections=64,request=64,response=1024`.
#include "spec.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

[[noreturn]] void usage(const std::string& what) {
  fprintf(stderr,
          "load: %s\nusage: load --listen IP:PORT --connect IP:PORT [--warm-ms N] [--ms N] GROUP…\n"
          "  GROUP: idle|bulk|request|connect[:connections=N,late=1,up=1,down=1,request=BYTES,response=BYTES,"
          "every-us=N,read-rate=BYTES]\n",
          what.c_str());
  exit(2);
}

uint64_t parse_number(const std::string& text) {
  char* end = nullptr;
  uint64_t number = strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') usage("not a number: \"" + text + "\"");
  return number;
}

sockaddr_in parse_address(const std::string& text) {
  size_t colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1)
    usage("not IP:PORT: \"" + text + "\"");
  address.sin_port = htons(static_cast<uint16_t>(parse_number(text.substr(colon + 1))));
  return address;
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
  else if (name == "read-rate")
    group->read_bytes_per_second = value;
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
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    bool is_flag = word.rfind("--", 0) == 0;
    if (is_flag && i + 1 == argc) usage("a value is missing after " + word);
    if (word == "--listen")
      spec.listen = parse_address(argv[++i]);
    else if (word == "--connect")
      spec.connect = parse_address(argv[++i]);
    else if (word == "--warm-ms")
      spec.warm_ms = static_cast<int>(parse_number(argv[++i]));
    else if (word == "--ms")
      spec.ms = static_cast<int>(parse_number(argv[++i]));
    else if (is_flag)
      usage("no such flag: " + word);
    else
      spec.groups.push_back(parse_group(word));
  }
  if (spec.groups.empty() || spec.listen.sin_port == 0 || spec.connect.sin_port == 0)
    usage("--listen, --connect and a group are needed");
  return spec;
}
