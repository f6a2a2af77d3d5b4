// What ServerOptions::access says, in force: its files, read again when they change, and a gate for each worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/audit.h"
#include "access/call_gate.h"
#include "net/watched_files.h"
#include "observe/log/log.h"
#include "wasm_grpc/access_options.h"
#include "wasm_grpc/counters.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::runtime {

/// Outlives the workers, or is given up when none uses its gate any more. What changes is read on the thread of the
/// first; each gate is used, and told of it, on that of its worker.
class AccessControl : public std::enable_shared_from_this<AccessControl> {
 public:
  /// Runs a function on the thread of a worker, after some time, unless it stops before. From any thread.
  using Post = std::function<void(unsigned worker, std::chrono::milliseconds after, std::function<void()> function)>;

  /// Reads the files; the error says which of them is wrong, and how. `log` outlives it.
  [[nodiscard]] static Result<std::shared_ptr<AccessControl>> create(const AccessOptions& options,
                                                                     const observe::Log& log, unsigned workers);

  [[nodiscard]] access::CallGate& gate(std::size_t worker) noexcept { return *gates_[worker]; }
  /// Once the workers have started: looks at the files once a second, as long as it lives.
  void watch(Post post);
  void add_counters(ServerCounters& total) const;

 private:
  /// Decisions become lines of the log, which are dropped before others where they are too many for whoever takes them.
  class Auditor final : public access::AuditLog {
   public:
    explicit Auditor(const observe::Log& log) : log_(log) {}
    void note(const access::AuditEvent& event) noexcept override;

   private:
    const observe::Log& log_;
  };

  AccessControl(const AccessOptions& options, const observe::Log& log, unsigned workers);
  /// A file, and what is made of it.
  struct Source {
    std::string what;  // "access policy FILE"
    net::WatchedFiles file;
    std::function<Result<>()> read;
  };

  [[nodiscard]] Result<> prepare();
  [[nodiscard]] Result<> prepare_issuer(std::size_t number);
  [[nodiscard]] Result<> read_policy();
  [[nodiscard]] Result<> read_keys(std::size_t issuer);
  /// A file that is read now, and again when it changes.
  [[nodiscard]] Result<> add_source(std::string what, const std::string& file, std::function<Result<>()> read);
  void make_verifier();
  void publish();
  void look();
  void look_later();

  const AccessOptions options_;
  const observe::Log& log_;
  Auditor auditor_;
  std::vector<std::unique_ptr<access::CallGate>> gates_;  // by worker
  // Of the first worker's thread, once there is one.
  access::Rules rules_;                         // those in force
  std::vector<access::TrustedIssuer> issuers_;  // what the verifier in force was made of
  std::vector<Source> sources_;
  Post post_;
};

}  // namespace wasm_grpc::runtime
