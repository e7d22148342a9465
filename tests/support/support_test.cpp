#include "tests/support/support.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <new>
#include <string>

#include "tests/support/count_allocations.hpp"

using namespace tests;

TEST_CASE("support: an open descriptor is counted, a closed one is not") {
  const std::size_t before = open_descriptors();
  {
    const Descriptor one(::socket(AF_INET, SOCK_STREAM, 0));
    CHECK(open_descriptors() == before + 1);
    Descriptor two(::socket(AF_INET, SOCK_STREAM, 0));
    CHECK(open_descriptors() == before + 2);
    two.close();
    CHECK(open_descriptors() == before + 1);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("support: a temporary directory is removed with its files") {
  std::string path, file;
  {
    const TemporaryDirectory directory;
    path = directory.path().string();
    file = directory.file("inside");
    std::ofstream(file) << "text";
    CHECK(std::filesystem::exists(file));
  }
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("support: a closed port refuses connections and is nobody else's") {
  const ClosedPort one, two;
  CHECK(one.number() != two.number());
  const Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(one.number());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == -1);
  CHECK(errno == ECONNREFUSED);
}

TEST_CASE("support: every form of new is counted, with its bytes") {
  struct alignas(64) Aligned {
    char bytes[64];
  };
  CountAllocations allocations;
  const auto plain = std::make_unique<std::string>(100, 'x');
  CHECK(allocations.count() == 2);
  const std::size_t text = allocations.bytes() - sizeof(std::string);
  CHECK((text >= 101 && text < 128));  // some round it up
  allocations.restart();
  const auto aligned = std::make_unique<Aligned>();
  const std::unique_ptr<int[]> array(new (std::nothrow) int[10]);
  CHECK(reinterpret_cast<std::uintptr_t>(aligned.get()) % 64 == 0);
  CHECK(allocations.count() == 2);
  CHECK(allocations.bytes() == sizeof(Aligned) + 10 * sizeof(int));
}
