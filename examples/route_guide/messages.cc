#include "messages.h"

namespace routeguide {

using namespace wasm_grpc::guest;

bool parse(wire::Reader in, Point& point) {
  while (in.next()) {
    switch (in.tag()) {
      case wire::varint_tag(1):
        point.latitude = in.int32();
        break;
      case wire::varint_tag(2):
        point.longitude = in.int32();
        break;
    }
  }
  return in.ok();
}

bool parse(wire::Reader in, Rectangle& rectangle) {
  while (in.next()) {
    switch (in.tag()) {
      case wire::bytes_tag(1):
        if (!parse(in.message(), rectangle.lo)) return false;
        break;
      case wire::bytes_tag(2):
        if (!parse(in.message(), rectangle.hi)) return false;
        break;
    }
  }
  return in.ok();
}

bool parse(wire::Reader in, RouteNote& note) {
  while (in.next()) {
    switch (in.tag()) {
      case wire::bytes_tag(1):
        if (!parse(in.message(), note.location)) return false;
        break;
      case wire::bytes_tag(2):
        note.message = in.text();
        break;
    }
  }
  return in.ok();
}

namespace {

void write(wire::Writer& out, const Point& point) {
  if (point.latitude != 0) out.int32(1, point.latitude);
  if (point.longitude != 0) out.int32(2, point.longitude);
}

}  // namespace

Bytes serialize(const Feature& feature, std::string& out) {
  wire::Writer writer(out);
  if (!feature.name.empty()) writer.text(1, feature.name);
  writer.message(2, [&](wire::Writer& nested) { write(nested, feature.location); });
  return out;
}

Bytes serialize(const RouteNote& note, std::string& out) {
  wire::Writer writer(out);
  writer.message(1, [&](wire::Writer& nested) { write(nested, note.location); });
  if (!note.message.empty()) writer.text(2, note.message);
  return out;
}

Bytes serialize(const RouteSummary& summary, std::string& out) {
  wire::Writer writer(out);
  if (summary.point_count != 0) writer.int32(1, summary.point_count);
  if (summary.feature_count != 0) writer.int32(2, summary.feature_count);
  if (summary.distance != 0) writer.int32(3, summary.distance);
  if (summary.elapsed_time != 0) writer.int32(4, summary.elapsed_time);
  return out;
}

}  // namespace routeguide
