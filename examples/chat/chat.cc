// chat.Chat (chat.proto): one instance in the process knows all rooms.
//
// What is said in a room is written to all its members at once, by the coroutine of the one who says it. A member who
// does not read fast enough to take it is dropped, rather than that others wait or a queue grows: between it and us are
// 64 KiB of ours and what HTTP/2 keeps for a client.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chat.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace chat;

namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t max_text_bytes = 4096;
constexpr std::size_t max_rooms = 10'000;
constexpr std::size_t max_members = 10'000;

struct Member {
  explicit Member(OutStream<Event>& stream) : out(stream) {}
  OutStream<Event>& out;
  bool too_slow = false;
  Condition dropped;
};

class Room {
 public:
  /// Tells all but `speaker`, which may be null.
  void tell(const Event& event, const Member* speaker) {
    const Encoded<Event> encoded(event);
    for (auto& [name, member] : members) {
      if (member == speaker || member->too_slow || member->out.try_write(encoded)) continue;
      member->too_slow = true;
      member->dropped.notify_all();
    }
  }
  [[nodiscard]] Members names() const {
    Members all;
    for (const auto& [name, member] : members) all.names.push_back(name);
    return all;
  }

  std::map<std::string, Member*> members;
};

using Rooms = std::map<std::string, Room>;

/// Somebody's being in a room, from construction to destruction.
class Seat {
 public:
  Seat(Rooms& rooms, const Enter& enter, Member& member)
      : rooms_(rooms), room_(rooms.try_emplace(enter.room).first), name_(enter.name), member_(&member) {
    Event entered;
    entered.set_entered(name_);
    room().tell(entered, nullptr);
    room().members.emplace(name_, member_);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() {
    room().members.erase(name_);
    if (room().members.empty()) {
      rooms_.erase(room_);
      return;
    }
    Event left;
    left.set_left(name_);
    room().tell(left, nullptr);
  }

  void say(const std::string& text) const {
    Event event;
    event.set_said({.name = name_, .text = text});
    room().tell(event, member_);
  }

 private:
  [[nodiscard]] Room& room() const { return room_->second; }

  Rooms& rooms_;
  Rooms::iterator room_;
  std::string name_;
  Member* member_;
};

/// ALREADY_EXISTS, with those who are there as a detail (google.rpc.Status), so that a program can choose another name.
Status name_taken(const Enter& enter, const Members& members) {
  const std::string message = "there is a " + enter.name + " in " + enter.room;
  const Encoded<NamesTaken> taken(NamesTaken{.names = members.names});
  std::string details;
  wire::Writer(details)
      .uint32(1, static_cast<std::uint32_t>(StatusCode::already_exists))
      .text(2, message)
      .message(3,
               [&](wire::Writer& any) { any.text(1, "type.googleapis.com/chat.NamesTaken").bytes(2, taken.bytes()); });
  return Status::already_exists(message).with_details(std::move(details));
}

Status check_text(const std::string& text) {
  if (text.size() <= max_text_bytes) return Status::ok();
  return Status::invalid_argument("that is more than 4096 bytes");
}

Status check_name(const char* what, const std::string& name) {
  if (!name.empty() && name.size() <= max_name_bytes) return Status::ok();
  return Status::invalid_argument(std::string("the name of a ") + what + " has 1 to 64 bytes; this one has " +
                                  std::to_string(name.size()));
}

class ChatRooms : public Chat::Async {
 public:
  Task<Status> Join(Context&, Stream<Request, Event>& stream) override {
    const Request* const first = co_await stream.read();
    if (first == nullptr) co_return Status::ok();
    if (first->enter() == nullptr) co_return Status::failed_precondition("the first request enters a room");
    const Enter enter = *first->enter();
    if (Status bad = check_entry(enter); !bad.is_ok()) co_return bad;

    Member member(stream);
    welcome(enter, member);
    const Seat seat(rooms_, enter, member);
    for (;;) {
      if (member.too_slow) co_return too_slow();
      if (co_await select(stream.readable(), member.dropped.wait()) == 1) continue;
      const Request* const request = co_await stream.read();
      if (request == nullptr) co_return Status::ok();
      if (request->say() == nullptr) co_return Status::failed_precondition("you are in a room already");
      if (Status bad = check_text(*request->say()); !bad.is_ok()) co_return bad;
      seat.say(*request->say());
    }
  }

  Task<Status> Listen(Context&, const Enter& enter, OutStream<Event>& out) override {
    if (Status bad = check_entry(enter); !bad.is_ok()) co_return bad;
    Member member(out);
    welcome(enter, member);
    const Seat seat(rooms_, enter, member);
    while (!member.too_slow) co_await member.dropped.wait();
    co_return too_slow();
  }

  Task<Result<Members>> Say(Context&, const Speech& speech) override {
    if (Status bad = check_text(speech.text); !bad.is_ok()) co_return bad;
    const auto room = rooms_.find(speech.room);
    const bool is_there = room != rooms_.end() && room->second.members.contains(speech.name);
    if (!is_there) co_return Status::failed_precondition("there is no " + speech.name + " in " + speech.room);
    const Member* const speaker = room->second.members.at(speech.name);
    Event event;
    event.set_said({.name = speech.name, .text = speech.text});
    room->second.tell(event, speaker);
    Members told = room->second.names();
    std::erase(told.names, speech.name);
    co_return told;
  }

  Task<Result<Members>> Who(Context&, const WhoRequest& request) override { co_return members_of(request.room); }

 private:
  [[nodiscard]] Status check_entry(const Enter& enter) const {
    if (Status bad = check_name("room", enter.room); !bad.is_ok()) return bad;
    if (Status bad = check_name("member", enter.name); !bad.is_ok()) return bad;
    const auto room = rooms_.find(enter.room);
    if (room == rooms_.end()) {
      return rooms_.size() < max_rooms ? Status::ok() : Status::resource_exhausted("there are 10000 rooms already");
    }
    if (room->second.members.contains(enter.name)) {
      return name_taken(enter, room->second.names());
    }
    if (room->second.members.size() >= max_members) return Status::resource_exhausted("the room is full");
    return Status::ok();
  }
  /// Without waiting: it is to come before what others say from now on.
  void welcome(const Enter& enter, Member& member) const {
    Event event;
    event.set_welcome(members_of(enter.room));
    member.too_slow = !member.out.try_write(event);
  }
  [[nodiscard]] static Status too_slow() { return Status::resource_exhausted("you read too slowly for this room"); }
  [[nodiscard]] Members members_of(const std::string& room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? Members() : found->second.names();
  }

  Rooms rooms_;
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.place_in_process();
  registry.serve<ChatRooms>();
}
