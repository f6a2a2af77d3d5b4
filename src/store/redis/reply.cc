#include "store/redis/reply.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <charconv>
#include <new>
#include <utility>

namespace wasm_grpc::store::redis {

/// What the reader calls for each part of a reply. A part that may not be is nullptr, which breaks the reader.
struct ReplyParts {
  static ReplyReader& reader(const redisReadTask* task) { return *static_cast<ReplyReader*>(task->privdata); }

  /// The place of a part: in the list it belongs to, or one of its own.
  static Reply* place(const redisReadTask* task, std::size_t bytes) noexcept {
    std::size_t& left = reader(task).left_.bytes;
    if (left < bytes) return nullptr;
    left -= bytes;
    if (task->parent != nullptr)
      return &static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)];
    return new (std::nothrow) Reply;
  }
  static void give_back(const redisReadTask* task, Reply* reply) noexcept {
    if (task->parent == nullptr) delete reply;
  }

  static void* text(const redisReadTask* task, char* bytes, std::size_t size) noexcept {
    Reply* const reply = place(task, size);
    if (reply == nullptr) return nullptr;
    reply->kind = task->type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
    try {
      reply->text.assign(bytes, size);
    } catch (const std::bad_alloc&) {
      give_back(task, reply);
      return nullptr;
    }
    return reply;
  }
  template <typename Count>
  static void* list(const redisReadTask* task, Count count) noexcept {
    const auto parts = static_cast<std::size_t>(count);
    std::size_t& left = reader(task).left_.parts;
    if (parts > left) return nullptr;
    left -= parts;  // they take memory before they are there
    Reply* const reply = place(task, 0);
    if (reply == nullptr) return nullptr;
    reply->kind = Reply::Kind::list;
    try {
      reply->items.resize(parts);
    } catch (const std::bad_alloc&) {
      give_back(task, reply);
      return nullptr;
    }
    return reply;
  }
  static void* number(const redisReadTask* task, long long value) noexcept {
    Reply* const reply = place(task, 0);
    if (reply == nullptr) return nullptr;
    reply->kind = Reply::Kind::number;
    reply->number = value;
    return reply;
  }
  static void* nothing(const redisReadTask* task) noexcept { return place(task, 0); }
  static void free(void* reply) noexcept { delete static_cast<Reply*>(reply); }
#if HIREDIS_MAJOR >= 1
  // Of RESP3, which is not asked for.
  static void* real(const redisReadTask*, double, char*, std::size_t) noexcept { return nullptr; }
  static void* truth(const redisReadTask*, int) noexcept { return nullptr; }
#endif
};

namespace {

constexpr std::size_t max_line = std::size_t{64} << 10;
constexpr std::size_t max_length_line = 32;
constexpr std::size_t kept_buffer = std::size_t{1} << 20;

redisReplyObjectFunctions* parts() {
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions made{};
    made.createString = ReplyParts::text;
    made.createArray = ReplyParts::list;
    made.createInteger = ReplyParts::number;
    made.createNil = ReplyParts::nothing;
    made.freeObject = ReplyParts::free;
#if HIREDIS_MAJOR >= 1
    made.createDouble = ReplyParts::real;
    made.createBool = ReplyParts::truth;
#endif
    return made;
  }();
  return &functions;
}

}  // namespace

bool Reply::is_error(std::string_view word) const noexcept {
  return kind == Kind::error && text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
}

void ReplyReader::Free::operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }

ReplyReader::ReplyReader(std::size_t max_bytes)
    : max_bytes_(max_bytes), left_{max_bytes, max_parts}, reader_(redisReaderCreateWithFunctions(parts())) {
  if (reader_ == nullptr) throw std::bad_alloc();
  reader_->privdata = this;
  reader_->maxbuf = kept_buffer;
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  if (!broken_) plain_ = bytes;
}

std::optional<Reply> ReplyReader::take_plain() {
  // Of numbers that fit into 64 bits whichever they are; longer ones are left to the reader.
  constexpr std::size_t most_line = 1 + 18 + 2;
  constexpr std::string_view end_of_line = "\r\n";
  if (plain_.size() < 4 || (plain_[0] != '$' && plain_[0] != ':')) return std::nullopt;
  const std::size_t line = plain_.substr(0, most_line).find(end_of_line);
  if (line == std::string_view::npos || (plain_[1] == '0' && line > 2)) return std::nullopt;
  const char* const end = plain_.data() + line;
  std::uint64_t number = 0;
  const auto read = std::from_chars(plain_.data() + 1, end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  const std::string_view rest = plain_.substr(line + end_of_line.size());
  Reply reply;
  if (plain_[0] == ':') {
    reply.kind = Reply::Kind::number;
    reply.number = static_cast<std::int64_t>(number);
    plain_ = rest;
    return reply;
  }
  if (number > max_bytes_ || rest.size() < number + end_of_line.size() || rest.substr(number, 2) != end_of_line) {
    return std::nullopt;
  }
  reply.kind = Reply::Kind::text;
  reply.text = rest.substr(0, number);
  plain_ = rest.substr(number + end_of_line.size());
  return reply;
}

std::optional<Reply> ReplyReader::next() {
  if (broken_) return std::nullopt;
  if (!in_reader_) {
    if (auto reply = take_plain()) return reply;
  }
  if (!plain_.empty()) {
    in_reader_ = true;
    if (redisReaderFeed(reader_.get(), plain_.data(), plain_.size()) != REDIS_OK) {
      broken_ = reader_->errstr;
      return std::nullopt;
    }
    plain_ = {};
  }
  void* found = nullptr;
  if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) {
    broken_ = reader_->err == REDIS_ERR_OOM ? "a reply that is larger than it may be" : reader_->errstr;
    return std::nullopt;
  }
  if (found == nullptr) {
    check_rest();
    return std::nullopt;
  }
  in_reader_ = reader_->pos < reader_->len;
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(found));
  left_ = {max_bytes_, max_parts};
  return std::move(*reply);
}

void ReplyReader::check_rest() {
  const std::string_view rest(reader_->buf + reader_->pos, reader_->len - reader_->pos);
  if (rest.empty()) {
    in_reader_ = reader_->ridx >= 0;
    return;
  }
  // Of the part that is being read its first letter is gone, once it is known what it is.
  const int type = reader_->ridx >= 0 ? reader_->rstack[reader_->ridx].type : -1;
  const bool has_length = type == REDIS_REPLY_STRING || type == REDIS_REPLY_ARRAY;
  const std::size_t line = has_length ? max_length_line : max_line;
  if (rest.substr(0, line).find('\n') == std::string_view::npos && rest.size() >= line) {
    broken_ = "a line that does not end";
  } else if (rest.size() > left_.bytes + max_line) {
    broken_ = "a reply that is larger than it may be";
  }
}

}  // namespace wasm_grpc::store::redis
