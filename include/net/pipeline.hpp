// pipeline: a pipe that a task waits for, and that leaves nothing open.
#ifndef NET_PIPELINE_HPP
#define NET_PIPELINE_HPP

#include <concepts>

#include <net/detail/events/own_listeners.hpp>
#include <net/error.hpp>
#include <net/file.hpp>
#include <net/options.hpp>
#include <net/promise.hpp>
#include <net/socket.hpp>
#include <net/task.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What can be piped, and what it can be piped to, that the library knows the end of.
template <class Stream>
concept PipelineEnd =
    std::same_as<Stream, Socket> || std::same_as<Stream, FileReader> || std::same_as<Stream, FileWriter>;

/// Both ends of a pipeline. Unless all has arrived they are destroyed with it.
template <class Source, class Destination>
struct PipelineEnds {
  PipelineEnds(const Source& source, const Destination& destination) : from(source), to(destination) {
    from.template on<"error">([this](const Error& error) { over.reject(error); });
    from.template on<"close">([this] {
      if (!from.emitter().readableEnded()) over.reject(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
    });
    to.template on<"error">([this](const Error& error) { over.reject(error); });
    to.template on<"finish">([this] {
      if (from.emitter().readableEnded()) over.resolve();  // somebody else may have ended it before
    });
    to.template on<"close">([this] { over.reject(make_error(Errc::ERR_STREAM_PREMATURE_CLOSE)); });
  }
  PipelineEnds(const PipelineEnds&) = delete;
  PipelineEnds& operator=(const PipelineEnds&) = delete;
  ~PipelineEnds() {
    from.off();
    to.off();
    if (arrived) return;
    undo_or_give_up(Access::state(from.emitter()), [this] { from.emitter().destroy(); });
    undo_or_give_up(Access::state(to.emitter()), [this] { to.emitter().destroy(); });
  }

  OwnListeners<Source> from;
  OwnListeners<Destination> to;
  Promise<> over;
  bool arrived = false;
};

template <class Source, class Destination>
Task<> run_pipeline(Source source, Destination destination, WaitOptions options) {
  PipelineEnds<Source, Destination> ends(source, destination);
  if (source.destroyed() && !source.readableEnded()) throw_error(closed_error(source));
  if (destination.destroyed()) throw_error(closed_error(destination));
  source.pipe(destination);
  co_await ends.over.wait(options);
  ends.arrived = true;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

/// `co_await pipeline(client, net::FileWriter("upload"))`: pipes a socket or a file into another one, and waits until
/// all has been written: for 'finish'. If one of them fails, or closes before, both are destroyed, and the error is
/// thrown: `ERR_STREAM_PREMATURE_CLOSE` if there is none, as Node's `stream.pipeline` has it. They are destroyed as
/// well if the wait is given up, by its `WaitOptions` or because the task goes.
template <detail::PipelineEnd From, detail::PipelineEnd To, class Limit = detail::WaitBraces>
Task<> pipeline(const From& source, const To& destination, Limit&& options = detail::without_limit) {
  return detail::run_pipeline(source, destination, WaitOptions(detail::limit_of<Limit>(options)));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
