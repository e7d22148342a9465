// What joined tasks give: all results, or one. Internal.
#ifndef NET_DETAIL_CORO_RESULTS_HPP
#define NET_DETAIL_CORO_RESULTS_HPP

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <net/detail/base/vec.hpp>
#include <net/detail/coro/joined_tasks.hpp>
#include <net/task.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The result of a task of void among others.
struct Nothing {};
template <class T>
using ResultOf = std::conditional_t<std::is_void_v<T>, Nothing, T>;

template <class T>
ResultOf<T> result_of(JoinedTask& task) {
  auto& promise = static_cast<typename Task<T>::promise_type&>(*task.promise);
  if constexpr (std::is_void_v<T>) {
    promise.take();
    return {};
  } else {
    return promise.take();
  }
}

template <std::size_t At, class T>
struct Result {
  T value;
};

/// To be taken apart: `auto [a, b] = …`. std::tuple would be 2,000 lines for every user.
template <class Indices, class... T>
struct ResultTuple;
template <std::size_t... At, class... T>
struct ResultTuple<std::index_sequence<At...>, T...> : Result<At, T>... {
  template <std::size_t Index>
  auto& get() & noexcept {
    return value_at<Index>(*this);
  }
  template <std::size_t Index>
  const auto& get() const& noexcept {
    return value_at<Index>(*this);
  }
  template <std::size_t Index>
  auto&& get() && noexcept {
    return std::move(value_at<Index>(*this));
  }

 private:
  template <std::size_t Index, class U>
  static U& value_at(Result<Index, U>& at) noexcept {
    return at.value;
  }
  template <std::size_t Index, class U>
  static const U& value_at(const Result<Index, U>& at) noexcept {
    return at.value;
  }
};

/// Tasks of different types, in a row.
template <std::size_t At, class T>
struct JoinedAt {
  Task<T> task;
  JoinedTask* joined = nullptr;
};

template <class Indices, class... T>
class AllOf;
template <std::size_t... At, class... T>
class AllOf<std::index_sequence<At...>, T...> : JoinedAt<At, T>... {
 public:
  explicit AllOf(Task<T>&&... tasks) : JoinedAt<At, T>{std::move(tasks)}... {}

  void begin(JoinedTasks& tasks) {
    (...,
     (static_cast<JoinedAt<At, T>&>(*this).joined = tasks.add(std::move(static_cast<JoinedAt<At, T>&>(*this).task))));
  }
  auto take(JoinedTasks& tasks) {
    tasks.rethrow();
    if constexpr (!(... && std::is_void_v<T>)) {
      return ResultTuple<std::index_sequence<At...>, ResultOf<T>...>{
          {result_of<T>(*static_cast<JoinedAt<At, T>&>(*this).joined)}...};
    }
  }
};
template <class... T>
using AllResults = AllOf<std::index_sequence_for<T...>, T...>;

/// Tasks of one type.
template <class T>
class OfVector {
 public:
  explicit OfVector(std::vector<Task<T>>&& tasks) : tasks_(std::move(tasks)) {}

  void begin(JoinedTasks& tasks) {
    joined_.reserve(tasks_.size());
    for (Task<T>& task : tasks_) joined_.push(tasks.add(std::move(task)));
  }

 protected:
  std::vector<Task<T>> tasks_;
  Vec<JoinedTask*> joined_;
};

template <class T>
struct AllOfVector : OfVector<T> {
  using OfVector<T>::OfVector;

  auto take(JoinedTasks& tasks) {
    tasks.rethrow();
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> results;
      results.reserve(this->joined_.size());
      for (JoinedTask* const task : this->joined_) results.push_back(result_of<T>(*task));
      return results;
    }
  }
};

template <class T>
struct OneResult : OfVector<T> {
  using OfVector<T>::OfVector;

  T take(JoinedTasks& tasks) {
    tasks.rethrow();
    if (!tasks.winner) throw_error(aggregate_failure(failures(), "All promises were rejected"));
    return static_cast<T>(result_of<T>(*tasks.winner));
  }

 private:
  Vec<Error> failures() const {
    Vec<Error> all;
    for (const JoinedTask* task : this->joined_) all.push(error_of(task->promise->thrown, "unknown exception"));
    return all;
  }
};

template <class T, class... Tasks>
std::vector<Task<T>> vector_of(Tasks&&... tasks) {
  std::vector<Task<T>> all;
  all.reserve(sizeof...(tasks));
  (..., all.push_back(std::move(tasks)));
  return all;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

template <class Indices, class... T>
struct std::tuple_size<net::detail::ResultTuple<Indices, T...>> : std::integral_constant<std::size_t, sizeof...(T)> {};
template <std::size_t Index, class Indices, class... T>
struct std::tuple_element<Index, net::detail::ResultTuple<Indices, T...>> {
  using type =
      std::remove_cvref_t<decltype(std::declval<net::detail::ResultTuple<Indices, T...>&>().template get<Index>())>;
};

#endif
