#include <stdlib.h>
#include <uv.h>

static void allocate(uv_handle_t* handle, size_t size, uv_buf_t* buffer) {
  (void)handle;
  *buffer = uv_buf_init(malloc(size), (unsigned)size);
}

static void closed(uv_handle_t* handle) { free(handle); }

static void written(uv_write_t* request, int status) {
  (void)status;
  free(request->data);
  free(request);
}

static void readable(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  if (size > 0) {
    uv_write_t* request = malloc(sizeof *request);
    request->data = buffer->base;
    uv_buf_t part = uv_buf_init(buffer->base, (unsigned)size);
    uv_write(request, stream, &part, 1, written);
    return;
  }
  free(buffer->base);
  if (size < 0) uv_close((uv_handle_t*)stream, closed);
}

static void connected(uv_stream_t* listener, int status) {
  if (status < 0) return;
  uv_tcp_t* client = malloc(sizeof *client);
  uv_tcp_init(listener->loop, client);
  if (uv_accept(listener, (uv_stream_t*)client) == 0) {
    uv_read_start((uv_stream_t*)client, allocate, readable);
  } else {
    uv_close((uv_handle_t*)client, closed);
  }
}

int main(void) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  struct sockaddr_in address;
  uv_tcp_init(loop, &listener);
  uv_ip4_addr("127.0.0.1", 7000, &address);
  uv_tcp_bind(&listener, (const struct sockaddr*)&address, 0);
  if (uv_listen((uv_stream_t*)&listener, 511, connected) != 0) return 1;
  return uv_run(loop, UV_RUN_DEFAULT);
}
