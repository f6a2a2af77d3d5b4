// An operation on its way: which commands it is, and what their replies mean.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/redis/reply.h"
#include "store/redis/scripts.h"
#include "store/redis/space.h"
#include "store/store.h"

namespace wasm_grpc::store::redis {

/// A request of a space that let it enter. Whoever has it ends it, by finish() or give_up(). Belongs to the thread that
/// asks the server, once that has it.
class Job {
 public:
  Job(std::shared_ptr<Space> space, std::unique_ptr<Request> request);
  Job(Job&&) noexcept = default;
  Job& operator=(Job&&) noexcept = default;
  ~Job() = default;
  /// Of a command that is no operation: `take` is given the reply, or nothing when there is none.
  Job(std::shared_ptr<Space> space, std::function<void(std::string& to)> write, std::function<void(Reply)> take);

  [[nodiscard]] bool wanted() const noexcept { return request_->wanted(); }
  [[nodiscard]] const Operation& operation() const noexcept { return request_->operation; }
  [[nodiscard]] const std::string& module() const noexcept { return space_->meter().module(); }

  /// Of those that can be asked together with others of the same space, as ChangeMany does: one command for all of
  /// them, which costs the server a fraction of one for each.
  [[nodiscard]] bool can_join() const noexcept;
  [[nodiscard]] bool joins(const Job& other) const noexcept { return space_ == other.space_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// Appends the command for all of them. Its reply is told apart by reply_for().
  static void write_together(std::span<const Job> jobs, const Digests& digests, std::string& to);
  /// What that job is to take() of the reply to `count` of them.
  [[nodiscard]] static Reply reply_for(std::size_t job, std::size_t count, const Reply& reply);

  /// Appends the command that is to be sent next; or returns the answer, where the server need not be asked.
  [[nodiscard]] std::optional<Answer> write(const Digests& digests, std::string& to);

  struct Taken {
    std::optional<Answer> answer = {};  // nothing: write() has more to say
    std::string trouble = {};           // why it is unavailable, or full
    bool leave_server = false;          // it will not do for others either: another one may, or this one later
  };
  /// Takes the reply to that command.
  [[nodiscard]] Taken take(Reply reply);

  /// Counts and answers it. Returns how long it took.
  std::chrono::nanoseconds finish(Answer answer, std::chrono::steady_clock::time_point now, Wakes& wakes);
  /// Nobody waits for it any more.
  void give_up();

 private:
  /// Where the server does not.
  void tell_watchers(const Answer& answer) const noexcept;
  /// What few have.
  struct Course {
    std::function<void(std::string& to)> write;  // of a command that is no operation
    bool tell_script = false;                    // the server has forgotten it
    bool around = false;                         // a sum that does not fit
    std::string after;                           // of a list: the key it has come to
    std::vector<Listed> listed;
  };
  [[nodiscard]] Course& course() {
    if (course_ == nullptr) course_ = std::make_unique<Course>();
    return *course_;
  }
  [[nodiscard]] bool tells_script() const noexcept { return course_ != nullptr && course_->tell_script; }
  [[nodiscard]] bool is_command() const noexcept { return course_ != nullptr && course_->write; }

  void write_script(Script script, const Digests& digests, std::string_view key,
                    std::span<const std::string_view> arguments, std::string& to) const;
  void write_script(Script script, const Digests& digests, std::string_view key,
                    std::initializer_list<std::string_view> arguments, std::string& to) const {
    write_script(script, digests, key, std::span(arguments.begin(), arguments.size()), to);
  }
  void write_many(const GetMany& many, const Digests& digests, std::string& to) const;
  void write_changes(std::span<const Change> changes, bool together, std::string_view told, const Digests& digests,
                     std::string& to) const;
  void write_list(const List& list, const Digests& digests, std::string& to);
  void write_change(const ChangeCounter& change, const std::string& key, const Digests& digests, std::string& to) const;
  [[nodiscard]] Taken take_error(const Reply& reply);
  /// Nothing was changed, as the server's memory is full.
  [[nodiscard]] Answer all_full() const;
  [[nodiscard]] Taken take_pair(Reply& reply) const;
  [[nodiscard]] Taken take_many(Reply& reply) const;
  [[nodiscard]] Taken take_changes(Reply& reply) const;
  [[nodiscard]] Taken take_list(const List& list, Reply& reply);
  [[nodiscard]] Taken take_value(const Reply& reply) const;
  [[nodiscard]] Taken take_verdict(const Reply& reply);

  std::shared_ptr<Space> space_;
  std::unique_ptr<Request> request_;
  std::chrono::steady_clock::time_point since_;
  std::size_t bytes_;
  std::unique_ptr<Course> course_;
};

}  // namespace wasm_grpc::store::redis
