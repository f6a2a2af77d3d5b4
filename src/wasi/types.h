// The types of WASI preview 1 as they lie in a guest's memory, from wasi_snapshot_preview1.witx. All are little-endian,
// like every host this builds for, so they are copied as they are. The assertions are the witx's sizes and offsets.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace wasm_grpc::wasi {

static_assert(std::endian::native == std::endian::little, "guest memory is little-endian");

using Timestamp = std::uint64_t;  // nanoseconds

enum class ClockId : std::uint32_t { realtime = 0, monotonic = 1, process_cpu_time = 2, thread_cpu_time = 3 };

enum class FileType : std::uint8_t {
  unknown = 0,
  block_device = 1,
  character_device = 2,
  directory = 3,
  regular_file = 4,
  socket_dgram = 5,
  socket_stream = 6,
  symbolic_link = 7,
};

/// What may be done with a file descriptor.
using Rights = std::uint64_t;
namespace right {
inline constexpr Rights fd_datasync = 1U << 0;
inline constexpr Rights fd_read = 1U << 1;
inline constexpr Rights fd_seek = 1U << 2;
inline constexpr Rights fd_fdstat_set_flags = 1U << 3;
inline constexpr Rights fd_sync = 1U << 4;
inline constexpr Rights fd_tell = 1U << 5;
inline constexpr Rights fd_write = 1U << 6;
inline constexpr Rights fd_advise = 1U << 7;
inline constexpr Rights fd_allocate = 1U << 8;
inline constexpr Rights path_create_directory = 1U << 9;
inline constexpr Rights path_create_file = 1U << 10;
inline constexpr Rights path_link_source = 1U << 11;
inline constexpr Rights path_link_target = 1U << 12;
inline constexpr Rights path_open = 1U << 13;
inline constexpr Rights fd_readdir = 1U << 14;
inline constexpr Rights path_readlink = 1U << 15;
inline constexpr Rights path_rename_source = 1U << 16;
inline constexpr Rights path_rename_target = 1U << 17;
inline constexpr Rights path_filestat_get = 1U << 18;
inline constexpr Rights path_filestat_set_size = 1U << 19;
inline constexpr Rights path_filestat_set_times = 1U << 20;
inline constexpr Rights fd_filestat_get = 1U << 21;
inline constexpr Rights fd_filestat_set_size = 1U << 22;
inline constexpr Rights fd_filestat_set_times = 1U << 23;
inline constexpr Rights path_symlink = 1U << 24;
inline constexpr Rights path_remove_directory = 1U << 25;
inline constexpr Rights path_unlink_file = 1U << 26;
inline constexpr Rights poll_fd_readwrite = 1U << 27;
}  // namespace right

namespace fd_flag {
inline constexpr std::uint16_t append = 1 << 0;
inline constexpr std::uint16_t dsync = 1 << 1;
inline constexpr std::uint16_t nonblock = 1 << 2;
inline constexpr std::uint16_t rsync = 1 << 3;
inline constexpr std::uint16_t sync = 1 << 4;
inline constexpr std::uint16_t all = 31;
}  // namespace fd_flag

namespace open_flag {
inline constexpr std::uint32_t create = 1 << 0;
inline constexpr std::uint32_t directory = 1 << 1;
inline constexpr std::uint32_t exclusive = 1 << 2;
inline constexpr std::uint32_t truncate = 1 << 3;
inline constexpr std::uint32_t all = 15;
}  // namespace open_flag

namespace lookup_flag {
inline constexpr std::uint32_t symlink_follow = 1 << 0;
}

namespace time_flag {
inline constexpr std::uint32_t access = 1 << 0;
inline constexpr std::uint32_t access_now = 1 << 1;
inline constexpr std::uint32_t modification = 1 << 2;
inline constexpr std::uint32_t modification_now = 1 << 3;
inline constexpr std::uint32_t all = 15;
}  // namespace time_flag

/// A piece of guest memory to read into or write from.
struct IoVec {
  std::uint32_t pointer;
  std::uint32_t length;
};
static_assert(sizeof(IoVec) == 8);

struct FdStat {
  FileType type{};
  std::uint8_t padding0 = 0;
  std::uint16_t flags = 0;
  std::uint32_t padding1 = 0;
  Rights rights_base = 0;
  Rights rights_inheriting = 0;
};
static_assert(sizeof(FdStat) == 24 && offsetof(FdStat, flags) == 2 && offsetof(FdStat, rights_base) == 8 &&
              offsetof(FdStat, rights_inheriting) == 16);

struct FileStat {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  FileType type{};
  std::uint8_t padding[7] = {};
  std::uint64_t link_count = 0;
  std::uint64_t size = 0;
  Timestamp access_time = 0;
  Timestamp modification_time = 0;
  Timestamp change_time = 0;
};
static_assert(sizeof(FileStat) == 64 && offsetof(FileStat, type) == 16 && offsetof(FileStat, link_count) == 24 &&
              offsetof(FileStat, size) == 32 && offsetof(FileStat, access_time) == 40 &&
              offsetof(FileStat, change_time) == 56);

/// Of a preopened directory; there is no other kind.
struct PreStat {
  std::uint8_t tag = 0;
  std::uint8_t padding[3] = {};
  std::uint32_t name_length = 0;
};
static_assert(sizeof(PreStat) == 8 && offsetof(PreStat, name_length) == 4);

/// What fd_readdir writes before each name.
struct DirectoryEntry {
  std::uint64_t next = 0;
  std::uint64_t inode = 0;
  std::uint32_t name_length = 0;
  FileType type{};
  std::uint8_t padding[3] = {};
};
static_assert(sizeof(DirectoryEntry) == 24 && offsetof(DirectoryEntry, name_length) == 16 &&
              offsetof(DirectoryEntry, type) == 20);

enum class EventType : std::uint8_t { clock = 0, fd_read = 1, fd_write = 2 };

struct ClockSubscription {
  std::uint32_t id;
  std::uint32_t padding0;
  Timestamp timeout;
  Timestamp precision;
  std::uint16_t flags;  // 1: timeout is absolute
  std::uint8_t padding1[6];
};
static_assert(sizeof(ClockSubscription) == 32 && offsetof(ClockSubscription, timeout) == 8 &&
              offsetof(ClockSubscription, flags) == 24);
inline constexpr std::uint16_t subscription_absolute = 1;

struct Subscription {
  std::uint64_t userdata;
  EventType type;
  std::uint8_t padding[7];
  union {
    ClockSubscription clock;
    std::uint32_t fd;
  };
};
static_assert(sizeof(Subscription) == 48 && offsetof(Subscription, type) == 8 && offsetof(Subscription, clock) == 16);

struct Event {
  std::uint64_t userdata = 0;
  std::uint16_t error = 0;
  EventType type{};
  std::uint8_t padding0[5] = {};
  std::uint64_t available = 0;  // bytes that can be read or written at once
  std::uint16_t flags = 0;      // 1: the other side is gone
  std::uint8_t padding1[6] = {};
};
static_assert(sizeof(Event) == 32 && offsetof(Event, error) == 8 && offsetof(Event, type) == 10 &&
              offsetof(Event, available) == 16 && offsetof(Event, flags) == 24);
inline constexpr std::uint16_t event_hangup = 1;

}  // namespace wasm_grpc::wasi
