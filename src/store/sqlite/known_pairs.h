// What a writer knows of pairs in its file, so that a change of one need not look for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace wasm_grpc::store::sqlite {

/// A row of `pairs`, without its key and value.
struct KnownPair {
  std::int64_t id = 0;
  std::int64_t version = 0;
  std::int64_t bytes = 0;                    // what it counts for
  std::optional<std::int64_t> expires = {};  // nanoseconds since 1970
};

/// By space and key, of up to so many bytes; when there are more, all is forgotten. Used by one thread.
class KnownPairs {
 public:
  static constexpr std::size_t max_bytes = std::size_t{4} << 20;

  /// nullptr: not known. Valid until the next change.
  [[nodiscard]] const KnownPair* find(std::int64_t space, std::string_view key) const {
    const auto found = pairs_.find(Name{space, key});
    return found == pairs_.end() ? nullptr : &found->second;
  }
  void put(std::int64_t space, std::string_view key, const KnownPair& pair) {
    if (const auto found = pairs_.find(Name{space, key}); found != pairs_.end()) {
      found->second = pair;
      return;
    }
    if (bytes_ + size_of(key) > max_bytes) clear();
    pairs_.emplace(Key{space, std::string(key)}, pair);
    bytes_ += size_of(key);
  }
  void erase(std::int64_t space, std::string_view key) {
    const auto found = pairs_.find(Name{space, key});
    if (found == pairs_.end()) return;
    pairs_.erase(found);
    bytes_ -= size_of(key);
  }
  void clear() noexcept {
    pairs_.clear();
    bytes_ = 0;
  }

 private:
  struct Name {
    std::int64_t space;
    std::string_view key;
    [[nodiscard]] bool operator==(const Name&) const = default;
  };
  struct Key {
    std::int64_t space;
    std::string key;
    operator Name() const noexcept { return {space, key}; }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<std::string_view>()(name.key) ^ static_cast<std::size_t>(name.space);
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Name& one, const Name& other) const noexcept { return one == other; }
  };

  /// About what one takes.
  [[nodiscard]] static std::size_t size_of(std::string_view key) noexcept { return 128 + key.size(); }

  std::unordered_map<Key, KnownPair, Hash, Equal> pairs_;
  std::size_t bytes_ = 0;
};

}  // namespace wasm_grpc::store::sqlite
