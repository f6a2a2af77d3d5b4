// What a module declares in wasm_grpc_start, and the health of its services.
#include <algorithm>

#include "abi/v1/binding.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::abi::v1 {

std::int32_t InstanceBinding::refuse(std::string_view path, std::string_view why) {
  if (refusal_.empty()) {
    refusal_ = "the declaration of method \"" + wasm::printable(path, wasm::most_of_name) +
               "\" was refused: " + std::string(why);
  }
  return INVALID;
}

std::int32_t InstanceBinding::method(std::string_view path, std::int32_t kind, std::int32_t style, std::int32_t tag) {
  if (step_ != Step::declare) return INVALID;
  if (path.size() > max_path_bytes) return refuse(path, "its path is longer than 1024 bytes");
  if (kind < 0 || kind > static_cast<std::int32_t>(rpc::MethodKind::http)) {
    return refuse(path, "its kind is " + std::to_string(kind) + "; a kind is 0 to 4");
  }
  if (kind == static_cast<std::int32_t>(rpc::MethodKind::http)) {
    if (!rpc::is_http_prefix(path)) return refuse(path, "a path of HTTP is / or /segment/segment");
  } else if (!rpc::parse_method_path(path)) {
    return refuse(path, "a path is /package.Service/Method");
  }
  if (style != 0 && style != 1) return refuse(path, "its style is " + std::to_string(style) + "; a style is 0 or 1");

  if (expected_ != nullptr) {
    const auto same = [&](const DeclaredMethod& known) {
      return known.path == path && static_cast<std::int32_t>(known.kind) == kind && known.tag == tag &&
             static_cast<std::int32_t>(known.style) == style;
    };
    if (next_expected_ < expected_->methods.size() && same(expected_->methods[next_expected_])) {
      ++next_expected_;
      return OK;
    }
    return refuse(path, "the module did not declare it so, or in this order, when it was loaded");
  }

  const auto same_path = [&](const DeclaredMethod& known) { return known.path == path; };
  if (std::any_of(declaration_.methods.begin(), declaration_.methods.end(), same_path)) {
    return refuse(path, "it was declared before");
  }
  if (declaration_.methods.size() >= max_methods) return refuse(path, "a module may declare 10000 methods");
  declaration_.methods.push_back(
      {std::string(path), static_cast<rpc::MethodKind>(kind), tag, static_cast<Style>(style)});
  return OK;
}

std::int32_t InstanceBinding::descriptors(std::span<const std::byte> set) {
  if (step_ != Step::declare) return INVALID;
  if (expected_ != nullptr) return OK;
  if (declaration_.descriptors.size() >= max_descriptor_sets) {
    if (refusal_.empty()) refusal_ = "it gives its descriptors in more than 1000 pieces";
    return INVALID;
  }
  std::size_t total = set.size();
  for (const std::string& other : declaration_.descriptors) total += other.size();
  if (total > max_descriptor_bytes) {
    if (refusal_.empty()) refusal_ = "its descriptors are larger than 4 MiB";
    return INVALID;
  }
  declaration_.descriptors.emplace_back(reinterpret_cast<const char*>(set.data()), set.size());
  return OK;
}

std::int32_t InstanceBinding::placement(std::int32_t where, std::string_view key) {
  if (step_ != Step::declare) return INVALID;
  const auto refuse_placement = [&](const std::string& why) {
    if (refusal_.empty()) refusal_ = "its placement was refused: " + why;
    return INVALID;
  };
  if (where < 0 || where > static_cast<std::int32_t>(Placement::key)) {
    return refuse_placement("it is " + std::to_string(where) + "; a placement is 0 to 2");
  }
  const auto placement = static_cast<Placement>(where);
  const bool is_name = key.size() <= rpc::max_response_metadata && rpc::is_valid_key(key);
  if (placement == Placement::key ? !is_name : !key.empty()) {
    return refuse_placement(placement == Placement::key
                                ? "\"" + wasm::printable(key, wasm::most_of_name) + "\" is no name of a request header"
                                : "only placement 2 has a header");
  }
  declaration_.placement = placement;
  declaration_.placement_key = key;
  return OK;
}

std::int32_t InstanceBinding::health_set(std::string_view service, std::int32_t serving) {
  if ((step_ != Step::declare && step_ != Step::ready) || (serving != 0 && serving != 1)) return INVALID;
  const auto& methods = declaration().methods;
  const auto of_service = [&](const DeclaredMethod& method) {
    return method.kind != rpc::MethodKind::http && rpc::parse_method_path(method.path)->service == service;
  };
  if (std::none_of(methods.begin(), methods.end(), of_service)) return ABSENT;
  if (step_ == Step::ready) {
    if (host_.health != nullptr) host_.health->set_serving(service, serving == 1);
  } else if (expected_ == nullptr) {
    declaration_.serving.insert_or_assign(std::string(service), serving == 1);
  }  // else an instance starts of a module whose health has gone on since it was loaded
  return OK;
}

}  // namespace wasm_grpc::abi::v1
