// A server that serves WebAssembly modules, and native handlers beside them, over gRPC.
//
//   auto server = Server::create({});
//   server.value()->add_module("greeter.wasm", {});
//   auto address = server.value()->listen("127.0.0.1:0");
//   server.value()->start();
//   …
//   server.value()->stop();
//   server.value()->wait();
//
// Every Result is to be checked; examples/embed shows it in full.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/counters.h"
#include "wasm_grpc/host_module.h"
#include "wasm_grpc/listen_options.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/reload.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/call_observer.h"
#include "wasm_grpc/rpc/gate.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/worker_events.h"

namespace wasm_grpc {

/// How a module serves a method: by a function that runs as long as the call, or by one for each event of it.
enum class MethodStyle : std::uint8_t { handler, events };

/// Which instance of a module a call in event style meets: that of the worker its connection is on, the one in the
/// process, or the one for the value of a request header.
enum class InstancePlacement : std::uint8_t { worker, process, key };

/// A method and how many messages go each way.
struct MethodInfo {
  std::string path;
  rpc::MethodKind kind = rpc::MethodKind::unary;
  // The types of its messages, "package.Message", where its module describes them; else empty.
  std::string request_type;
  std::string response_type;
  /// Nothing where it is not known: of native methods, and of modules that were not run.
  std::optional<MethodStyle> style = std::nullopt;
};

/// What a module turned out to be when it was loaded.
struct ModuleInfo {
  std::string name;
  std::string abi;
  std::size_t size = 0;  // bytes of its file
  std::vector<MethodInfo> methods;
  struct Import {
    std::string module;
    std::string name;
    std::string type;
  };
  std::vector<Import> imports;
  std::uint64_t memory_minimum_bytes = 0;
  std::uint64_t memory_maximum_bytes = 0;  // what it may grow to; the host's limit where it sets none
  std::size_t descriptor_bytes = 0;        // of its protobuf descriptors
  /// Its protobuf descriptors, serialized google.protobuf.FileDescriptorSet messages; empty where it has none.
  std::vector<std::string> descriptors;
  /// What of its ABI it may use, by its imports and exports, such as "events", "metadata" or "compression".
  std::vector<std::string> features;
  /// Of its calls in event style; nothing where it has no such methods, or was not run.
  std::optional<InstancePlacement> placement;
  std::string placement_key;  // the request header, for InstancePlacement::key
  /// The targets that its start says it needs, by their names, 256 at most; none where it was not run.
  std::vector<std::string> needed_targets;
  /// What it will not do as its author may expect, by the way it was linked: a line for each. The log has them too.
  std::vector<std::string> warnings;
};

/// Makes the handler of a native method for one worker; called once for each, before start() returns.
using HandlerFactory = std::function<std::unique_ptr<rpc::Handler>()>;

/// A simple native unary method: reads the request, appends the response to `response`. Runs on worker threads, several
/// at once, between other calls: it must be short and must not block.
using UnaryFunction =
    std::function<rpc::Status(rpc::Call& call, std::span<const std::byte> request, std::vector<std::byte>& response)>;

/// A server. Set it up from one thread: add_host_module(), add_module(), add_method(), listen(), then start(). Then
/// modules may be changed. stop(), wait() and counters() may be called from any thread.
class Server {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Server>> create(const ServerOptions& options);
  /// Stops at once when it still runs.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Offers functions to guests. Before the modules that import them are added. Several may have the same name, as long
  /// as their functions have not.
  Result<> add_host_module(HostModule module);

  /// Loads a module: compiles it, runs its start once to learn its methods. Takes time; errors name the file. Of a
  /// server that has started it is a change of modules, as below.
  Result<ModuleInfo> add_module(const std::string& path, const ModuleOptions& options);
  /// Says what can be known of a module without running it, and does not add it. Its methods are those of the services
  /// that its custom section "wasm_grpc.descriptors" describes; it may declare others when it is added.
  Result<ModuleInfo> inspect_module(const std::string& path);
  /// The first from memory; `options.name` must be set.
  Result<ModuleInfo> add_module(std::span<const std::byte> bytes, const ModuleOptions& options);

  /// Describes services of native methods, so that reflection, and whoever asks it, knows their messages: a serialized
  /// google.protobuf.FileDescriptorSet, with all files that its own import but those of google/protobuf/. Before the
  /// methods; may be called several times, for different services.
  Result<> add_descriptors(std::span<const std::byte> file_descriptor_set);
  /// Serves a method by native code. Refused where its service is described, and the method is not, or as one of
  /// another kind. Clients whose content-type says another format than `formats` allows are answered
  /// UNIMPLEMENTED; Call::content_subtype() tells which.
  Result<> add_method(std::string_view path, rpc::MethodKind kind, HandlerFactory factory,
                      rpc::MessageFormats formats = rpc::MessageFormats::protobuf);
  Result<> add_unary_method(std::string_view path, UnaryFunction function,
                            rpc::MessageFormats formats = rpc::MessageFormats::protobuf);

  /// Listens on "ADDRESS:PORT" ("[::1]:PORT" for IPv6), with TLS where ServerOptions::tls has a certificate;
  /// "http://ADDRESS:PORT", without TLS; "https://ADDRESS:PORT"; or "unix:PATH", with the mode and owner of the
  /// socket's file where they are wanted: "unix:PATH?mode=0660&user=NAME&group=NAME". A name, such as localhost, stands
  /// for all its addresses, on the same port. Returns the real address, the first of a name, where port 0 has become a
  /// port and nothing follows PATH; "https://" says that it speaks TLS. May be called more than once.
  /// What `options` say holds there, for the rest what ServerOptions say. The error is one line; then nothing listens.
  Result<std::string> listen(const std::string& address, const ListenOptions& options = {});
  /// What would be wrong with that, as far as is known before it listens. Reads the certificates. Before start().
  [[nodiscard]] Result<> check_listen(const std::string& address, const ListenOptions& options = {}) const;
  /// Serves metrics, readiness and a page of what is going on, on an address of its own and by a thread of its own:
  /// "ADDRESS:PORT" or "unix:PATH", as listen(), without TLS. Returns the real address. An address that other machines
  /// reach is refused without a token, unless AdminOptions allows for it. docs/metrics.md says what is there.
  Result<std::string> listen_admin(const std::string& address);
  /// All real addresses that it listens on, in the order of the calls of listen() and of the addresses of names. Once
  /// it is set up, from any thread.
  [[nodiscard]] std::vector<std::string> addresses() const;

  /// Adds the services of ServerOptions that every server has, where they are not served yet, and starts the workers.
  Result<> start();
  /// Begins a graceful stop: says that it is not ready; after ServerOptions::shutdown_delay takes no new connections or
  /// calls, and those in progress may end within the drain timeout.
  void stop() noexcept;
  /// Ends a graceful stop: what still runs is cut off.
  void stop_now() noexcept;
  /// Returns when the server has stopped.
  void wait();

  /// Writes a line of the host's into the log; waits for nobody. From any thread, at any time.
  void log(LogLevel level, std::string_view text) noexcept;
  /// ServerOptions::log_level and ModuleOptions::log_level from here on, where nothing is the level of the server. From
  /// any thread. The error says that no module has the name; where several have it, all of them change.
  void set_log_level(LogLevel level) noexcept;
  [[nodiscard]] Result<> set_log_level(std::string_view module, std::optional<LogLevel> level);
  /// Writes on to files of the names that the options say, after they were renamed: for what rotates logs. From any
  /// thread. The error says what could not be opened; the old file is then written to on.
  [[nodiscard]] Result<> reopen_logs();
  /// Waits until what was logged before is written, as is wanted before the process ends without destroying the server.
  /// False when it takes longer.
  bool flush_log(std::chrono::milliseconds timeout) noexcept;

  /// All methods, of modules and native ones.
  [[nodiscard]] std::vector<MethodInfo> methods() const;

  // ---- Other modules, once the server has started: docs/reload.md ----
  //
  // From any thread but the workers' (which run handlers and host functions): these wait for the workers, and for each
  // other. A change is made whole or not at all: when it fails, with the reason, everything serves on as it did. A
  // module is read, compiled, started and warmed before it takes the place of another, whose calls then go on in its
  // instances: within ServerOptions::drain_timeout, or they end with UNAVAILABLE.

  /// Serves these modules from now on, in place of all that are served. One of a name that is served takes the place of
  /// that; where its bytes and its options are the same it is left as it is.
  [[nodiscard]] Result<ReloadReport> reload(const std::vector<ModuleSource>& modules);
  /// The same, and by these options from now on, all or nothing: limits of clients, protocols and TLS for connections
  /// that come from now on, CORS and access for requests, the level of the log where it is another than before.
  /// `of_addresses`: those of listen(), in the order of its calls. The error names what cannot change: the server's
  /// max_message_size and max_window_growth, and whether TLS is spoken at an address.
  [[nodiscard]] Result<ReloadReport> reload(const std::vector<ModuleSource>& modules, const LiveOptions& options,
                                            const std::vector<ListenOptions>& of_addresses);
  /// Serves this one in place of the module of its name, also where nothing about it has changed.
  [[nodiscard]] Result<ModuleInfo> replace_module(const ModuleSource& module);
  /// Serves the module of this name no longer.
  [[nodiscard]] Result<ReloadReport> remove_module(std::string_view name);

  /// What was counted so far. Once the server has started, from any thread, also after it has stopped; it disturbs no
  /// worker.
  [[nodiscard]] ServerCounters counters() const;

  // ---- For a transport beside its own, below rpc::Call; grpcpp.h is one ----

  /// Has the worker wait in `events`, which must outlive the server. Before start(), and not beside listen().
  [[nodiscard]] Result<> wait_in(std::size_t worker, WorkerEvents& events);

  // Once the server has started, on any thread:

  /// How many workers there are; below, they are numbered from 0.
  [[nodiscard]] std::size_t workers() const noexcept;
  /// As it was created with; reload() may have changed some.
  [[nodiscard]] const ServerOptions& options() const noexcept;
  /// The gRPC method of that path, with the handler that serves it on that worker; nullptr for none. On the thread of
  /// that worker: a call is told of it at once (rpc::Call::set_method()), and keeps it.
  [[nodiscard]] const rpc::Method* find_method(std::size_t worker, std::string_view path) const noexcept;
  /// Who is to be told of the calls of a worker, on its thread; nullptr for nobody. It lives as long as the server.
  [[nodiscard]] rpc::CallObserver* observer(std::size_t worker) const noexcept;
  /// Whether a call for that path may begin, by ServerOptions::access: nothing where it may. On the thread of the
  /// worker, before the handler of its method is started; the request's metadata may be changed.
  [[nodiscard]] std::optional<rpc::Refusal> refuse(std::size_t worker, rpc::Request& request, std::string_view path);
  /// Runs a function on the thread of the worker soon, in the order they are posted; not when it stops before. It must
  /// not throw.
  void post(std::size_t worker, std::function<void()> function);

 private:
  struct State;
  [[nodiscard]] Result<> add_reflection();
  [[nodiscard]] Result<> add_openapi();
  [[nodiscard]] Result<> add_load_reports();
  [[nodiscard]] Result<> add_health();
  [[nodiscard]] Result<> may_reload() const;
  [[nodiscard]] Result<ModuleInfo> add_while_running(const ModuleSource& source);
  template <typename Change>
  auto counted(const Change& change);
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wasm_grpc
