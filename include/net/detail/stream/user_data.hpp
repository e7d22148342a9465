// An object of the user's that a socket keeps. Internal.
#ifndef NET_DETAIL_STREAM_USER_DATA_HPP
#define NET_DETAIL_STREAM_USER_DATA_HPP

#include <type_traits>

#include <net/detail/base/exchange.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail {

/// One object of any type, or none.
class UserData {
 public:
  UserData() noexcept = default;
  UserData(const UserData&) = delete;
  UserData& operator=(const UserData&) = delete;
  ~UserData() { clear(); }

  explicit operator bool() const noexcept { return object_ != nullptr; }

  /// The one there is, or a new one.
  template <class T>
  T& get() {
    static_assert(std::is_object_v<T> && !std::is_const_v<T>, "data<T>() keeps a T itself");
    if (!object_) keep(new T(), kind_of<T>);
    if (kind_ != &kind_of<T>) throw_error(make_error(Errc::ERR_INVALID_STATE, "The socket's data has another type"));
    return *static_cast<T*>(object_);
  }
  /// What dies may do anything, but not come back to life here.
  void clear() noexcept {
    void* const gone = detail::exchange(object_, nullptr);
    const Kind* const kind = detail::exchange(kind_, nullptr);
    if (gone) kind->destroy(gone);
  }

 private:
  struct Kind {
    void (*destroy)(void*);
  };
  template <class T>
  static inline const Kind kind_of{[](void* object) { delete static_cast<T*>(object); }};

  /// Its constructor may have come here too: then that object counts.
  void keep(void* made, const Kind& kind) {
    if (object_) return kind.destroy(made);
    object_ = made;
    kind_ = &kind;
  }

  void* object_ = nullptr;
  const Kind* kind_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

#endif
