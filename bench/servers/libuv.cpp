// libuv as its guide writes it (a buffer a read, a request a write), and with the variant `try`: one
// buffer for all reads and uv_try_write first, which is the fastest it can do.
#include <uv.h>
#include <csignal>

#include "common.hpp"

namespace {

constexpr std::size_t pause_above = 1024 * 1024;

Job job;
bool try_first;
char shared_buffer[usual_buffer];

struct Write {
  uv_write_t request;
  char* data;
};

void free_handle(uv_handle_t* handle) { std::free(handle); }

void hand_out(uv_handle_t*, std::size_t suggested, uv_buf_t* buffer) {
  if (try_first) {
    *buffer = uv_buf_init(shared_buffer, sizeof shared_buffer);
  } else {
    *buffer = uv_buf_init(static_cast<char*>(std::malloc(suggested)), static_cast<unsigned>(suggested));
  }
}

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);

void on_written(uv_write_t* request, int) {
  auto* write = reinterpret_cast<Write*>(request);
  uv_stream_t* stream = request->handle;
  std::free(write->data);
  std::free(write);
  if (!uv_is_active(reinterpret_cast<uv_handle_t*>(stream)) && !uv_is_closing(reinterpret_cast<uv_handle_t*>(stream)) &&
      uv_stream_get_write_queue_size(stream) == 0) {
    uv_read_start(stream, hand_out, on_read);
  }
}

// `data` belongs to the write from here on.
void queue_write(uv_stream_t* stream, char* data, std::size_t offset, std::size_t size) {
  auto* write = static_cast<Write*>(std::malloc(sizeof(Write)));
  write->data = data;
  uv_buf_t part = uv_buf_init(data + offset, static_cast<unsigned>(size));
  uv_write(&write->request, stream, &part, 1, on_written);
  if (uv_stream_get_write_queue_size(stream) > pause_above) uv_read_stop(stream);
}

char* copy_of(const char* data, std::size_t size) {
  return static_cast<char*>(std::memcpy(std::malloc(size), data, size));
}

void write_now(uv_stream_t* stream, char* data, std::size_t size) {
  uv_buf_t all = uv_buf_init(data, static_cast<unsigned>(size));
  const int sent = uv_try_write(stream, &all, 1);
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (taken < size) queue_write(stream, copy_of(data + taken, size - taken), 0, size - taken);
}

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  char* data = buffer->base;
  if (size < 0) uv_close(reinterpret_cast<uv_handle_t*>(stream), free_handle);
  if (size > 0 && job == Job::echo) {
    if (!try_first) return queue_write(stream, data, 0, static_cast<std::size_t>(size));
    write_now(stream, data, static_cast<std::size_t>(size));
  } else if (size > 0 && job == Job::burst) {
    for (int i = 0; i < burst_answers; ++i) {
      if (try_first) {
        write_now(stream, data, message_size);
      } else {
        queue_write(stream, copy_of(data, message_size), 0, message_size);
      }
    }
  }
  if (!try_first) std::free(data);
}

void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto* client = static_cast<uv_tcp_t*>(std::malloc(sizeof(uv_tcp_t)));
  uv_tcp_init(listener->loop, client);
  auto* stream = reinterpret_cast<uv_stream_t*>(client);
  if (uv_accept(listener, stream) != 0 || job == Job::close) {
    uv_close(reinterpret_cast<uv_handle_t*>(client), free_handle);
    return;
  }
  uv_tcp_nodelay(client, 1);
  uv_read_start(stream, hand_out, on_read);
}

}  // namespace

int main(int argc, char** argv) {
  job = job_from(argc, argv);
  try_first = has_variant(argc, argv, "try");
  std::signal(SIGPIPE, SIG_IGN);  // libuv leaves this to the program
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  uv_tcp_init(loop, &listener);
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&address), 0);
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 511, on_connection) != 0) return 1;
  int length = sizeof address;
  uv_tcp_getsockname(&listener, reinterpret_cast<sockaddr*>(&address), &length);
  announce(ntohs(address.sin_port));
  return uv_run(loop, UV_RUN_DEFAULT);
}
