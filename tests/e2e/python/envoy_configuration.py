"""What Envoy is told: to pass what comes at a port on to a server, by HTTP/1.1 and HTTP/2 as it came, or to make gRPC of
gRPC-Web itself."""

import json


def typed(name: str, **fields) -> dict:
    return {"@type": f"type.googleapis.com/envoy.{name}", **fields}


def listener(port: int, cluster: str, filters: list[dict]) -> dict:
    manager = typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=cluster,
        codec_type="AUTO",
        route_config={
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}],
                }
            ]
        },
        http_filters=[*filters, {"name": "router", "typed_config": typed("extensions.filters.http.router.v3.Router")}],
    )
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {"name": f"to-{cluster}-{port}", "address": address, "filter_chains": [chain]}


def cluster(name: str, upstream: str, protocol: dict, **fields) -> dict:
    host, port = upstream.rsplit(":", 1)
    endpoint = {"address": {"socket_address": {"address": host, "port_value": int(port)}}}
    options = typed("extensions.upstreams.http.v3.HttpProtocolOptions", **protocol)
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        **fields,
    }


# By gRPC's own health service. Without no_traffic_interval one that is slow at the start counts as dead for a minute.
HEALTH = {
    "timeout": "5s",
    "interval": "1s",
    "no_traffic_interval": "1s",
    "unhealthy_threshold": 2,
    "healthy_threshold": 1,
    "grpc_health_check": {"service_name": ""},
}


def configuration(upstream: str, as_it_is: int, web_to_grpc: int) -> str:
    """As JSON, which YAML is too. What comes at the port `as_it_is` is passed on, at `web_to_grpc` made gRPC."""
    web = {"name": "web", "typed_config": typed("extensions.filters.http.grpc_web.v3.GrpcWeb")}
    by_grpc = {"explicit_http_config": {"http2_protocol_options": {}}}
    as_it_came = {"use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": {}}}
    healthy_only = {"healthy_panic_threshold": {"value": 0}}
    return json.dumps(
        {
            "static_resources": {
                "listeners": [listener(as_it_is, "as_it_is", []), listener(web_to_grpc, "grpc", [web])],
                "clusters": [
                    cluster("as_it_is", upstream, as_it_came),
                    cluster("grpc", upstream, by_grpc, health_checks=[HEALTH], common_lb_config=healthy_only),
                ],
            }
        }
    )
