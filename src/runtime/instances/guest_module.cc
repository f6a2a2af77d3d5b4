#include "runtime/instances/guest_module.h"

#include <algorithm>

#include "runtime/instances/host_waits.h"

namespace wasm_grpc::runtime {

namespace {

/// The failure and where it happened, without the way there.
std::string describe_in_one_line(wasm::Failure failure) {
  if (failure.backtrace.empty()) return describe(failure);
  const std::string innermost = std::move(failure.backtrace.front());
  failure.backtrace.clear();
  return describe(failure) + ", in " + innermost;
}

std::string mebibytes(std::uint64_t bytes) {
  return bytes < std::uint64_t{10} << 20 ? std::to_string(bytes >> 10) + " KiB" : std::to_string(bytes >> 20) + " MiB";
}

/// What explains a start that failed since it got no more memory; empty when it did not ask in vain.
std::string refused_memory(const GuestInstance& guest) {
  if (!guest.instance.growth_refused()) return {};
  const wasm::MemoryLimits limits = guest.instance.memory_limits();
  return "; it had " + mebibytes(guest.instance.memory_use()) +
         " of memory and was refused more: an instance may have " + mebibytes(limits.max_memory_bytes) + " and " +
         std::to_string(limits.max_table_elements) + " elements of a table, all guests together " +
         mebibytes(limits.budget->max());
}

/// Runs the whole start of a new instance on this thread.
Result<> run_start(GuestInstance& guest, std::chrono::milliseconds timeout) {
  const auto give_up = wasm::Clock::now() + timeout;
  wasm::Progress progress{};
  while ((progress = guest.poll_start()) != wasm::Progress::done) {
    if (progress == wasm::Progress::failed) {
      if (!guest.start_refusal.empty()) return Error{guest.start_refusal};
      return Error{"its start failed: " + describe_in_one_line(guest.instance.failure()) + refused_memory(guest)};
    }
    if (wasm::Clock::now() >= give_up) {
      return Error{"its start did not finish within " + std::to_string(timeout.count()) + " ms"};
    }
    if (progress == wasm::Progress::suspended) {
      wait_here(guest.instance.suspension(), give_up);
    }
  }
  return success();
}

/// What the module says of itself, by its start or else by its custom section; and it must agree with what it does.
Result<std::shared_ptr<const services::DescribedFiles>> read_description(const wasm::Module& module,
                                                                         const abi::Declaration& declaration) {
  auto files = declaration.descriptors.empty() ? described_by_section(module)
                                               : services::DescribedFiles::parse(declaration.descriptors);
  if (!files.ok() || files.value() == nullptr) return files;
  for (const abi::DeclaredMethod& method : declaration.methods) {
    if (method.kind == rpc::MethodKind::http) continue;
    if (auto checked = files.value()->check(method.path, method.kind); !checked.ok()) return std::move(checked).error();
  }
  return files;
}

}  // namespace

Result<std::shared_ptr<const services::DescribedFiles>> described_by_section(const wasm::Module& module) {
  const std::string_view section = module.custom_section(abi::descriptors_section);
  if (section.empty()) return std::shared_ptr<const services::DescribedFiles>();
  if (section.size() > abi::max_descriptor_bytes) {
    return Error{"its section \"" + std::string(abi::descriptors_section) + "\" is larger than 4 MiB"};
  }
  const std::string sets[] = {std::string(section)};
  return services::DescribedFiles::parse(sets);
}

observe::InstanceLog& log_of(Caller& caller) noexcept {
  return *static_cast<observe::InstanceLog*>(
      wasm::InstanceCaller::from(caller).instance().host_data(wasm::HostSlot::log));
}

std::string describe(const wasm::Failure& failure) {
  if (failure.kind == wasm::Failure::Kind::exit) return "it exited with code " + std::to_string(failure.exit_code);
  return failure.describe();
}

std::string describe_start_failure(const GuestInstance& guest) {
  return guest.start_refusal.empty() ? describe(guest.instance.failure()) : guest.start_refusal;
}

GuestModule::GuestModule(std::shared_ptr<const wasm::LinkedModule> linked, const abi::Abi& abi,
                         std::shared_ptr<const wasi::Sandbox> sandbox, const observe::Log& log,
                         const ModuleOptions& options, wasm::ModuleStates states, std::size_t max_message_size,
                         wasm::MemoryBudget* memory)
    : linked_(std::move(linked)),
      abi_(&abi),
      sandbox_(std::move(sandbox)),
      log_(log),
      guests_log_(log, name(), options.log, options.log_level),
      life_(options.instances),
      limits_(options.guests.value_or(GuestLimits())),
      states_(std::move(states)),
      memory_budget_(memory),
      told_limits_{max_message_size, limits_.max_response_size, limits_.max_memory_bytes, limits_.max_cpu_time,
                   limits_.max_event_time} {
  if (abi::client_1::imports_any(linked_->module())) {
    grants_.emplace(name(), options.targets, options.may_lack_targets);
  }
}

std::uint32_t GuestModule::kept_instances(std::size_t workers) const noexcept {
  const bool has_events = std::any_of(declaration_.methods.begin(), declaration_.methods.end(),
                                      [](const auto& method) { return method.style == abi::Style::events; });
  if (!has_events || declaration_.placement == abi::Placement::key) return 0;
  return declaration_.placement == abi::Placement::process ? 1 : static_cast<std::uint32_t>(workers);
}

void GuestModule::tell_of_shortage() const noexcept {
  log_.write(LogLevel::warn, name(),
             "its instances have " + mebibytes(memory_budget_.used()) +
                 " of memory and want more, but all guests may have " + mebibytes(memory_budget_.max()) +
                 " together: they do not grow, and calls wait for new ones (" +
                 std::to_string(memory_budget_.refused_growths()) + " growths refused, " +
                 std::to_string(memory_budget_.delayed_instances()) +
                 " instances delayed so far); this is said every 10 s at most");
}

GuestInstance::GuestInstance(const GuestModule& module, const abi::Declaration* expected, wasm::MemoryReservation room)
    : log(module.guests_log()),
      wasi(module.sandbox(), module.name(), log),
      states(module.states()),
      instance(module.linked(), module.memory_limits(), std::move(room)),
      binding(module.abi().bind(instance, module.host_side(), expected)),
      start_calls(module.states().start_calls()) {
  if (module.grants() != nullptr) {
    client = std::make_unique<abi::client_1::InstanceBinding>(instance, *binding, *module.grants());
    if (expected == nullptr) client->note_targets();
  }
  instance.set_host_data(wasm::HostSlot::wasi, &wasi);
  instance.set_host_data(wasm::HostSlot::states, &states);
  instance.set_host_data(wasm::HostSlot::log, &log);
  log.set_binding(binding.get());
}

Result<bool> GuestInstance::begin_next_start_step() {
  if (in_start_call) {
    if (auto ended = end_start_call(); !ended.ok()) return std::move(ended).error();
  } else {
    auto step = binding->begin_next_start_step();
    if (!step.ok() || step.value()) return step;
    if (client != nullptr && !client->refusal().empty()) return Error{client->refusal()};
  }
  if (start_calls.empty()) return false;
  in_start_call = true;
  instance.begin_call(*instance.find_function(start_calls.front().function->name), {}, true);
  return true;
}

Result<> GuestInstance::end_start_call() {
  const wasm::ModuleStates::StartCall& call = start_calls.front();
  wasm::InstanceCaller caller(instance);
  RawValue value{.i32 = instance.result()};
  caller.invoke(call.function->function, call.host_module, &value);
  if (caller.trapped()) return Error{"its export \"" + call.function->name + "\": " + caller.trap_message()};
  start_calls = start_calls.subspan(1);
  in_start_call = false;
  return success();
}

wasm::Progress GuestInstance::poll_start() noexcept {
  while (true) {
    if (!instance.running()) {
      auto step = begin_next_start_step();
      if (!step.ok()) {
        start_refusal = std::move(step).error().message;
        return wasm::Progress::failed;
      }
      if (!step.value()) {
        memory_at_start = instance.memory().size();
        return wasm::Progress::done;
      }
    }
    const wasm::Progress progress = instance.poll();
    if (progress == wasm::Progress::done) continue;
    if (progress == wasm::Progress::failed && !in_start_call && binding->start_step_exited_well()) continue;
    return progress;
  }
}

Result<std::shared_ptr<GuestModule>> GuestModule::load(const wasm::Engine& engine, const wasm::Linker& linker,
                                                       std::string name, std::span<const std::byte> bytes,
                                                       std::shared_ptr<const wasi::Sandbox> sandbox,
                                                       const observe::Log& log, std::chrono::milliseconds start_timeout,
                                                       const ModuleOptions& options, const wasm::CodeCache* cache,
                                                       wasm::MemoryBudget* memory, std::size_t max_message_size,
                                                       const GuestModule* before) {
  auto compiled = wasm::Module::compile(engine, std::move(name), bytes, cache);
  if (!compiled.ok()) return std::move(compiled).error();
  auto abi = abi::detect(*compiled.value());
  if (!abi.ok()) return std::move(abi).error();
  auto linked = linker.link(std::move(compiled).value(), options);
  if (!linked.ok()) return std::move(linked).error();
  auto states = wasm::ModuleStates::make(linker.host_modules(), linked.value()->module(), options,
                                         before == nullptr ? nullptr : &before->states());
  if (!states.ok()) return std::move(states).error();

  std::shared_ptr<GuestModule> module(new GuestModule(std::move(linked).value(), *abi.value(), std::move(sandbox), log,
                                                      options, std::move(states).value(), max_message_size, memory));
  GuestInstance first(*module, nullptr);
  if (auto started = run_start(first, start_timeout); !started.ok()) return std::move(started).error();
  module->start_memory_ = first.instance.memory_use();
  module->declaration_ = first.binding->declaration();
  if (first.client != nullptr) module->needed_targets_ = first.client->needed_targets();
  if (module->declaration_.methods.empty()) return Error{"its start declares no method"};
  auto times = CallTimes::create(options, module->declaration_.methods);
  if (!times.ok()) return std::move(times).error();
  module->call_times_ = std::move(times).value();
  auto files = read_description(module->linked().module(), module->declaration_);
  if (!files.ok()) return std::move(files).error();
  module->described_ = std::move(files).value();
  // Not before: what the first instance lacks is what the error says.
  module->memory_budget_.on_shortage([guest = module.get()] { guest->tell_of_shortage(); });
  return module;
}

}  // namespace wasm_grpc::runtime
