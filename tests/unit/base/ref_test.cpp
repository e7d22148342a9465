#include <net/detail/base/ref.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using net::detail::Ref;

namespace {

/// Counts its owners, and says when the last one has gone.
struct Counted {
  int owners = 0;
  bool freed = false;
  void retain() noexcept { ++owners; }
  void release() noexcept { freed = --owners == 0; }
};
struct Special : Counted {};

static_assert(sizeof(Ref<Counted>) == sizeof(Counted*));
static_assert(std::is_nothrow_move_constructible_v<Ref<Counted>> && std::is_nothrow_copy_constructible_v<Ref<Counted>>);
static_assert(!std::is_convertible_v<Counted*, Ref<Counted>>, "a plain pointer is no owner by accident");
static_assert(std::is_convertible_v<Ref<Special>, Ref<Counted>>);

}  // namespace

TEST_CASE("every copy of a reference owns, a moved one no more") {
  Counted thing;
  {
    const Ref<Counted> first(&thing);
    const Ref<Counted> second = first;
    CHECK(thing.owners == 2);
    Ref<Counted> third = second;
    Ref<Counted> fourth = static_cast<Ref<Counted>&&>(third);
    CHECK(thing.owners == 3);
    CHECK_FALSE(third);
    CHECK(third.get() == nullptr);
    CHECK(fourth.get() == &thing);
    CHECK(fourth->owners == 3);
    CHECK(&*fourth == &thing);
    CHECK_FALSE(thing.freed);
  }
  CHECK(thing.owners == 0);
  CHECK(thing.freed);
}

TEST_CASE("a reference may be set to itself, to another thing, and to none") {
  Counted one, other;
  Ref<Counted> ref(&one);
  const Ref<Counted>& same = ref;
  ref = same;
  CHECK(one.owners == 1);
  CHECK_FALSE(one.freed);
  ref = Ref<Counted>(&other);
  CHECK(one.freed);
  CHECK(other.owners == 1);
  ref = {};
  CHECK(other.freed);
  CHECK_FALSE(Ref<Counted>(nullptr));
}

TEST_CASE("a reference to a derived thing is one to its base, of the same count") {
  Special thing;
  const Ref<Special> special(&thing);
  const Ref<Counted> base = special;
  CHECK(thing.owners == 2);
  CHECK(base.get() == &thing);
}
