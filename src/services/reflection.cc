#include "services/reflection.h"

#include "rpc/utf8.h"
#include "services/reflection_messages.pb.h"

namespace wasm_grpc::services {

namespace {

using reflection::ServerReflectionRequest;
using reflection::ServerReflectionResponse;

/// The fields of a request are UTF-8, as those of an answer must be.
bool is_text(const ServerReflectionRequest& request) {
  for (const std::string* text : {&request.host(), &request.file_by_filename(), &request.file_containing_symbol(),
                                  &request.file_containing_extension().containing_type(),
                                  &request.all_extension_numbers_of_type(), &request.list_services()}) {
    if (!rpc::is_utf8(*text)) return false;
  }
  return true;
}

void fail(ServerReflectionResponse& response, rpc::StatusCode code, std::string message) {
  response.mutable_error_response()->set_error_code(static_cast<int>(code));
  response.mutable_error_response()->set_error_message(std::move(message));
}

void give_files(ServerReflectionResponse& response, const std::optional<Catalog::Found>& found,
                const std::string& what) {
  if (!found) return fail(response, rpc::StatusCode::not_found, "there is no " + what);
  auto* files = response.mutable_file_descriptor_response();
  for (const std::string_view bytes : found->files->with_imports(found->file)) {
    files->add_file_descriptor_proto(bytes.data(), bytes.size());
  }
}

void give_extension_numbers(ServerReflectionResponse& response, const Catalog& catalog, const std::string& type) {
  const auto numbers = catalog.extension_numbers(type);
  if (!numbers) return fail(response, rpc::StatusCode::not_found, "there is no message type \"" + type + "\"");
  auto* extensions = response.mutable_all_extension_numbers_response();
  extensions->set_base_type_name(type);
  extensions->mutable_extension_number()->Add(numbers->begin(), numbers->end());
}

}  // namespace

std::optional<std::string> reflect(const Catalog& catalog, std::span<const std::byte> message) {
  ServerReflectionRequest request;
  if (!request.ParseFromArray(message.data(), static_cast<int>(message.size())) || !is_text(request)) {
    return std::nullopt;
  }
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      give_files(response, catalog.file(request.file_by_filename()), "file \"" + request.file_by_filename() + "\"");
      break;
    case ServerReflectionRequest::kFileContainingSymbol: {
      const std::string& symbol = request.file_containing_symbol();
      give_files(response, catalog.file_of_symbol(symbol), "description of \"" + symbol + "\"");
      break;
    }
    case ServerReflectionRequest::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      give_files(
          response, catalog.file_of_extension(extension.containing_type(), extension.extension_number()),
          "extension " + std::to_string(extension.extension_number()) + " of \"" + extension.containing_type() + "\"");
      break;
    }
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      give_extension_numbers(response, catalog, request.all_extension_numbers_of_type());
      break;
    case ServerReflectionRequest::kListServices: {
      auto* list = response.mutable_list_services_response();
      for (std::string& name : catalog.services()) list->add_service()->set_name(std::move(name));
      break;
    }
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      fail(response, rpc::StatusCode::invalid_argument, "the request asks for nothing this server knows");
      break;
  }
  return response.SerializeAsString();
}

void ReflectionHandler::start(rpc::Call& call) noexcept {
  call.set_listener(this);
  call.retain();
  answer(call);
}

void ReflectionHandler::answer(rpc::Call& call) noexcept {
  rpc::Status status;
  while (!call.cancelled() && call.writable()) {
    const auto request = call.message();
    if (!request) {
      if (!call.requests_ended() && !call.cancelled()) return;
      break;
    }
    try {
      const auto response = reflect(*current_, *request);
      if (!response) status = {rpc::StatusCode::invalid_argument, "not a ServerReflectionRequest"};
      call.pop_message();
      if (response && call.send(std::as_bytes(std::span(*response))) == rpc::SendResult::ok) continue;
    } catch (...) {
      status = {rpc::StatusCode::internal, "the description could not be put together"};
    }
    break;
  }
  if (!call.cancelled() && !call.writable()) return;  // on_writable() goes on
  call.set_listener(nullptr);
  call.finish(std::move(status));
  call.release();
}

}  // namespace wasm_grpc::services
