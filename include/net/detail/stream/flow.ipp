// What the user asks of the reading side: to pause, to go on, to decode, to take bytes back. Internal.
#ifndef NET_DETAIL_STREAM_FLOW_IPP
#define NET_DETAIL_STREAM_FLOW_IPP

#include <net/detail/base/exchange.hpp>
#include <net/detail/stream/state.hpp>

#if NET_BODIES

#include <string>
#include <string_view>
#include <utility>

#include <net/detail/stream/steps.hpp>
#include <net/detail/text/decoder.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void SocketState::pause() {
  if (users_buffer && !connecting()) unwatch_readable();  // at once (S25.5)
  if (flow_state != Flow::paused) {
    flow_state = Flow::paused;
    emit_event<on_pause>();
  }
  asked_flow = Flow::paused;
}

NET_API void SocketState::resume() {
  if (users_buffer && !connecting() && !ended()) watch_readable();
  if (flow_state != Flow::flowing) {
    if (!resume_ticking) {
      tick_always(step_of<&SocketState::resume_now>);
      resume_ticking = true;
    }
    flow_state = readable_listening ? Flow::paused : Flow::flowing;
  }
  asked_flow = Flow::flowing;
  if (reader_note == ReaderNote::left) [[unlikely]]
    taken_over();
}

NET_API void SocketState::resume_now() {
  if (!reading) read_zero();
  resume_ticking = false;
  emit_event<on_resume>();
  flow();
  if (flow_state == Flow::flowing && !reading) read_zero();
}

/// S14.20, S14.21: from now on 'data' is text; what is buffered is decoded at once.
NET_API void SocketState::set_encoding(Encoding encoding) {
  ColdState& kept = ensure_cold();
  Function<std::string(std::string_view, Decode)> decode =
      [decoder = Decoder(encoding)](std::string_view piece, Decode what) mutable { return decoder.ask(piece, what); };
  // what is there becomes one piece; what was decoded already is text, and stays as it is
  std::string text;
  for (std::size_t i = 0; buffer && i < buffer->pieces.size(); ++i) {
    const std::string_view piece = buffer->pieces[i].view();
    decodes ? void(text += piece) : void(text += decode(piece, Decode::piece));
  }
  ReadBuffer one;
  if (!text.empty()) one.push(std::move(text));
  // from here on nothing needs memory
  kept.encoding = encoding;
  kept.decode = std::move(decode);
  decodes = true;
  if (!buffer) return;
  std::swap(*buffer, one);
  if (buffer->length == 0) delete detail::exchange(buffer, nullptr);
}

/// S14.11: back to the front of what is to be read, as a piece of its own. As in Node a listener gets it at once only
/// if it flows, has been read from, and nothing else waits.
NET_API void SocketState::unshift(std::string_view bytes) {
  if (bytes.empty()) return;
  if (end_emitted()) return fail(make_error(Errc::ERR_STREAM_UNSHIFT_AFTER_END_EVENT));
  if (destroyed() || errored()) return;
  loop->ticks().reserve(2);  // what follows needs no memory
  if (flow_state == Flow::flowing && !never_read && !buffer && data_listening) {
    emit_event<on_data>(bytes);
  } else {
    if (!buffer) buffer = new ReadBuffer;
    buffer->push_front(bytes);
    if (need_readable) emit_readable();
  }
  maybe_read_more();
}

/// Node's _read: the kernel may be read, now or when the connection is there.
NET_API void SocketState::request_read() {
  if (phase != Phase::open) {
    if (!users_buffer) {
      read_when_connected = true;
    } else {
      // in its place among the listeners: a pause before it is too early, one after it is not
      once_inside(own_read, on_connect, [](SocketState& self) {
        self.drop_own(own_read);
        self.watch_readable();
      });
    }
  } else {
    watch_readable();
  }
}

NET_API void SocketState::data_listener_added() {
  // one that has just been removed counts until the next tick
  if (listeners.has(on_readable)) readable_listening = true;
  if (flow_state != Flow::paused || reader_note == ReaderNote::left) resume();
  data_listening = true;
}

NET_API void SocketState::readable_listener_added() {
  expect_removal();
  loop->ticks().reserve(1);
  by_buffer = true;
  if (end_emitted() || readable_listening) return;
  readable_listening = need_readable = true;
  flow_state = Flow::paused;
  readable_emitted = false;
  if (read_length() > 0) {
    emit_readable();
  } else if (!reading) {
    tick_always(step_of<&SocketState::read_zero>);
  }
}

/// What follows when a 'readable' listener is removed comes on a tick, and a destructor may remove it. So there is
/// space for that tick while there are such listeners, unless it is owed already.
NET_API void SocketState::expect_removal() {
  if (removal_expected) return;
  loop->ticks().expect();
  removal_expected = true;
}

NET_API void SocketState::readable_listener_removed() noexcept {
  if (!removal_expected) return;  // it is owed, and looks at all of them
  loop->ticks().push_expected(CurrentStep<SocketState>{
      Owing<SocketState>(*this), step_of<&SocketState::look_at_readable_listeners>, any_generation});
  removal_expected = listeners.has(on_readable) && loop->ticks().expect_if_space();
}

NET_API void SocketState::look_at_readable_listeners() {
  readable_listening = listeners.has(on_readable);
  if (readable_listening && !removal_expected) {
    removal_expected = loop->ticks().expect_if_space();  // this step has just left its own
  } else if (!readable_listening) {
    expect_no_removal();
  }
  if (resume_ticking && asked_flow == Flow::flowing) {
    flow_state = Flow::flowing;
  } else if (data_listening) {
    resume();
  } else if (!readable_listening) {
    flow_state = Flow::unset;
  }
}

/// With nobody to listen it leaves run() (S1.6); 'close' follows all the same.
NET_API void SocketState::emit_error_event(const Error& error) {
  if (!emit_event<on_error>(error) && !errors_heard) throw_error(error);
}

NET_API void SocketState::listener_added(unsigned event) {
  if (!loop) return;
  if (event == on_data) data_listener_added();
  if (event == on_readable) readable_listener_added();
}

NET_API void SocketState::listener_put_in_front(unsigned event) {
  if (event == on_readable && loop) expect_removal();
  if (event == on_data || event == on_readable) by_buffer = true;
}

NET_API void SocketState::listener_removed(unsigned event) noexcept {
  if (!loop) return;
  if (event == on_data) data_listener_removed();
  if (event == on_readable) readable_listener_removed();
}

/// As in Node what follows comes even if there were none.
NET_API void SocketState::all_listeners_go(unsigned event) {
  if (!loop) return;
  if (event == on_readable || event == all_events) tick_always(step_of<&SocketState::look_at_readable_listeners>);
  if (event == on_end || event == all_events) removed_end_listener = true;
  if (event == on_error || event == all_events) errors_heard = false;
}

/// How many listeners the library itself has on an event, as Node counts them.
NET_API std::size_t SocketState::own_listeners(unsigned event) const noexcept {
  if (event == on_error) return errors_heard;
  return event == on_end && !removed_end_listener;
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
