#include "http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <string_view>

namespace wasm_grpc::registry {

namespace {

/// False when nothing came for as long as a look takes.
bool readable(int socket) {
  pollfd waiting{socket, POLLIN, 0};
  return poll(&waiting, 1, 20) > 0;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

SeenRequest read_head(std::string_view head) {
  SeenRequest request;
  request.method = std::string(head.substr(0, head.find(' ')));
  head.remove_prefix(request.method.size() + 1);
  request.target = std::string(head.substr(0, head.find(' ')));
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n")) {
    head.remove_prefix(at + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.fields[name] = std::string(line.substr(colon + 2));
  }
  return request;
}

}  // namespace

HttpServer::HttpServer(Handler handler)
    : handler_(std::move(handler)), socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket_, any, size) != 0 || listen(socket_, 16) != 0 || getsockname(socket_, any, &size) != 0) std::abort();
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::stop() {
  if (ends_.exchange(true)) return;
  thread_.join();
  close(socket_);
}

std::string HttpServer::host() const { return "127.0.0.1:" + std::to_string(port_); }

std::vector<SeenRequest> HttpServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void HttpServer::run() {
  while (!ends_) {
    if (!readable(socket_)) continue;
    const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    serve(connection);
    close(connection);
  }
}

void HttpServer::serve(int connection) {
  std::string text;
  std::array<char, 16'384> buffer{};
  const auto read_more = [&] {
    while (!ends_ && !readable(connection)) {
    }
    const ssize_t count = ends_ ? 0 : recv(connection, buffer.data(), buffer.size(), 0);
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  };
  std::size_t end = std::string::npos;
  while ((end = text.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return;
  }
  SeenRequest request = read_head(std::string_view(text).substr(0, end));
  text.erase(0, end + 4);
  const auto length = request.fields.find("content-length");
  while (length != request.fields.end() && text.size() < std::stoul(length->second)) {
    if (!read_more()) return;
  }
  request.body = text;
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(request);
  }

  const Reply reply = handler_(request);
  while (reply.is_silent && !ends_ && (!readable(connection) || recv(connection, buffer.data(), 1, MSG_PEEK) > 0)) {
  }
  if (reply.is_silent) return;
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Told\r\nConnection: close\r\n";
  if (!reply.is_endless) {
    head += "Content-Length: " + std::to_string(reply.said_size.value_or(reply.body.size())) + "\r\n";
  }
  for (const std::string& field : reply.fields) head += field + "\r\n";
  if (!send_all(connection, head + "\r\n") || request.method == "HEAD") return;
  while (send_all(connection, reply.body) && reply.is_endless && !ends_) {
  }
}

}  // namespace wasm_grpc::registry
