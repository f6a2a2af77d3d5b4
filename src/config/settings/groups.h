// The groups of settings: a file each.
#pragma once

#include "config/setting.h"

namespace wasm_grpc::config {

extern const Group addresses;
extern const Group tls;
extern const Group access;
extern const Group workers;
extern const Group modules;
extern const Group registries;
extern const Group targets;
extern const Group guests;
extern const Group instances;
extern const Group shared_state;
extern const Group calls;
extern const Group clients;
extern const Group connections;
extern const Group logs;
extern const Group traces;
extern const Group metrics;
extern const Group admin;

}  // namespace wasm_grpc::config
