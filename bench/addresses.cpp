// What addresses cost, as ratios measured in one run: against inet_pton, against the list's own size, against
// Node. Usage: addresses [path of node]
#include <net/block_list.hpp>
#include <net/ip.hpp>
#include <net/socket_address.hpp>

#include <arpa/inet.h>
#include <malloc.h>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using net::BlockList;
using net::Family;
using net::SocketAddress;

constexpr int rounds = 25;
constexpr std::size_t many = 100000;

/// A third IPv4, a third IPv6, a third neither.
const char* const texts[40] = {"127.0.0.1",
                               "10.0.0.1",
                               "192.168.1.254",
                               "255.255.255.255",
                               "8.8.8.8",
                               "172.16.254.1",
                               "0.0.0.0",
                               "203.0.113.77",
                               "198.51.100.200",
                               "1.1.1.1",
                               "100.64.0.9",
                               "169.254.169.254",
                               "224.0.0.251",
                               "::1",
                               "fe80::1",
                               "2001:db8::8a2e:370:7334",
                               "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                               "::ffff:192.0.2.128",
                               "2606:4700:4700::1111",
                               "fe80::1ff:fe23:4567:890a",
                               "2a00:1450:4001:830::200e",
                               "::",
                               "ff02::fb",
                               "64:ff9b::192.0.2.33",
                               "fd12:3456:789a:1::1",
                               "2001:db8:1:2:3:4:5:6",
                               "localhost",
                               "example.com",
                               "www.example.org",
                               "256.1.1.1",
                               "1.2.3",
                               "01.2.3.4",
                               "1::2::3",
                               "12345::",
                               "fe80::1%",
                               "",
                               "database-primary.internal",
                               "1.2.3.4.5",
                               "api.eu-west-1.example.net",
                               "2001:db8:::1"};

/// Keeps the optimizer from dropping or hoisting what is measured.
template <class Value>
void use(Value&& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

/// Nanoseconds for one of `count` calls.
template <class Call>
double time_of(std::size_t count, Call call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / double(count);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + rounds / 2, values.end());
  return values[rounds / 2];
}

struct Measured {
  double a, b, ratio;
};

/// The two in turn, so that what disturbs the machine disturbs both; the medians of times and of ratios.
template <class A, class B>
Measured compare(std::size_t count, A a, B b) {
  std::vector<double> as, bs, ratios;
  for (int round = 0; round < rounds; ++round) {
    as.push_back(time_of(count, a));
    bs.push_back(time_of(count, b));
    ratios.push_back(as.back() / bs.back());
  }
  return {median(as), median(bs), median(ratios)};
}

void report(const char* what, const char* unit, Measured m, double goal) {
  std::printf("%-66s %9.1f / %9.1f %s = %8.3f  goal %.3f%s\n", what, m.a, m.b, unit, m.ratio, goal,
              m.ratio <= goal ? "" : "  MISSED");
}

void bench_is_ip() {
  std::vector<std::string_view> views(std::begin(texts), std::end(texts));
  std::shuffle(views.begin(), views.end(), std::mt19937(7));
  constexpr int times = 500;
  const auto ours = [&] {
    for (int i = 0; i < times; ++i) {
      for (const std::string_view text : views) use(net::isIP(text));
    }
  };
  unsigned char bytes[16];
  const auto both = [&] {
    for (int i = 0; i < times; ++i) {
      for (const std::string_view text : views) {
        use(inet_pton(AF_INET, text.data(), bytes));
        use(inet_pton(AF_INET6, text.data(), bytes));
      }
    }
  };
  const auto needed = [&] {
    for (int i = 0; i < times; ++i) {
      for (const std::string_view text : views) {
        use(inet_pton(AF_INET, text.data(), bytes) == 1 || inet_pton(AF_INET6, text.data(), bytes) == 1);
      }
    }
  };
  report("isIP / two inet_pton, 40 mixed texts", "ns", compare(times * 40, ours, both), 0.5);
  report("isIP / inet_pton, the second only if the first fails", "ns", compare(times * 40, ours, needed), 1);
}

void bench_parse(const char* what, Family family) {
  std::vector<std::string> bare, written;
  for (const char* text : texts) {
    if (net::isIP(text) != static_cast<int>(family)) continue;
    bare.push_back(text);
    written.push_back(family == Family::IPv6 ? "[" + bare.back() + "]" : bare.back());
  }
  constexpr int times = 2000;
  const auto ours = [&] {
    for (int i = 0; i < times; ++i) {
      for (const std::string& text : written) use(SocketAddress::parse(text));
    }
  };
  unsigned char bytes[16];
  const auto theirs = [&] {
    for (int i = 0; i < times; ++i) {
      for (const std::string& text : bare)
        use(inet_pton(family == Family::IPv4 ? AF_INET : AF_INET6, text.c_str(), bytes));
    }
  };
  report(what, "ns", compare(times * bare.size(), ours, theirs), 2);
}

SocketAddress random_address(std::mt19937_64& random, Family family) {
  if (family == Family::IPv4) return SocketAddress(net::detail::ipv4_address(static_cast<std::uint32_t>(random())));
  net::detail::IpAddress ip{.family = Family::IPv6};
  for (std::uint8_t& byte : ip.bytes) byte = static_cast<std::uint8_t>(random());
  ip.bytes[0] = 0x20;
  return SocketAddress(ip);
}

void add_subnets(const BlockList& list, std::size_t count, Family family) {
  std::mt19937_64 random(11);
  for (std::size_t i = 0; i < count; ++i) {
    const int prefix =
        family == Family::IPv4 ? 16 + static_cast<int>(random() % 17) : 32 + static_cast<int>(random() % 97);
    list.addSubnet(random_address(random, family), prefix);
  }
}

void bench_check(const char* what, const char* what_text, Family family) {
  const BlockList few, full;
  add_subnets(few, 10, family);
  add_subnets(full, many, family);
  std::mt19937_64 random(13);
  std::vector<SocketAddress> addresses;
  std::vector<std::string> address_texts;
  for (int i = 0; i < 20000; ++i) {
    addresses.push_back(random_address(random, family));
    address_texts.push_back(addresses.back().address());
  }
  const auto check = [&](const BlockList& list) {
    return [&] {
      for (const SocketAddress& address : addresses) use(list.check(address));
    };
  };
  const auto check_text = [&](const BlockList& list) {
    return [&] {
      for (const std::string& text : address_texts) use(list.check(text, family));
    };
  };
  report(what_text, "ns", compare(addresses.size(), check_text(full), check_text(few)), 3);
  report(what, "ns", compare(addresses.size(), check(full), check(few)), 3);
}

void bench_add(const char* what, Family family, bool in_order) {
  std::mt19937_64 random(17);
  std::vector<SocketAddress> networks;
  for (std::size_t i = 0; i < many; ++i) networks.push_back(random_address(random, family));
  if (in_order) std::sort(networks.begin(), networks.end());
  malloc_trim(0);
  const std::size_t before = mallinfo2().uordblks;
  const BlockList list;
  const double time = time_of(1, [&] {
    for (const SocketAddress& network : networks) list.addSubnet(network, family == Family::IPv4 ? 30 : 64);
  });
  const double bytes = static_cast<double>(mallinfo2().uordblks - before) / double(many);
  std::printf("%-66s %9.1f ms, goal 1000; %5.1f bytes a rule, goal 100%s\n", what, time / 1e6, bytes,
              time < 1e9 && bytes <= 100 ? "" : "  MISSED");
}

constexpr const char* node_script = R"(
const { BlockList } = require('node:net');
const list = new BlockList();
const below = (n) => Math.floor(Math.random() * n);
const address = () => `${below(256)}.${below(256)}.${below(256)}.${below(256)}`;
for (let i = 0; i < 100000; i++) list.addSubnet(address(), 16 + below(17));
const asked = Array.from({ length: 50 }, address);
for (const text of asked) list.check(text);
const start = process.hrtime.bigint();
for (const text of asked) list.check(text);
console.log(Number(process.hrtime.bigint() - start) / asked.length);
)";

/// Nanoseconds that Node takes for a check in a list of 100,000 subnets; 0 if there is no Node.
double node_check_time(const std::string& node) {
  const std::string command = "'" + node + "' - <<'END'\n" + node_script + "END\n";
  std::FILE* const output = popen(command.c_str(), "r");
  if (!output) return 0;
  double time = 0;
  if (std::fscanf(output, "%lf", &time) != 1) time = 0;
  pclose(output);
  return time;
}

void bench_node(const std::string& node) {
  const double theirs = node_check_time(node);
  if (theirs <= 0) {
    std::printf("BlockList.check against Node: not measured, '%s' does not run\n", node.c_str());
    return;
  }
  const BlockList list;
  add_subnets(list, many, Family::IPv4);
  std::mt19937_64 random(19);
  std::vector<std::string> asked;
  for (int i = 0; i < 20000; ++i) asked.push_back(random_address(random, Family::IPv4).address());
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    times.push_back(time_of(asked.size(), [&] {
      for (const std::string& text : asked) use(list.check(text));
    }));
  }
  const double ours = median(times);
  report("check, 100,000 IPv4 subnets / Node's", "ns", {ours, theirs, ours / theirs}, 0.001);
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("medians of %d interleaved rounds\n", rounds);
  bench_is_ip();
  bench_parse("parse, IPv4 / inet_pton", Family::IPv4);
  bench_parse("parse, IPv6 in brackets / inet_pton", Family::IPv6);
  bench_check("check(SocketAddress), 100,000 IPv4 subnets / 10", "check(text), 100,000 IPv4 subnets / 10",
              Family::IPv4);
  bench_check("check(SocketAddress), 100,000 IPv6 subnets / 10", "check(text), 100,000 IPv6 subnets / 10",
              Family::IPv6);
  bench_add("adding 100,000 random IPv4 subnets", Family::IPv4, false);
  bench_add("adding 100,000 sorted IPv4 subnets", Family::IPv4, true);
  bench_add("adding 100,000 random IPv6 subnets", Family::IPv6, false);
  bench_add("adding 100,000 sorted IPv6 subnets", Family::IPv6, true);
  bench_node(argc > 1 ? argv[1] : "node");
}
