// What a server of Redis answers, read within bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace wasm_grpc::store::redis {

/// A reply, or a part of one.
struct Reply {
  enum class Kind : std::uint8_t { nothing, number, text, error, list };
  Kind kind = Kind::nothing;
  std::int64_t number = 0;
  std::string text = {};  // also of an error
  std::vector<Reply> items = {};

  [[nodiscard]] bool is(Kind other) const noexcept { return kind == other; }
  /// True for an error that begins with that word: "NOSCRIPT".
  [[nodiscard]] bool is_error(std::string_view word) const noexcept;
};

/// Makes replies of bytes (RESP2). What is not, or is larger than it may be, breaks it for good.
class ReplyReader {
 public:
  /// Of one reply, over all its parts.
  static constexpr std::size_t max_parts = std::size_t{1} << 16;

  /// `max_bytes`: of one reply.
  explicit ReplyReader(std::size_t max_bytes);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  /// Takes bytes that have come: to be followed by next() until that has none. They must stay until then.
  void feed(std::string_view bytes);
  /// The next whole reply, if it is there.
  [[nodiscard]] std::optional<Reply> next();
  /// What was wrong; nothing while all is well.
  [[nodiscard]] const std::optional<std::string>& broken() const noexcept { return broken_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };

  /// A reply that is a text or a number, and has come as a whole: most are. Nothing, and all stays as it is, for what
  /// is not as plain as that.
  [[nodiscard]] std::optional<Reply> take_plain();
  /// Whether what waits for its rest is within bounds: the reader itself would wait for any length.
  void check_rest();

  struct Spent {
    std::size_t bytes = 0;
    std::size_t parts = 0;
  };

  const std::size_t max_bytes_;
  Spent left_;              // of the reply that is being read
  std::string_view plain_;  // what has come and the reader has not been given
  bool in_reader_ = false;  // it has a part of a reply
  std::unique_ptr<redisReader, Free> reader_;
  std::optional<std::string> broken_;

  friend struct ReplyParts;
};

}  // namespace wasm_grpc::store::redis
