#include "net/tls/session.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "net/tls/certificate_names.h"

namespace wasm_grpc::net {

namespace {

constexpr std::size_t record_size = 16 * 1024;  // what one TLS record holds

}  // namespace

const BIO_METHOD* TlsSession::bio_method() {
  static const auto method = [] {
    std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wasm-grpc connection"), BIO_meth_free);
    if (!made) throw std::bad_alloc();
    BIO_meth_set_read_ex(made.get(), bio_read);
    BIO_meth_set_write_ex(made.get(), bio_write);
    BIO_meth_set_ctrl(made.get(), bio_control);
    return made;
  }();
  return method.get();
}

int TlsSession::bio_read(BIO* bio, char* data, std::size_t size, std::size_t* taken) {
  auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.input_.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *taken = std::min(size, self.input_.size());
  std::memcpy(data, self.input_.data(), *taken);
  self.input_ = self.input_.subspan(*taken);
  return 1;
}

int TlsSession::bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* taken) {
  auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.output_ == nullptr) return 0;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  self.output_->insert(self.output_->end(), bytes, bytes + size);
  *taken = size;
  return 1;
}

long TlsSession::bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

TlsSession::TlsSession(SslPointer ssl) : ssl_(std::move(ssl)) {
  BIO* bio = BIO_new(bio_method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

void TlsSession::fail() noexcept {
  state_ = State::failed;
  ERR_clear_error();
}

std::size_t TlsSession::read(std::span<std::byte> buffer, std::vector<std::byte>& output) {
  if (state_ == State::failed || ended_) return 0;
  output_ = &output;
  std::size_t size = 0;
  const int done = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size);
  const int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), done);
  output_ = nullptr;
  if (error == SSL_ERROR_ZERO_RETURN) {
    ended_ = true;
  } else if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ) {
    fail();
    return 0;
  }
  if (state_ == State::handshaking && SSL_is_init_finished(ssl_.get())) state_ = State::open;
  return done == 1 ? size : 0;
}

bool TlsSession::write(std::span<const asio::const_buffer> plain, std::vector<std::byte>& output) {
  if (state_ != State::open) return false;
  output_ = &output;
  bool good = true;
  const auto encrypt = [&](const void* data, std::size_t size) {
    while (good && size > 0) {
      std::size_t written = 0;
      good = SSL_write_ex(ssl_.get(), data, size, &written) == 1;
      data = static_cast<const char*>(data) + written;
      size -= written;
    }
  };
  // Frame heads and the payloads between them share records: each record costs more than the copy.
  std::array<char, record_size> record;
  std::size_t used = 0;
  for (const asio::const_buffer& piece : plain) {
    const auto* data = static_cast<const char*>(piece.data());
    std::size_t size = piece.size();
    while (size > 0) {
      if (used == 0 && size >= record_size) {
        const std::size_t whole = size - size % record_size;
        encrypt(data, whole);
        data += whole;
        size -= whole;
        continue;
      }
      const std::size_t part = std::min(size, record.size() - used);
      std::memcpy(record.data() + used, data, part);
      used += part;
      data += part;
      size -= part;
      if (used == record.size()) {
        encrypt(record.data(), used);
        used = 0;
      }
    }
  }
  encrypt(record.data(), used);
  output_ = nullptr;
  if (!good) fail();
  return good;
}

void TlsSession::end(std::vector<std::byte>& output) {
  if (state_ != State::open) return;
  output_ = &output;
  SSL_shutdown(ssl_.get());
  output_ = nullptr;
  ERR_clear_error();
}

TlsNames TlsSession::peer_names() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {};
  return names_of(certificate);
}

std::string_view TlsSession::protocol() const noexcept {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace wasm_grpc::net
