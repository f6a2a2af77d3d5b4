#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr std::string_view client_auths[] = {"require", "request"};

constexpr Setting settings[] = {
    {.table = "tls",
     .key = "cert",
     .kind = Kind::paths,
     .argument = "FILE",
     .help = "The server's TLS certificate and its chain, PEM; again for other names, each with a --tls-key",
     .docs =
         "the server's certificate, followed by its chain, PEM; may be given more than once. The files are looked at "
         "again as clients connect ([TLS](operate.md#tls))",
     .config = slot<Config, [](auto& config) -> auto& { return config.tls.certificates; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.tls.certificates; }>()},
    {.table = "tls",
     .key = "key",
     .kind = Kind::paths,
     .argument = "FILE",
     .help = "The private key of --tls-cert, PEM, in the same order",
     .docs = "its private key, PEM, without a passphrase; one for each certificate, in the same order",
     .config = slot<Config, [](auto& config) -> auto& { return config.tls.keys; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.tls.keys; }>()},
    {.table = "tls",
     .key = "client-ca",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Who signs the certificates of clients",
     .docs = "clients must show a certificate that one of these authorities signed; an authority below a root does "
             "without the root",
     .config = slot<Config, [](auto& config) -> auto& { return config.tls.client_ca; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.tls.client_ca; }>()},
    {.table = "tls",
     .key = "client-auth",
     .kind = Kind::choice,
     .choices = client_auths,
     .argument = "HOW",
     .help = "Whether clients must show a certificate of --tls-client-ca: require or request",
     .docs = "with `request`, a client without a certificate is served too; a bad one is refused",
     .config = slot<Config, [](auto& config) -> auto& { return config.tls.client_auth; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.tls.client_auth; }>()},
};

}  // namespace

constinit const Group tls = {"TLS",
                             "More in [TLS](operate.md#tls). A `[[listen]]` that says any of it has all of its TLS of "
                             "its own.",
                             settings};

}  // namespace wasm_grpc::config
