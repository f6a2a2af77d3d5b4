// Who gets which connection, and how many there may be.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace wasm_grpc::net {

class Door;
class Receiver;
struct Terms;
using Protocol = asio::generic::stream_protocol;  // TCP or unix

/// How many connections some listeners may have of those that a door lets in, and have. Outlives them; belongs to the
/// door, whose lock it is under.
class Allowance {
 public:
  /// `most`: connections at once; 0 for no limit but the door's.
  explicit Allowance(std::size_t most = 0) noexcept : most_(most) {}
  Allowance(const Allowance&) = delete;
  Allowance& operator=(const Allowance&) = delete;

 private:
  friend class Door;
  std::size_t most_;
  std::size_t connections_ = 0;
};

/// A connection that was let in, and is counted at a receiver until this is destroyed. From any thread.
class Admission {
 public:
  Admission() = default;
  Admission(Admission&& other) noexcept;
  Admission& operator=(Admission&& other) noexcept;
  ~Admission() { end(); }
  /// The connection is gone.
  void end() noexcept;

 private:
  friend class Door;
  Admission(Door& door, std::size_t receiver, Allowance* allowance) noexcept
      : door_(&door), receiver_(receiver), allowance_(allowance) {}
  Door* door_ = nullptr;
  std::size_t receiver_ = 0;
  Allowance* allowance_ = nullptr;
};

/// An accepted connection on its way to who serves it.
struct Incoming {
  Protocol::socket socket;                       // of the receiver's io()
  std::string peer;                              // the client's address; "unix:" for a unix socket
  bool tls = false;                              // what is spoken
  bool behind_proxy = false;                     // the PROXY protocol comes first (proxy_header.h)
  Admission admission;                           // to be held until the connection is closed
  std::shared_ptr<const Terms> terms = nullptr;  // those of its listener; nullptr: the receiver's own
};

/// Who serves connections: one for each worker.
class Receiver {
 public:
  virtual ~Receiver() = default;
  [[nodiscard]] virtual asio::io_context& io() noexcept = 0;
  /// On the thread that runs io().
  virtual void receive(Incoming&& connection) noexcept = 0;
};

/// Counts the connections of the process, lets in no more than it may have, and gives each to the receiver that has the
/// fewest. Filled before the first listener accepts; after that it may be used from any thread. Outlives listeners,
/// receivers and connections.
///
/// It has a lock rather than counters of its own for each receiver: one look at all of them is exact, and connections
/// come and go far more seldom than calls.
class Door {
 public:
  /// `most`: connections at once; 0 for no limit.
  explicit Door(std::size_t most) noexcept : most_(most) {}
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  void add(Receiver& receiver) { receivers_.push_back({&receiver, 0}); }

  struct Place {
    Receiver* receiver;
    Admission admission;
  };
  /// A place for one more connection: at the receiver with the fewest; of several that have as few at the first, as
  /// they were added. Nothing while there are as many as there may be, in all or by the allowance of its listener.
  [[nodiscard]] std::optional<Place> admit(Allowance* allowance = nullptr) noexcept;

  /// From now on there may be so many, in all or by the allowance; those that are open stay.
  void set_most(std::size_t most) noexcept;
  void set_most(Allowance& allowance, std::size_t most) noexcept;
  [[nodiscard]] std::size_t most() const noexcept;
  /// How many there are at each receiver.
  [[nodiscard]] std::vector<std::size_t> counts() const;

 private:
  friend class Admission;
  struct Entry {
    Receiver* receiver;
    std::size_t connections;
  };
  void leave(std::size_t receiver, Allowance* allowance) noexcept;

  mutable std::mutex mutex_;
  std::size_t most_;
  std::vector<Entry> receivers_;
  std::size_t connections_ = 0;
};

}  // namespace wasm_grpc::net
