// A guest as wazero-grpc-server's Go SDK makes them: an export for each thing that happens, an import to answer.
#include "pantopic_buffers.h"

__attribute__((import_module("pantopic/wazero-grpc-server"), import_name("__grpc_server_send"))) void host_send(void);

// Of the stream that is open: an instance has one at a time.
static uint32_t sum;
static char held[1024];
static uint32_t held_len;

static void send_ok(void) {
  error_code = 0;
  host_send();
}

__attribute__((export_name("__grpc_server"))) uint32_t server(void) {
  return describe(
      "/pantopic.Unary/u.Echo,u.Fail,u.FailUnsent,u.Silent,u.Twice,u.Trap"
      "/pantopic.Stream/b.Add,s.Count,s.Endless,c.Greedy,b.Hold,s.Late,b.Refuse,c.Sum");
}

__attribute__((export_name("__grpc_server_unary"))) void unary(void) {
  if (called("/pantopic.Unary/Echo")) {
    host_send();
  } else if (called("/pantopic.Unary/Fail")) {
    fail_as_asked();
    host_send();
    error_code = 0;
  } else if (called("/pantopic.Unary/FailUnsent")) {
    fail_as_asked();
  } else if (called("/pantopic.Unary/Twice")) {
    send_ok();
    write_text("again");
    send_ok();
  } else if (called("/pantopic.Unary/Trap")) {
    __builtin_trap();
  }
}

__attribute__((export_name("__grpc_server_client_stream_open"))) void client_stream_open(void) { sum = 0; }

__attribute__((export_name("__grpc_server_client_stream_recv"))) void client_stream_recv(void) {
  sum += read_number();
  if (called("/pantopic.Stream/Greedy") && sum >= 10) {
    write_number(sum);
    send_ok();
  }
}

__attribute__((export_name("__grpc_server_client_stream_close"))) void client_stream_close(void) {
  write_number(sum);
  send_ok();
}

__attribute__((export_name("__grpc_server_server_stream_open"))) void server_stream_open(void) {
  if (called("/pantopic.Stream/Late")) return;
  const int endless = called("/pantopic.Stream/Endless");
  const uint32_t count = endless ? UINT32_MAX : read_number();
  for (uint32_t i = 0; i < count; ++i) {
    write_number(i);
    if (endless) message_len = 4096;
    send_ok();
    if (error_code != 0) return;
  }
}

__attribute__((export_name("__grpc_server_server_stream_close"))) void server_stream_close(void) {
  if (!called("/pantopic.Stream/Late")) return;
  write_text("late");
  send_ok();
}

__attribute__((export_name("__grpc_server_bidirectional_open"))) void bidirectional_open(void) {
  sum = 0;
  held_len = 0;
}

__attribute__((export_name("__grpc_server_bidirectional_recv"))) void bidirectional_recv(void) {
  if (called("/pantopic.Stream/Add")) {
    sum += read_number();
    write_number(sum);
    send_ok();
  } else if (called("/pantopic.Stream/Refuse")) {
    error_code = 7;
    write_text("not allowed");
    host_send();
  } else if (held_len + message_len <= sizeof(held)) {
    memcpy(held + held_len, message, message_len);
    held_len += message_len;
  }
}

__attribute__((export_name("__grpc_server_bidirectional_close"))) void bidirectional_close(void) {
  if (!called("/pantopic.Stream/Hold")) return;
  memcpy(message, held, held_len);
  message_len = held_len;
  send_ok();
}

// Echoes a body, or what was asked for where there is none; /missing is not found.
__attribute__((export_name("__grpc_server_http"))) void http(void) {
  if (called("GET /missing")) {
    error_code = 404;
    write_text("nothing here");
  } else if (message_len == 0) {
    memcpy(message, method, method_len);
    message_len = method_len;
  }
}
